"""Settings of the sequence models, from ``[sasrec]`` in the settings file."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Conditioning = Literal["prefix", "add", "gate"]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(gt=0)]


class SASRecSettings(BaseModel):
    """How both SASRecs are built and trained.

    ``conditioning``, ``persona_dropout`` and ``text_init`` concern the persona-conditioned one alone.
    """

    model_config = ConfigDict(extra="forbid")

    dim: Count = 64
    blocks: Count = 2
    heads: Count = 2
    max_length: Count = 50
    dropout: Share = 0.3
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    batch_size: Count = 128
    epochs: Count = 100
    patience: Count = 20
    seed: int = 7
    conditioning: Conditioning = "prefix"
    persona_dropout: Share = 0.7
    text_init: bool = True
    n_candidates: Count = 100

    @model_validator(mode="after")
    def _heads_divide_dim(self) -> Self:
        if self.dim % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide dim ({self.dim})")
        return self
