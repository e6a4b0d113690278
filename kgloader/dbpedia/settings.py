"""How DBpedia is asked: the ``[dbpedia]`` table of the settings file."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kgrec.addresses import check_address


class DBpediaSettings(BaseModel):
    """How DBpedia is asked, and how sure a link must be."""

    model_config = ConfigDict(extra="forbid")

    endpoint: str = Field("https://dbpedia.org/sparql", description="Address of the SPARQL endpoint.")
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
        description="Seconds to wait for an answer, rounded to whole ones, before the request is repeated.",
    )
    retries: int = Field(
        5,
        ge=0,
        le=1_000,
        description="How often a failed request is repeated, after growing pauses: more outlast a longer outage.",
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
    def _address(cls, endpoint: str) -> str:
        check_address(endpoint)
        return endpoint
