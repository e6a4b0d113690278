"""Titles labelled by hand with the entities that they are, and those entities as DBpedia tells of them.

Both files are kgrec's own writing: facts of well-known works, titles such as shops write them. A title without an
entity has none in the file, or several that nothing in the title or its maker tells apart.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from kgloader.dbpedia.kinds import Kind
from kgloader.dbpedia.linking import Work
from kgloader.dbpedia.predicates import ONTOLOGY
from kgloader.dbpedia.titles import without_brackets

FOLDER = Path(__file__).parent.parent / "tests" / "data"
RESOURCE = "http://dbpedia.org/resource/"
LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
NAME = ox.NamedNode("http://xmlns.com/foaf/0.1/name")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
YEAR = ox.NamedNode("http://www.w3.org/2001/XMLSchema#gYear")
CLASSES = {"book": "Book", "film": "Film", "music": "Album", "game": "VideoGame", "work": "Work"}
MAKERS = {"book": "author", "film": "director", "music": "artist", "game": "developer", "work": "creator"}


@dataclass(frozen=True)
class Labelled:
    """A title as an item, the IRI of its entity (None where it has none), and what it is an example of."""

    work: Work
    entity: str | None
    about: str


def labelled_titles() -> list[Labelled]:
    """Read the titles."""
    kinds: dict[str, Kind] = {"book": "book", "film": "film", "music": "music", "game": "game"}
    return [
        Labelled(
            Work(f"T{number:03}", row["title"], tuple(filter(None, row["makers"].split(";"))), kinds[row["kind"]]),
            resource(row["entity"]) if row["entity"] else None,
            row["about"],
        )
        for number, row in enumerate(_rows("linking_titles.tsv"))
    ]


def entity_triples() -> list[ox.Triple]:
    """Write the entities in DBpedia's vocabulary: labels, classes, makers, years, redirects, disambiguation pages."""
    triples: list[ox.Triple] = []
    namesakes: dict[str, list[ox.NamedNode]] = defaultdict(list)
    rows = _rows("linking_entities.tsv")
    for row in rows:
        entity, label, kind = ox.NamedNode(resource(row["label"])), row["label"], row["kind"]
        bare, brackets = without_brackets(label)
        triples += [ox.Triple(entity, LABEL, _english(label)), ox.Triple(entity, NAME, _english(bare or label))]
        namesakes[bare].append(entity)
        if kind in CLASSES:
            on_television = any("TV" in bracket or "series" in bracket for bracket in brackets)
            class_ = "TelevisionShow" if kind == "film" and on_television else CLASSES[kind]
            triples.append(ox.Triple(entity, TYPE, _ontology(class_)))
        for maker in filter(None, row["creators"].split(";")):
            person = ox.NamedNode(resource(maker))
            triples += [ox.Triple(entity, _ontology(MAKERS[kind]), person), ox.Triple(person, LABEL, _english(maker))]
        if row["year"]:
            triples.append(ox.Triple(entity, _ontology("releaseDate"), ox.Literal(row["year"], datatype=YEAR)))
        for name in filter(None, row["other_names"].split(";")):
            page = ox.NamedNode(resource(name))
            triples += [ox.Triple(page, LABEL, _english(name))]
            triples += [ox.Triple(page, _ontology("wikiPageRedirects"), entity)]
    labels = {row["label"] for row in rows}
    for bare, entities in namesakes.items():
        if len(entities) > 1:
            name = f"{bare} (disambiguation)" if bare in labels else bare
            page = ox.NamedNode(resource(name))
            triples.append(ox.Triple(page, LABEL, _english(name)))
            triples += [ox.Triple(page, _ontology("wikiPageDisambiguates"), entity) for entity in entities]
    return triples


def resource(label: str) -> str:
    """IRI of the entity of a label."""
    return RESOURCE + quote(label.replace(" ", "_"), safe="_(),:'!")


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _ontology(name: str) -> ox.NamedNode:
    return ox.NamedNode(ONTOLOGY + name)


def _english(text: str) -> ox.Literal:
    return ox.Literal(text, language="en")
