"""Items by their titles."""

from typing import Annotated

from fastapi import APIRouter, Query

from recommender.service.bodies import MOST, NOT_BLANK
from recommender.service.schemas import Found, FoundItems
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["items"])


@routes.get("/items")
async def search(
    service: Served,
    title: Annotated[
        str, Query(min_length=1, max_length=200, pattern=NOT_BLANK, description="Words of it.", examples=["salt road"])
    ],
    limit: Annotated[int, Query(ge=1, le=MOST, examples=[20])] = 20,
) -> FoundItems:
    """Find the items whose title has every one of these words, or parts of words; the most chosen first."""
    found, _ = await service.answer(lambda loaded: loaded.titles.search(title, limit))
    return FoundItems(items=[Found(item_id=item_id, title=text, chosen=n) for item_id, text, n in found])
