"""Users by the beginnings of their ids."""

from typing import Annotated

from fastapi import APIRouter, Query

from recommender.service.bodies import MOST
from recommender.service.schemas import FoundUsers
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["users"])


@routes.get("/users")
async def search(
    service: Served,
    starts: Annotated[str, Query(max_length=256, description="How the ids begin.", examples=["A2S"])] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, examples=[10])] = 10,
) -> FoundUsers:
    """Find users whose id begins so, in the order of their ids."""
    rows, _ = await service.answer(lambda loaded: loaded.graph.read("serve/users", starts=starts, limit=limit))
    return FoundUsers(users=[row["user_id"] for row in rows])
