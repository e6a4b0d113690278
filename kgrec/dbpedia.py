"""Names of DBpedia's resources, as people write them."""

RESOURCE = "http://dbpedia.org/resource/"
PREFIX = "dbr:"


def iri_of(text: str) -> str:
    """Return the IRI of a resource that is written with the prefix; any other text stays as it is.

    Spaces behind the prefix are underscores there.
    """
    return f"{RESOURCE}{text.removeprefix(PREFIX).replace(' ', '_')}" if text.startswith(PREFIX) else text
