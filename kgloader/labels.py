"""Readable labels read off the ids of entities, for those that nobody has named."""

import re
from urllib.parse import unquote

FREEBASE = re.compile(r"[gm]\.[0-9a-z_]+")  # m.0dyb1: nothing in it to read, and "_" is a digit
CURIE = re.compile(r"[A-Za-z][\w.-]*:(?![/_])(\S+)")  # res:Hollow_Bell, but no Star_Wars:_Episode_IV
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def guessed_label(uri: str) -> str:
    """Guess what an entity is called from its IRI, CURIE or other id.

    ``http://dbpedia.org/resource/Category:Salt_mines`` and ``cat:Salt_mines`` are ``Salt mines``; ``m.0dyb1``, and
    whatever else is neither an IRI nor a CURIE, stays as it is.

    Returns:
        One line, not blank unless the id is.
    """
    curie = CURIE.fullmatch(uri)
    if curie is None and "://" not in uri:
        return uri
    name = curie[1] if curie else re.split("[/#]", uri.rstrip("/#"))[-1]
    if FREEBASE.fullmatch(name):
        return name
    name = CONTROL.sub(" ", unquote(name)).removeprefix("Category:").replace("_", " ")
    return " ".join(name.split()) or uri
