"""Settings of the sequence models, from ``[sasrec]`` in the settings file."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Conditioning = Literal["late", "prefix", "add", "gate"]
BlockName = Literal["paper", "authors", "ligr"]
LossName = Literal["auto", "full", "sampled", "gbce"]
Share = Annotated[float, Field(ge=0, lt=1)]
# Bounds far beyond what is of use; what is beyond them would end in the lack of memory or of time.
Small = Annotated[int, Field(gt=0, le=256)]
Width = Annotated[int, Field(gt=0, le=4_096)]
Count = Annotated[int, Field(gt=0, le=100_000)]


class SASRecSettings(BaseModel):
    """How the SASRecs are built and trained, all alike but for what the persona-conditioned one has besides."""

    model_config = ConfigDict(extra="forbid")

    dim: Width = Field(64, description="Width of item vectors and states; `heads` must divide it.")
    blocks: Small = Field(2, description="How many attention blocks stand on each other.")
    block: BlockName = Field(
        "paper",
        description="The block of SASRec's paper (paper), of its authors' code (authors), or of eSASRec (ligr), gated.",
    )
    heads: Small = Field(2, description="Attention heads of a block.")
    max_length: Width = Field(50, description="Items of a history that are looked at, the latest; time grows with it.")
    dropout: Share = Field(0.3, description="Share of values dropped in training, in embeddings, attention and blocks.")
    stand_ins: Share = Field(
        0.0,
        description=(
            "Share of a history's items that give place, in training, to one that co-occurs with them; of the models "
            "that start from the texts."
        ),
    )
    loss: LossName = Field(
        "auto",
        description=(
            "The next item against all items (full), or against sampled ones (sampled, gbce); auto is full up to "
            "50,000 items and sampled beyond."
        ),
    )
    learning_rate: Annotated[float, Field(gt=0, le=10)] = Field(2e-3, description="Step size of Adam.")
    batch_size: Count = Field(128, description="Users per step.")
    epochs: Count = Field(100, description="At most so many passes over all users.")
    patience: Count = Field(10, description="Epochs without a better validation NDCG@10 before training stops.")
    seed: int = Field(
        7, ge=0, lt=2**32, description="Of everything random; the same seed gives the same model on a CPU."
    )
    conditioning: Conditioning = Field(
        "late",
        description=(
            "How the persona comes in: beside the sequence model alone, as a source of the first stage (late), or "
            "into it as well: as a first token (prefix), added to every state (add), or weighed (gate)."
        ),
    )
    persona_dropout: Share = Field(0.7, description="Share of training users whose persona is hidden in a step.")
    n_candidates: Count = Field(100, description="Items that the first stage hands to the second.")

    @model_validator(mode="after")
    def _heads_divide_dim(self) -> Self:
        if self.dim % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide dim ({self.dim})")
        return self
