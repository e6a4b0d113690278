"""What is asked: the models and types that requests are checked by."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kgrec.errors import Unknown
from kgrec.feedback.events import LAST_TIME
from recommender.likes import LONGEST
from recommender.paths import Node, Path, Tie
from recommender.service.examples import ITEM, OWN, PATH, PERSONA, USER, example

MOST = 100  # items of a list
LONGEST_SESSION = 500
MOST_LIKES = 50
MOST_EVENTS = 1_000
BODY = 256 * 1024  # bytes of a request

NOT_BLANK = r"[^\s\x1c-\x1f\x85]"  # what JSON Schema, pydantic and Python all take for more than white space
Id = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=NOT_BLANK)]
UserId = Annotated[Id, Field(examples=[USER])]
ItemId = Annotated[Id, Field(examples=[ITEM])]
PersonaId = Annotated[Id, Field(examples=[PERSONA])]
Time = Annotated[
    int | None,
    Field(ge=0, le=LAST_TIME, description="Seconds since 1970, or from 1e11 up milliseconds; now where it is missing."),
]
K = Annotated[int, Field(ge=1, le=MOST, description="Items to recommend.", examples=[5])]


class Asked(BaseModel):
    """A body: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Session(Asked):
    """An anonymous session."""

    items: list[Id] = Field(
        min_length=1,
        max_length=LONGEST_SESSION,
        description="Item ids, oldest first.",
        examples=[[OWN, ITEM]],
    )
    k: K = 10


class SessionAndItem(Asked):
    """An anonymous session, and an item that is recommended after it."""

    model_config = ConfigDict(json_schema_extra=example({"items": [OWN], "item_id": ITEM}))

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
        description="An entity, by its IRI, `dbr:Name` or label; a maker, a category or another feature, by its name; "
        "in any case."
    )
    timestamp: Time = None


class Feedback(Asked):
    """What users did and said."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "events": [
                    {"kind": "interaction", "user_id": USER, "item_id": ITEM},
                    {"kind": "dislike", "user_id": USER, "item_id": OWN},
                    {"kind": "interest", "user_id": USER, "interest": "dbr:Ursula_K._Le_Guin"},
                ]
            }
        )
    )

    events: list[Annotated[Interaction | Opinion | Interest, Field(discriminator="kind")]] = Field(
        min_length=1, max_length=MOST_EVENTS, description="In their order."
    )


class Likes(Asked):
    """What somebody likes of whom nothing else is known."""

    likes: list[Annotated[Id, StringConstraints(max_length=LONGEST)]] = Field(
        min_length=1,
        max_length=MOST_LIKES,
        description="Entities by their IRI, `dbr:Name` or label, categories, makers, titles.",
        examples=[["Salt mines", "dbr:Ursula_K._Le_Guin"]],
    )
    k: K = 10


class PathToDraw(Asked):
    """The path of an explanation, as it was told."""

    model_config = ConfigDict(json_schema_extra=example(PATH))

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
