"""What kind of work something is: a book is never its film. Told by DBpedia's classes, brackets and categories."""

import re
from collections.abc import Iterable
from typing import Literal

from kgloader.dbpedia.predicates import ONTOLOGY
from kgloader.dbpedia.titles import read_name

Kind = Literal["book", "film", "music", "game"]

# A class of the ontology and the kind of its members; None for classes of works of several kinds.
_CLASSES: dict[str, Kind | None] = {
    "Work": None, "Book": "book", "WrittenWork": "book", "Novel": "book", "Poem": "book", "Play": "book",
    "Comic": "book", "ComicStrip": "book", "Manga": "book", "Magazine": "book",
    "Film": "film", "TelevisionShow": "film", "TelevisionSeason": "film", "TelevisionEpisode": "film", "Anime": "film",
    "Album": "music", "Single": "music", "Song": "music", "MusicalWork": "music", "ArtistDiscography": "music",
    "VideoGame": "game", "Software": "game", "Device": None,
}  # fmt: skip
WORK_CLASSES: dict[str, Kind | None] = {f"{ONTOLOGY}{name}": kind for name, kind in _CLASSES.items()}

_WORDS: dict[str, Kind] = {
    "novel": "book", "novels": "book", "novella": "book", "novelette": "book", "book": "book", "books": "book",
    "stories": "book", "story": "book", "comics": "book", "comic": "book", "manga": "book", "memoir": "book",
    "autobiography": "book", "biography": "book", "anthology": "book", "poem": "book", "poetry": "book",
    "play": "book", "essay": "book", "essays": "book", "pamphlet": "book", "magazine": "book", "paperback": "book",
    "hardcover": "book", "kindle": "book", "audiobook": "book",
    "film": "film", "films": "film", "movie": "film", "movies": "film", "tv": "film", "television": "film",
    "miniseries": "film", "anime": "film", "dvd": "film", "dvds": "film", "blu-ray": "film", "vhs": "film",
    "telefilm": "film",
    "album": "music", "albums": "music", "song": "music", "ep": "music", "single": "music", "soundtrack": "music",
    "music": "music", "cd": "music", "cds": "music", "vinyl": "music", "opera": "music", "musical": "music",
    "game": "game", "games": "game", "ps4": "game", "xbox": "game",
}  # fmt: skip
# Amazon's departments. Narrower categories tell less: there are books in "Music" and in "Movies".
_DEPARTMENTS: dict[str, Kind] = {
    "books": "book", "kindle store": "book", "movies & tv": "film", "cds & vinyl": "music", "digital music": "music",
    "video games": "game",
}  # fmt: skip
# A book with a CD is a book, and the edition for a film is none.
_BESIDE = re.compile(r"\bwith\b|tie-in|based on|[+&]")


def kind_of_bracket(bracket: str) -> Kind | None:
    """Kind that a bracket behind a name tells: ``1999 film``, ``Orrin novel``, ``Paperback``."""
    if _BESIDE.search(bracket.casefold()):
        return None
    words = re.findall(r"[\w-]+", bracket.casefold())
    return next((_WORDS[word] for word in reversed(words) if word in _WORDS), None)


def kinds_of_label(label: str) -> set[Kind]:
    """Kinds that the brackets of a title or label tell."""
    return {kind for bracket in read_name(label).brackets if (kind := kind_of_bracket(bracket)) is not None}


def kind_of_item(title: str, categories: Iterable[str], fallback: Kind | None) -> Kind | None:
    """Kind of an item: that of its department in a shop, else of the brackets of its title, else the ``fallback``.

    What says several kinds says nothing.
    """
    departments = {_DEPARTMENTS[name] for category in categories if (name := category.casefold()) in _DEPARTMENTS}
    for told in (departments, kinds_of_label(title)):
        if len(told) == 1:
            return told.pop()
    return fallback
