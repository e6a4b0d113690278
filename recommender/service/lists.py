"""Lists: for a known user, and after an anonymous session."""

from collections.abc import Sequence

from fastapi import APIRouter

from kgrec.errors import Unknown
from recommender.likes import Liked, not_understood
from recommender.recommend import Recommendation, listed
from recommender.service.bodies import K, Likes, Session, UserId
from recommender.service.graph import AwayError
from recommender.service.loaded import Loaded
from recommender.service.most_chosen import most_chosen
from recommender.service.schemas import FromLikes, Item, Recommended, Understood
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["recommendations"])


@routes.get("/users/{user_id:path}/recommendations")
async def to_user(service: Served, user_id: UserId, k: K = 10) -> Recommended:
    """Recommend unseen items to a known user, from everything that the user did until now.

    While the graph is away, nobody can tell whether a user who is not in memory is known: the list then has what most
    users chose, no persona, and `degraded`.
    """

    def recommend(loaded: Loaded) -> Sequence[Recommendation]:
        try:
            return loaded.recommender.for_users([user_id], k)
        except AwayError:
            return most_chosen(loaded, user_id, k)

    found, degraded = await service.answer(recommend)
    return answered(found, degraded)


@routes.post("/sessions/recommendations")
async def after_session(service: Served, session: Session) -> Recommended:
    """Recommend after an anonymous session. Items that nobody knows are passed over, and named."""

    def recommend(loaded: Loaded) -> tuple[Sequence[Recommendation], list[str]]:
        found = loaded.recommender.for_session(session.items, session.k)
        return found, loaded.recommender.passed_over(session.items)

    (found, passed_over), degraded = await service.answer(recommend)
    return answered(found, degraded, passed_over)


@routes.post("/cold-start/recommendations")
async def from_likes(service: Served, asked: Likes) -> FromLikes:
    """Recommend to somebody of whom nothing is known but what is liked, and tell what was understood."""

    def recommend(loaded: Loaded) -> tuple[Sequence[Recommendation], list[Liked]]:
        understood = loaded.recommender.understood(asked.likes)
        if not understood and loaded.graph.away:  # which knows more names than memory does
            return most_chosen(loaded, "likes", asked.k), []
        if not understood:
            raise Unknown(f"Nothing in the graph is told by {listed('like', asked.likes)}.")
        return loaded.recommender.for_likes(asked.likes, asked.k), understood

    (found, liked), degraded = await service.answer(recommend)
    return FromLikes(
        **answered(found, degraded).model_dump(),
        understood=[Understood(**one.answer()) for one in liked],
        not_understood=not_understood(asked.likes, liked),
    )


def answered(found: Sequence[Recommendation], degraded: bool, passed_over: Sequence[str] = ()) -> Recommended:
    """Put a list into the words of the service."""
    items = [
        Item(
            rank=one.rank,
            item_id=one.item_id,
            title=one.title,
            score=one.score,
            retrieved=one.retrieved,
            reason=one.reason,
        )
        for one in found
    ]
    persona = found[0].persona if found else ""
    return Recommended(persona=persona, items=items, passed_over=list(passed_over), degraded=degraded)
