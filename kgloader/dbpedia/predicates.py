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

CREATOR_PREDICATES = [
    f"{ONTOLOGY}{name}" for name in ("author", "director", "writer", "artist", "creator", "developer")
]
WORK_CLASSES = [
    f"{ONTOLOGY}{name}"
    for name in (
        "Work", "WrittenWork", "Book", "Novel", "Poem", "Comic", "Film", "TelevisionShow", "TelevisionSeason", "Album",
        "Single", "Song", "MusicalWork", "VideoGame", "Software", "Play", "Magazine", "Device",
    )
]  # fmt: skip
