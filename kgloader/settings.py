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
    max_skipped: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Share of a file's lines, from 0 to 1, that may be broken where `--on-error skip` passes over "
        "them; with more the load stops. Judged from 1,000 lines on, and at the end of the file.",
    )
