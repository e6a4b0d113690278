"""Settings of the persona training, from ``[hdgi]`` in the settings file."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gnn.meta_path import MetaPath

ObjectiveName = Literal["interactions", "infomax"]
AdjacencyName = Literal["hops", "counts", "binary"]
ConvolutionName = Literal["gcn", "attention"]

# Bounds far beyond what is of use; what is beyond them would end in the lack of memory or of time.
WIDEST = 4_096  # numbers in a vector; Neo4j's vector index takes no more
MOST_EPOCHS = 100_000

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
    "INTERACTED > SAME_AS > RELATED_TO",
)


class HDGISettings(BaseModel):
    """How personas are learned.

    A meta-path names the relationship types that lead from a user outwards; it is walked back the same way, so
    ``"INTERACTED > BY"`` relates users who read the same author (User-Item-Author-Item-User). ``|`` joins
    alternatives at one step. Meta-paths without a single instance in the graph are left out and reported.
    """

    model_config = ConfigDict(extra="forbid")

    meta_paths: list[str] = Field(
        list(DEFAULT_META_PATHS),
        min_length=1,
        max_length=100,
        description=(
            "Ways by which users are related, each from a user outwards and back the same way: relationship types with "
            "> between steps and | between alternatives. Those without an instance in the graph are left out and "
            "reported. Each one more costs its own weights and its share of time and memory."
        ),
    )
    dim: int = Field(
        128,
        gt=0,
        le=WIDEST,
        description=(
            "Numbers in a user's persona vector. Larger vectors tell more tastes apart and cost training time, disk in "
            "Neo4j and memory of its vector index in proportion."
        ),
    )
    objective: ObjectiveName = Field(
        "interactions",
        description=(
            "What the vectors are learned by: interactions, half of each user's interactions are hidden and told from "
            "all other items by the rest, in one space of users and items, so that items and anonymous sessions have "
            "vectors too; infomax, HDGI's own, users are told from those of a corrupted graph, and items are encoded "
            "as users who chose nothing else. adjacency, convolution, heads, structure_dim, semantic_dim and "
            "learning_rate are infomax's."
        ),
    )
    adjacency: AdjacencyName = Field(
        "hops",
        description=(
            "What relates two users by a meta-path before the convolution normalises it: hops, the product of its "
            "steps, each normalised by the degrees at both ends, so that what everybody reaches weighs little and a "
            "user's own features much; counts, the number of ways between the two, as HDGI has it; binary, whether "
            "there is a way. The first two cost the steps' relationships, the last 8 bytes and a multiplication for "
            "each pair of users that is related, and is refused above 20 million of them."
        ),
    )
    convolution: ConvolutionName = Field(
        "gcn",
        description=(
            "How a user's neighbours by a meta-path are summed: gcn, by the weights of adjacency (HDGI-C); attention, "
            "by weights that are learned (HDGI-A), for which it does not matter how adjacency weighs. Attention costs "
            "12 bytes and some multiplications for each pair of users that is related, 8 bytes more for each head, and "
            "is refused above 20 million pairs."
        ),
    )
    heads: int = Field(
        4,
        gt=0,
        le=256,
        description="Heads of the attention, which share the numbers of dim between them; without effect for gcn.",
    )
    structure_dim: int = Field(
        64,
        ge=0,
        le=WIDEST,
        description=(
            "Numbers a meta-path that stand, by random projection, for what a user reaches by it; 0 leaves the text "
            "embeddings alone as features. Larger ones confuse fewer entities and cost memory: users x meta-paths x "
            "this."
        ),
    )
    semantic_dim: int = Field(
        64,
        gt=0,
        le=WIDEST,
        description="Width of the attention that weighs the meta-paths against each other; it hardly costs anything.",
    )
    users_at_once: int | None = Field(
        None,
        gt=1,
        description=(
            "Users in a sampled subgraph of HDGI's own objective, with adjacency hops and convolution gcn: such "
            "subgraphs are read from the server one after the other and learned from in turn, instead of the whole "
            "graph at once. Without it they are as large as half of the machine's memory allows, which mostly is the "
            "whole graph. Fewer users take less memory and leave more neighbours out of a step; the personas are "
            "those of the whole graph's operators in any case."
        ),
    )
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=10,
        description="Step size of Adam. Larger steps learn in fewer epochs; too large, the loss jumps or is no number.",
    )
    epochs: int = Field(
        200,
        gt=0,
        le=MOST_EPOCHS,
        description="At most so many passes over the whole graph, each of the same time; see patience.",
    )
    patience: int = Field(
        10,
        gt=0,
        le=MOST_EPOCHS,
        description=(
            "Epochs without a better validation loss, on users held out, before training stops. More of them cost "
            "time and seldom change the personas."
        ),
    )
    personas: int = Field(
        0,
        ge=0,
        le=10_000,
        description=(
            "Number of personas that the users are clustered into; more are narrower, with fewer members each. 0: the "
            "largest number up to 64 at which two halves of the users give the same clusters (adjusted Rand index of "
            "0.65 or more, and at most 0.05 less than for the next smaller number), or else the most stable one."
        ),
    )
    personas_per_user: int = Field(
        3,
        gt=0,
        le=1_000,
        description=(
            "Personas that a user belongs to, the nearest ones, by weights that add up to 1. Each is a relationship in "
            "Neo4j."
        ),
    )
    text_model: str = Field(
        "",
        description=(
            "Folder of a text-generation model of transformers, its weights as safetensors, that words the personas' "
            "summaries from their evidence; nothing is fetched for it. Where it says more than the evidence bears out, "
            "and without a folder, a template words them. Wording anew needs no training anew."
        ),
    )
    seed: int = Field(
        7,
        ge=0,
        lt=2**32,
        description="Seed of everything random: the same seed, settings and graph give the same personas.",
    )

    @field_validator("meta_paths")
    @classmethod
    def _walkable(cls, texts: list[str]) -> list[str]:
        for text in texts:
            MetaPath.parse(text)
        return texts

    @field_validator("personas")
    @classmethod
    def _several(cls, personas: int) -> int:
        if personas == 1:
            raise ValueError("one persona tells nobody apart: give 2 or more, or 0 for as many as the data bear")
        return personas

    @property
    def by_blocks(self) -> bool:
        """Whether users can be learned from a block at a time."""
        return self.objective == "infomax" and self.adjacency == "hops" and self.convolution == "gcn"

    @model_validator(mode="after")
    def _sampled(self) -> Self:
        if self.users_at_once is not None and not self.by_blocks:
            raise ValueError('users_at_once needs objective "infomax", adjacency "hops" and convolution "gcn"')
        return self

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.convolution == "attention" and self.dim % self.heads:
            raise ValueError(f"dim {self.dim} is not divisible by heads {self.heads}")
        return self
