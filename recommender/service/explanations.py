"""Why an item is on a list."""

from fastapi import APIRouter

from kgrec.errors import Unknown
from recommender.explained import Explanation
from recommender.recommend import Recommendation
from recommender.service.bodies import ItemId, SessionAndItem, UserId
from recommender.service.loaded import Loaded
from recommender.service.schemas import Explained
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["explanations"])


@routes.get("/users/{user_id:path}/explanations/{item_id:path}")
async def to_user(service: Served, user_id: UserId, item_id: ItemId) -> Explained:
    """Tell what the score of an item is made of for a known user, and what of the history carries most of it.

    Each item of the history is taken away and everything is scored again: it takes as long as so many lists.
    """
    explanation, degraded = await service.answer(lambda loaded: _explain(loaded, user_id, item_id))
    return Explained(explanation=explanation, degraded=degraded)


@routes.post("/sessions/explanations")
async def after_session(service: Served, asked: SessionAndItem) -> Explained:
    """Tell the same of an item that is recommended after an anonymous session."""
    explanation, degraded = await service.answer(lambda loaded: _explain(loaded, "session", asked.item_id, asked.items))
    return Explained(explanation=explanation, degraded=degraded)


def _explain(loaded: Loaded, user_id: str, item_id: str, session: list[str] | None = None) -> Explanation:
    recommender = loaded.recommender
    if item_id not in recommender.snapshot.number:
        raise Unknown(f"The graph has no item {item_id!r}.")
    line = Recommendation(user_id, 0, item_id, "", 0.0, 0, "", "")  # only whose and which item count
    found = recommender.explain([line], session)
    if not found:
        whom = f"user {user_id!r}" if session is None else "this session"
        raise Unknown(f"Item {item_id!r} is not among what could be recommended to {whom}.")
    return found[0]
