"""Which DBpedia predicates become relationships, and of what type: nothing else from the data names a type."""

ONTOLOGY = "http://dbpedia.org/ontology/"

_TYPES = {
    "AUTHOR": ["author"],
    "DIRECTOR": ["director"],
    "WRITER": ["writer", "screenplay"],
    "STARRING": ["starring"],
    "PRODUCER": ["producer", "executiveProducer"],
    "COMPOSER": ["musicComposer"],
    "ARTIST": ["artist", "musicalArtist", "illustrator", "coverArtist"],
    "CREATOR": ["creator"],
    "TRANSLATOR": ["translator"],
    "GENRE": ["genre", "literaryGenre", "musicSubgenre"],
    "SERIES": ["series"],
    "PREVIOUS_WORK": ["previousWork"],
    "SUBSEQUENT_WORK": ["subsequentWork"],
    "BASED_ON": ["basedOn"],
    "SUBJECT": ["nonFictionSubject", "mainSubject"],
    "COUNTRY": ["country"],
    "LANGUAGE": ["language"],
    "PUBLISHER": ["publisher"],
    "DISTRIBUTOR": ["distributor"],
    "NETWORK": ["network"],
    "RECORD_LABEL": ["recordLabel"],
    "DEVELOPER": ["developer"],
    "MANUFACTURER": ["manufacturer"],
    "PLATFORM": ["computingPlatform"],
    "AWARD": ["award"],
    "CHARACTER": ["character"],
}
FACT_TYPES: dict[str, str] = {f"{ONTOLOGY}{name}": type_ for type_, names in _TYPES.items() for name in names}
FACT_TYPES["http://purl.org/dc/terms/subject"] = "SUBJECT"

# Facts of what items' facts lead to: those of items themselves, and these.
SECOND_TYPES: dict[str, str] = FACT_TYPES | {
    f"{ONTOLOGY}{name}": type_
    for name, type_ in (
        ("influencedBy", "INFLUENCED_BY"),
        ("influenced", "INFLUENCED"),
        ("movement", "MOVEMENT"),
        ("nationality", "NATIONALITY"),
        ("birthPlace", "BIRTH_PLACE"),
        ("occupation", "OCCUPATION"),
        ("stylisticOrigin", "STYLISTIC_ORIGIN"),
        ("parentCompany", "PARENT_COMPANY"),
        ("notableWork", "NOTABLE_WORK"),
    )
}
SECOND_TYPES["http://www.w3.org/2004/02/skos/core#broader"] = "BROADER"

CREATOR_PREDICATES = [
    f"{ONTOLOGY}{name}" for name in ("author", "director", "writer", "artist", "creator", "developer")
]
DATE_PREDICATES = [
    f"{ONTOLOGY}{name}" for name in ("releaseDate", "publicationDate", "firstPublicationDate", "firstPublicationYear")
]


def local_name(iri: str) -> str:
    """Return what stands behind the last slash and hash: ``influencedBy``."""
    return iri.rpartition("/")[2].rpartition("#")[2]


def read_hop(text: str) -> tuple[str, str]:
    """Take ``"author > influencedBy"`` apart, into names or IRIs of two predicates.

    Raises:
        ValueError: they are not two.
    """
    names = [name.strip() for name in text.split(">")]
    if len(names) != 2 or not all(names):
        raise ValueError(f"{text!r} is no second hop: write two predicates, such as author > influencedBy")
    return names[0], names[1]
