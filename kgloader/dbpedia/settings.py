"""How DBpedia is asked: the ``[dbpedia]`` table of the settings file."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from kgrec.addresses import check_address


class DBpediaSettings(BaseModel):
    """How DBpedia is asked, and how sure a link must be."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    endpoint: str = Field("https://dbpedia.org/sparql", description="Address of the SPARQL endpoint.")
    user: str | None = Field(None, description="User name, for an endpoint that asks for one.")
    password: SecretStr | None = Field(None, description="Password; better kept in the environment than in a file.")
    batch_size: int = Field(
        50,
        gt=0,
        le=10_000,
        description="Items or entities in one query: more make fewer requests, but longer answers; one of 10,000 rows "
        "or more is asked for again in halves.",
    )
    min_interval_seconds: float = Field(
        0.5,
        ge=0,
        le=3_600,
        description="Seconds from one request to the next: fewer are faster, but a public endpoint may shut you out.",
    )
    timeout_seconds: float = Field(
        60.0,
        gt=0,
        le=3_600,
        description="Seconds for a whole answer before the request is repeated: more than 100 give a slow endpoint one "
        "long try.",
    )
    retries: int = Field(
        5,
        ge=0,
        le=1_000,
        description="How often a failed request is repeated, after growing pauses and within 100 seconds in all.",
    )
    min_score: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Least score, from 0 to 1, of a link between an item and an entity: higher links fewer items, and "
        "fewer of them wrongly. The same title and author, and a class of works, make 1.",
    )

    @field_validator("endpoint")
    @classmethod
    def _an_address(cls, endpoint: str) -> str:
        if "@" in endpoint:  # it is shown in messages
            raise ValueError(
                "it holds a user name or a password: give them apart, best in KGREC_DBPEDIA_USER and "
                "KGREC_DBPEDIA_PASSWORD"
            )
        if not endpoint.startswith(("http://", "https://")):
            raise ValueError("it must begin with http:// or https://")
        check_address(endpoint)
        return endpoint
