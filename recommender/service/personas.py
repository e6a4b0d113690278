"""The personas, and what they are to a user."""

from contextlib import suppress

from fastapi import APIRouter

from kgrec.errors import KgrecError, Unknown
from kgrec.personas.cards import PersonaCard, persona_cards
from kgrec.personas.places import places
from recommender.histories import read_users
from recommender.service.bodies import PersonaId, UserId
from recommender.service.graph import AwayError
from recommender.service.loaded import Loaded
from recommender.service.schemas import Membership, OnePersona, Personas, UserPersona
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["personas"])


@routes.get("/personas")
async def every(service: Served) -> Personas:
    """Tell what each persona says of itself, the largest first."""
    cards, degraded = await service.answer(_cards)
    return Personas(personas=cards, degraded=degraded)


@routes.get("/personas/{persona_id:path}")
async def one(service: Served, persona_id: PersonaId) -> OnePersona:
    """Tell the same of one, by its id or its number."""

    def find(loaded: Loaded) -> PersonaCard:
        for card in _cards(loaded):
            if persona_id in (card.persona_id, str(card.number)):
                return card
        raise Unknown(f"There is no persona {persona_id!r}.")

    card, degraded = await service.answer(find)
    return OnePersona(persona=card, degraded=degraded)


@routes.get("/users/{user_id:path}/persona")
async def of_user(service: Served, user_id: UserId) -> UserPersona:
    """Tell the persona of a user, how much others are his or hers, and the user's place on the map of all."""
    found, degraded = await service.answer(lambda loaded: _of_user(loaded, user_id))
    return found.model_copy(update={"degraded": degraded})


def _cards(loaded: Loaded) -> list[PersonaCard]:
    return list(persona_cards(loaded.graph))


def _of_user(loaded: Loaded, user_id: str) -> UserPersona:
    graph, recommender = loaded.graph, loaded.recommender
    run_id = recommender.personas.run_id
    try:
        users = read_users(graph, recommender.snapshot, [user_id])
    except AwayError:  # nobody can tell whether there is such a user
        return UserPersona(persona=None, memberships=[], x=None, y=None, degraded=True)
    if not users.user_ids:
        raise Unknown(f"The graph has no interactions of user {user_id!r}.")
    rows = graph.read("serve/memberships", run_id=run_id, user_ids=[user_id])
    card = next((card for card in _cards(loaded) if card.name == users.names[0]), None)
    x = y = None
    with suppress(KgrecError):  # an earlier kgrec noted no plane
        run_of_map, placed = places(graph, users.personas.numpy())
        if run_of_map == run_id:
            x, y = placed[0].tolist()
    memberships = [Membership(**one) for one in rows[0]["memberships"]] if rows else []
    return UserPersona(persona=card, memberships=memberships, x=x, y=y, degraded=False)
