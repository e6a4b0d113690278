"""What is answered: the models that OpenAPI tells of."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kgrec.personas.cards import PersonaCard
from recommender.explained import Explanation
from recommender.service.examples import (
    CARD,
    EXPLANATION,
    FROM_LIKES,
    ITEM,
    LINE,
    LIST,
    MEMBERSHIP,
    RECORDED,
    USER,
    example,
)

DEGRADED: Any = Field(description="Whether the graph was away, and something comes from memory.", examples=[False])


class UnderstoodInterest(BaseModel):
    """What an interest means that is not called so to the letter."""

    model_config = ConfigDict(from_attributes=True)

    interest: str = Field(description="As it was said.")
    kind: str = Field(description="Of node.", examples=["Category"])
    name: str = Field(description="Of the node.")


class Recorded(BaseModel):
    """What became of events."""

    model_config = ConfigDict(json_schema_extra=example(RECORDED))

    events: int = Field(ge=0, description="How many there were.")
    new: int = Field(ge=0, description="How many of them the graph did not have.")
    new_users: int = Field(ge=0, description="How many users it did not have.")
    encoded: int = Field(ge=0, description="How many users' personas are others now.")
    kept: int = Field(ge=0, description="How many users' personas stay.")
    understood: list[UnderstoodInterest] = Field(
        description="Interests that are called otherwise, in upper or lower case."
    )


class Explained(BaseModel):
    """Why an item is recommended."""

    model_config = ConfigDict(json_schema_extra=example({"explanation": EXPLANATION, "degraded": False}))

    explanation: Explanation
    degraded: bool = DEGRADED


class Personas(BaseModel):
    """All personas."""

    model_config = ConfigDict(json_schema_extra=example({"personas": [CARD], "degraded": False}))

    personas: list[PersonaCard]
    degraded: bool = DEGRADED


class OnePersona(BaseModel):
    """One persona."""

    model_config = ConfigDict(json_schema_extra=example({"persona": CARD, "degraded": False}))

    persona: PersonaCard
    degraded: bool = DEGRADED


class Membership(BaseModel):
    """How much somebody belongs to a persona."""

    persona_id: str
    name: str
    weight: float = Field(description="All of somebody's add up to 1.")


class UserPersona(BaseModel):
    """What the personas are to a user."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"persona": CARD, "memberships": [MEMBERSHIP], "x": 0.1, "y": -0.3, "degraded": False}
        )
    )

    persona: PersonaCard | None = Field(description="The strongest; `null` where nothing is known.")
    memberships: list[Membership] = Field(description="The strongest first; empty where none is written yet.")
    x: float | None = Field(description="Place on the map of the personas.")
    y: float | None
    degraded: bool = DEGRADED


class Item(BaseModel):
    """One line of a list."""

    model_config = ConfigDict(json_schema_extra=example(LINE))

    rank: int = Field(ge=1, description="From 1.")
    item_id: str
    title: str
    score: float = Field(description="That gave the order.")
    retrieved: int = Field(ge=1, description="Rank among the candidates of the first stage, from 1.")
    reason: str = Field(description="What the item shares with the history, and with what of it others chose it.")


class Recommended(BaseModel):
    """A list."""

    model_config = ConfigDict(json_schema_extra=example(LIST))

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

    model_config = ConfigDict(json_schema_extra=example(FROM_LIKES))

    understood: list[Understood]
    not_understood: list[str]


class Found(BaseModel):
    """An item that a search found."""

    model_config = ConfigDict(json_schema_extra=example({"item_id": ITEM, "title": LINE["title"], "chosen": 12}))

    item_id: str
    title: str
    chosen: int = Field(ge=0, description="How often it was chosen.")


class FoundItems(BaseModel):
    """What a search found, the most chosen first."""

    items: list[Found]


class FoundUsers(BaseModel):
    """Ids that a search found, in their order."""

    model_config = ConfigDict(json_schema_extra=example({"users": [USER]}))

    users: list[str]


class Picture(BaseModel):
    """A picture, to be shown in a frame."""

    model_config = ConfigDict(json_schema_extra=example({"url": "/page/pictures/0aTw"}))

    url: str = Field(description="Its address, which is valid for a while.")


class Link(BaseModel):
    """A link into Neo4j Browser."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"link": "http://127.0.0.1:7474/browser/?cmd=edit&arg=MATCH...", "told": "Sign in as neo4j."}
        )
    )

    link: str | None = Field(description="Opens it with the query in the editor; null where no server runs.")
    told: str = Field(description="Where Browser is, and how to sign in.")


class Ready(BaseModel):
    """What the service stands on."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"graph": "reachable", "run": "0ac93b52411d", "loaded": "2026-11-27T01:02:03Z", "problem": None}
        )
    )

    graph: str = Field(description="`reachable`, or `away`: then answers come from memory.")
    run: str = Field(description="Run of the personas that the models were trained with.")
    loaded: str = Field(description="When models and index were loaded, in UTC.")
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
