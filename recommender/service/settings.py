"""Settings of the service: table ``[serve]`` of ``kgrec.toml``, variables ``KGREC_SERVE_...``."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ServeSettings(BaseModel):
    """How ``kgrec serve`` answers, and how much it takes on."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What a client has to send, as `Authorization: Bearer TOKEN`; needed as soon as it listens beyond "
        "loopback. Better kept in the environment than in a file.",
    )
    at_once: int = Field(2, ge=1, le=64, description="Requests that are computed at the same time.")
    queue: int = Field(64, ge=0, le=10_000, description="Requests that wait for their turn; more are refused with 429.")
    timeout_seconds: float = Field(10.0, gt=0, le=600, description="After which a request is answered with 504.")
    graph_seconds: float = Field(
        2.0, gt=0, le=60, description="For which a statement may take; after that the answer comes from memory."
    )
    remembered_users: int = Field(
        10_000,
        ge=0,
        description="Users who are remembered as they were last seen, for when Neo4j is away; all others are known as "
        "they were when the service loaded, but for those who told something to it since.",
    )
