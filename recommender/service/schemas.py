"""What is asked and what is answered: the models that requests are checked by and that OpenAPI tells of."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kgrec.errors import Unknown
from kgrec.feedback.events import LAST_TIME
from kgrec.personas.cards import PersonaCard
from recommender.explained import Explanation
from recommender.likes import LONGEST
from recommender.paths import Node, Path, Tie

MOST = 100  # items of a list
LONGEST_SESSION = 500
MOST_LIKES = 50
MOST_EVENTS = 1_000
BODY = 256 * 1024  # bytes of a request

NOT_BLANK = r"[^\s\x1c-\x1f\x85]"  # what JSON Schema, pydantic and Python all take for more than white space
Id = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=NOT_BLANK)]
Time = Annotated[
    int | None,
    Field(ge=0, le=LAST_TIME, description="Seconds since 1970, or from 1e11 up milliseconds; now where it is missing."),
]
K = Annotated[int, Field(ge=1, le=MOST, description="Items to recommend.")]
DEGRADED: Any = Field(description="Whether the graph was away, and something comes from memory.")
LIST: dict[str, Any] = {
    "rank": 1,
    "item_id": "0007386648",
    "title": "The Salt Road",
    "score": 2.71,
    "retrieved": 3,
    "reason": "Ann Orrin, Salt mines",
}


class Asked(BaseModel):
    """A body: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Session(Asked):
    """An anonymous session."""

    items: list[Id] = Field(
        min_length=1,
        max_length=LONGEST_SESSION,
        description="Item ids, oldest first.",
        examples=[["0007350813", "0007386648"]],
    )
    k: K = 10


class SessionAndItem(Asked):
    """An anonymous session, and an item that is recommended after it."""

    items: list[Id] = Field(min_length=1, max_length=LONGEST_SESSION, description="Item ids, oldest first.")
    item_id: Id


class Interaction(Asked):
    """A user had an item."""

    kind: Literal["interaction"]
    user_id: Id
    item_id: Id
    timestamp: Time = None
    rating: float | None = Field(None, allow_inf_nan=False)


class Opinion(Asked):
    """A user likes an item, which counts as chosen from then on, or dislikes it, and is no more recommended it."""

    kind: Literal["like", "dislike"]
    user_id: Id
    item_id: Id
    timestamp: Time = None


class Interest(Asked):
    """A user is interested in something that the graph has."""

    kind: Literal["interest"]
    user_id: Id
    interest: Id = Field(
        description="An entity, by its IRI, `dbr:Name` or label; a maker, a category or another feature, by its name."
    )
    timestamp: Time = None


class Feedback(Asked):
    """What users did and said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {"kind": "interaction", "user_id": "A2SUAM1J3GNN3B", "item_id": "0007386648"},
                        {"kind": "dislike", "user_id": "A2SUAM1J3GNN3B", "item_id": "0007350813"},
                        {"kind": "interest", "user_id": "A2SUAM1J3GNN3B", "interest": "dbr:Ursula_K._Le_Guin"},
                    ]
                }
            ]
        }
    )

    events: list[Annotated[Interaction | Opinion | Interest, Field(discriminator="kind")]] = Field(
        min_length=1, max_length=MOST_EVENTS, description="In their order."
    )


class Recorded(BaseModel):
    """What became of events."""

    events: int = Field(ge=0, description="How many there were.")
    new: int = Field(ge=0, description="How many of them the graph did not have.")
    new_users: int = Field(ge=0, description="How many users it did not have.")
    encoded: int = Field(ge=0, description="How many users' personas are others now.")
    kept: int = Field(ge=0, description="How many users' personas stay.")


class Explained(BaseModel):
    """Why an item is recommended."""

    explanation: Explanation
    degraded: bool = DEGRADED


class Likes(Asked):
    """What somebody likes of whom nothing else is known."""

    likes: list[Annotated[Id, StringConstraints(max_length=LONGEST)]] = Field(
        min_length=1,
        max_length=MOST_LIKES,
        description="Entities by their IRI, `dbr:Name` or label, categories, makers, titles.",
        examples=[["Salt mines", "dbr:Ursula_K._Le_Guin"]],
    )
    k: K = 10


class Personas(BaseModel):
    """All personas."""

    personas: list[PersonaCard]
    degraded: bool = DEGRADED


class OnePersona(BaseModel):
    """One persona."""

    persona: PersonaCard
    degraded: bool = DEGRADED


class Membership(BaseModel):
    """How much somebody belongs to a persona."""

    persona_id: str
    name: str
    weight: float = Field(description="All of somebody's add up to 1.")


class UserPersona(BaseModel):
    """What the personas are to a user."""

    persona: PersonaCard | None = Field(description="The strongest; `null` where nothing is known.")
    memberships: list[Membership] = Field(description="The strongest first; empty where none is written yet.")
    x: float | None = Field(description="Place on the map of the personas.")
    y: float | None
    degraded: bool = DEGRADED


class Item(BaseModel):
    """One line of a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [LIST]})

    rank: int = Field(ge=1, description="From 1.")
    item_id: str
    title: str
    score: float = Field(description="That gave the order.")
    retrieved: int = Field(ge=1, description="Rank among the candidates of the first stage, from 1.")
    reason: str = Field(description="What the item shares with the history, and with what of it others chose it.")


