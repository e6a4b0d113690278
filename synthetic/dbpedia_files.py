"""The same works as DBpedia would tell of them, in N-Triples."""

from pathlib import Path
from urllib.parse import quote

import numpy as np

from synthetic.names import COUNTRIES, GENRES, THEMES
from synthetic.world import World

RESOURCE = "http://dbpedia.org/resource/"
ONTOLOGY = "http://dbpedia.org/ontology/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
XSD_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
SUBJECT = "http://purl.org/dc/terms/subject"
COVERAGE = 0.85  # part of the items that have a page


def write_dbpedia(path: Path, world: World, generator: np.random.Generator) -> None:
    """Write types, labels and facts of the covered works; pages of namesakes carry their author in brackets."""
    lines: list[str] = []
    for number, author in enumerate(world.authors):
        if (world.author == number).any():
            lines += _page(author, author, "Person")
    for theme in THEMES:
        lines += _page(f"Category:{theme}", theme, None)
    for name in (*GENRES, *COUNTRIES):
        lines += _page(name, name, None)
    seen: set[str] = set()
    for item, title in enumerate(world.titles):
        if generator.random() >= COVERAGE:
            continue
        author = world.authors[world.author[item]]
        page = title if title not in seen else f"{title} ({author} novel)"
        if page in seen:
            continue
        seen.add(page)
        lines += _page(page, title, "Book")
        facts = [(f"{ONTOLOGY}author", author), (f"{ONTOLOGY}literaryGenre", GENRES[world.genre[item]])]
        facts += [(f"{ONTOLOGY}country", COUNTRIES[world.country[item]])]
        facts += [(SUBJECT, f"Category:{THEMES[theme]}") for theme in dict.fromkeys(world.themes[item].tolist())]
        if world.series[item] >= 0:
            facts.append((f"{ONTOLOGY}series", f"{author} cycle {world.series[item]}"))
        lines += [f"<{_iri(page)}> <{predicate}> <{_iri(value)}> ." for predicate, value in facts]
        lines.append(f'<{_iri(page)}> <{ONTOLOGY}numberOfPages> "{generator.integers(80, 900)}"^^<{XSD_INTEGER}> .')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _page(name: str, label: str, kind: str | None) -> list[str]:
    lines = [f'<{_iri(name)}> <{LABEL}> "{label}"@en .']
    return lines + ([f"<{_iri(name)}> <{TYPE}> <{ONTOLOGY}{kind}> ."] if kind else [])


def _iri(name: str) -> str:
    return RESOURCE + quote(name.replace(" ", "_"), safe="_(),:'")
