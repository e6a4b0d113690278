"""How interactions are loaded: the ``[load]`` table of the settings file."""

from pydantic import BaseModel, ConfigDict, Field


class LoadSettings(BaseModel):
    """How interactions are loaded."""

    model_config = ConfigDict(extra="forbid")

    seed: int = Field(
        7,
        description="Of the hash that orders a user's interactions of the same time: another seed, and a load that is "
        "repeated, give another order.",
    )
