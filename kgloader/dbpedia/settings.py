"""How DBpedia is asked: the ``[dbpedia]`` table of the settings file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from kgloader.dbpedia.kinds import Kind
from kgloader.dbpedia.predicates import read_hop
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
        0.7,
        ge=0,
        le=1,
        description="Least probability, from 0 to 1, of a link between an item and an entity: higher links fewer "
        "items, and fewer of them wrongly.",
    )
    kind: Kind | None = Field(
        None,
        description="What the items are where neither their department in the shop nor their title tells: a book is "
        "never linked to a film.",
    )
    full_text: bool = Field(
        True,
        description="Whether titles that labels give no sure entity for are searched by their words, at an endpoint "
        "that can (Virtuoso's `bif:contains`; one query finds out).",
    )
    literals: list[Literal["year", "pages", "runtime"]] = Field(
        ["year", "pages", "runtime"],
        description="Literals that become properties of the entities: the year a work came out, its pages, its "
        "runtime in minutes.",
    )
    second_hops: list[str] = Field(
        [],
        description="Facts of what the facts of items lead to, such as `author > influencedBy` or `subject > broader`: "
        "a predicate that is a fact of items, and one that is a fact of those, kgrec's own or of a domain's file.",
    )
    hub_facts: int = Field(
        20,
        gt=0,
        le=10_000,
        description="Most facts of one predicate that an entity has at the second hop, the first by IRI: more of a "
        "country or a broad category are left out.",
    )

    @field_validator("second_hops")
    @classmethod
    def _two_names(cls, hops: list[str]) -> list[str]:
        for hop in hops:
            read_hop(hop)
        return hops

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
