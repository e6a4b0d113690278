"""Settings of the persona training, from ``[hdgi]`` in the settings file."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from gnn.meta_path import MetaPath

DEFAULT_META_PATHS = (
    "INTERACTED",
    "INTERACTED > BY",
    "INTERACTED > IN_CATEGORY",
    "INTERACTED > SIMILAR_TO",
    "INTERACTED > ALSO_BOUGHT|ALSO_VIEWED",
    "INTERACTED > SAME_AS > SUBJECT",
    "INTERACTED > SAME_AS > GENRE",
    "INTERACTED > SAME_AS > AUTHOR|DIRECTOR|STARRING|WRITER|ARTIST",
    "INTERACTED > SAME_AS > SERIES|BASED_ON|PREVIOUS_WORK|SUBSEQUENT_WORK",
    "INTERACTED > SAME_AS > COUNTRY|LANGUAGE|PUBLISHER",
)


class HDGISettings(BaseModel):
    """How personas are learned.

    A meta-path names the relationship types that lead from a user outwards; it is walked back the same way, so
    ``"INTERACTED > BY"`` relates users who read the same author (User-Item-Author-Item-User). ``|`` joins
    alternatives at one step. Meta-paths without a single instance in the graph are left out and reported.
    """

    model_config = ConfigDict(extra="forbid")

    meta_paths: Annotated[list[str], Field(min_length=1)] = list(DEFAULT_META_PATHS)
    dim: Annotated[int, Field(gt=0)] = 128
    structure_dim: Annotated[int, Field(ge=0)] = 64
    semantic_dim: Annotated[int, Field(gt=0)] = 64
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    epochs: Annotated[int, Field(gt=0)] = 200
    patience: Annotated[int, Field(gt=0)] = 30
    personas: Annotated[int, Field(gt=1)] = 24
    personas_per_user: Annotated[int, Field(gt=0)] = 3
    seed: int = 7

    @field_validator("meta_paths")
    @classmethod
    def _walkable(cls, texts: list[str]) -> list[str]:
        for text in texts:
            MetaPath.parse(text)
        return texts