class Recommended(BaseModel):
    """A list."""

    persona: str = Field(description="Name of the persona that it was made for; empty where there is none.")
    items: list[Item] = Field(description="The best first.")
    passed_over: list[str] = Field(default=[], description="Items of a session that nobody knows.")
    degraded: bool = DEGRADED


class Understood(BaseModel):
    """What a like means in the graph."""

    like: str = Field(description="As it was said.")
    kind: str = Field(description="Of node.", examples=["Category"])
    name: str = Field(description="Of the node.")
    exact: bool = Field(description="Whether that is what was said, or else the nearest.")


class FromLikes(Recommended):
    """A list from likes."""

    understood: list[Understood]
    not_understood: list[str]


class Found(BaseModel):
    """An item that a search found."""

    item_id: str
    title: str
    chosen: int = Field(ge=0, description="How often it was chosen.")


class FoundItems(BaseModel):
    """What a search found, the most chosen first."""

    items: list[Found]


class FoundUsers(BaseModel):
    """Ids that a search found, in their order."""

    users: list[str]


class PathToDraw(Asked):
    """The path of an explanation, as it was told."""

    nodes: list[Node] = Field(min_length=2, max_length=100)
    ties: list[Tie] = Field(max_length=200)

    def path(self) -> Path:
        """Return it as it is drawn.

        Raises:
            Unknown: a tie is of a node that is not there.
        """
        places = range(len(self.nodes))
        if not all(tie.start in places and tie.end in places for tie in self.ties):
            raise Unknown("A tie is of a node that is not there.")
        return Path(self.nodes, self.ties)


class Picture(BaseModel):
    """A picture, to be shown in a frame."""

    url: str = Field(description="Its address, which is valid for a while.")


class Link(BaseModel):
    """A link into Neo4j Browser."""

    link: str | None = Field(description="Opens it with the query in the editor; null where no server runs.")
    told: str = Field(description="Where Browser is, and how to sign in.")


class Ready(BaseModel):
    """What the service stands on."""

    graph: str = Field(description="`reachable`, or `away`: then answers come from memory.", examples=["reachable"])
    run: str = Field(description="Run of the personas that the models were trained with.")
    loaded: str = Field(description="When models and index were loaded, in UTC.", examples=["2026-11-27T01:02:03Z"])
    problem: str | None = Field(description="Why a newer run was not loaded, if so.")


class Health(BaseModel):
    """The process is alive."""

    status: str = Field("ok", examples=["ok"])


class Reloading(BaseModel):
    """A load was asked for."""

    status: str = Field("loading", examples=["loading"])


class Problem(BaseModel):
    """Why there is no answer, in one sentence."""

    detail: str = Field(examples=["The graph has no interactions of user 'A0'."])
