"""Links into Neo4j Browser, with a ready query in its editor."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from kgrec.errors import Unknown
from kgrec.explore.browser import Browser, query_text
from kgrec.explore.queries import queries
from kgrec.settings import Neo4jSettings
from recommender.service.bodies import Id, ItemId, PersonaId, UserId
from recommender.service.schemas import Link
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["neo4j browser"])


def _neo4j(request: Request) -> Neo4jSettings:
    settings: Neo4jSettings = request.app.state.neo4j
    return settings


@routes.get("/browser/{query}")
async def link(
    service: Served,
    neo4j: Annotated[Neo4jSettings, Depends(_neo4j)],
    query: Annotated[Id, Field(examples=["why-item-picture"])],
    user_id: UserId | None = None,
    item_id: ItemId | None = None,
    persona_id: PersonaId | None = None,
) -> Link:
    """Give the link that opens Neo4j Browser with one of the queries of `kgrec explore`, the values typed in.

    It holds no password. A value that the query does not take is left out.
    """
    if query not in queries():
        raise Unknown(f"There is no query {query!r}: `kgrec explore` lists them.")
    given = {"user_id": user_id, "item_id": item_id, "persona_id": persona_id}
    text = query_text(query, {key: value for key, value in given.items() if value is not None})
    browser, _ = await service.answer(lambda _: Browser(neo4j))
    return Link(link=browser.link(text), told=browser.told)
