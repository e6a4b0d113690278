"""Entities that items may be: asked for by label, name, redirect and disambiguation, or by the words of a title."""

import re
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus

from kgloader.dbpedia import answers
from kgloader.dbpedia.answers import PREFIXES, BatchQuery, Source, iris
from kgloader.dbpedia.kinds import WORK_CLASSES
from kgloader.dbpedia.linking import Candidate, Work, candidate_labels
from kgloader.dbpedia.predicates import CREATOR_PREDICATES, DATE_PREDICATES
from kgloader.dbpedia.solutions import Solution
from kgloader.dbpedia.sparql import PartialAnswerError, RefusedError, english, is_iri
from kgloader.dbpedia.titles import read_name
from kgloader.report import Report

YEAR = re.compile("[0-9]{4}")
UNKNOWN = "kgrec"  # a label, and a word, that nothing has
CHOKING = (HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)  # of those that know no search by words
MOST_WORDS = 6  # of a title, in a search by words
PASSED_OVER = {
    "the", "and", "for", "from", "with", "that", "this", "not", "are", "was", "but", "its", "his", "her", "you", "our",
    "all", "who", "what", "when", "how",
}  # fmt: skip
EVIDENCE = """  FILTER(isIRI(?entity))
  OPTIONAL {{ ?entity rdfs:label ?name . FILTER(lang(?name) = "en") }}
  OPTIONAL {{ ?entity a ?work . VALUES ?work {{ {classes} }} }}
  OPTIONAL {{
    ?entity ?made ?maker . VALUES ?made {{ {creators} }}
    ?maker rdfs:label ?creator . FILTER(lang(?creator) = "en")
  }}
  OPTIONAL {{ ?entity ?dated ?date . VALUES ?dated {{ {dates} }} BIND(SUBSTR(STR(?date), 1, 4) AS ?year) }}
"""
# An entity of that label, one whose page calls it so in the text, one that a page of that label redirects to (then the
# label is another name of the entity), or one that such a page disambiguates. The pages themselves are no entities.
BY_LABEL = (
    PREFIXES
    + """SELECT DISTINCT ?label ?alias ?entity ?name ?work ?creator ?year WHERE {{
  VALUES ?label {{ {labels} }}
  {{ ?entity rdfs:label ?label
    FILTER NOT EXISTS {{ ?entity dbo:wikiPageRedirects ?target }}
    FILTER NOT EXISTS {{ ?entity dbo:wikiPageDisambiguates ?namesake }} }}
  UNION {{ ?entity foaf:name ?label . BIND(?label AS ?alias) }}
  UNION {{ ?page rdfs:label ?label ; dbo:wikiPageRedirects ?entity . BIND(?label AS ?alias) }}
  UNION {{ ?page rdfs:label ?label ; dbo:wikiPageDisambiguates ?entity }}
"""
    + EVIDENCE
    + "}} LIMIT {limit}"
)
# Virtuoso's search in texts, as an IRI in full: to any other endpoint it is a predicate that nothing has.
CONTAINS = "<bif:contains>"
BY_WORDS = (
    PREFIXES
    + f"""SELECT DISTINCT ?label ?entity ?name ?work ?creator ?year WHERE {{{{
  ?entity rdfs:label ?label . ?label {CONTAINS} "{{expression}}" . FILTER(lang(?label) = "en")
  ?entity a ?class . VALUES ?class {{{{ {{classes}} }}}}
"""
    + EVIDENCE
    + "}} LIMIT {limit}"
)
PROBE = f"""{PREFIXES}SELECT ?entity WHERE {{
  ?entity rdfs:label ?label . ?label {CONTAINS} "'novel'"
}} LIMIT 1"""


def by_labels(source: Source, works: list[Work], classes: Iterable[str], report: Report) -> dict[str, list[Candidate]]:
    """Find candidates by the labels of the works: lists by item id.

    Args:
        source: the endpoint or dump.
        works: that are looked for.
        classes: IRIs of those whose members are works.
        report: where candidates that are no IRI are counted; they are left out.
    """
    labels = {work.item_id: candidate_labels(work) for work in works}
    asked = list(dict.fromkeys(label for own in labels.values() for label in own))
    found: dict[str, dict[str, Candidate]] = {}
    query = BatchQuery(partial(_label_query, list(classes)), ("label", "entity"), UNKNOWN)
    for row in answers.answers(source, asked, query, report):
        _add(found.setdefault(row["label"], {}), row, report)
    return {
        item_id: merged(candidate for label in own for candidate in found.get(label, {}).values())
        for item_id, own in labels.items()
    }


def has_full_text(source: Source, report: Report) -> bool:
    """Ask an endpoint for one label with the word "novel"; where it has no search in texts, there is none.

    Raises:
        KgrecError: as the source says, but for an endpoint that chokes on such a search, which is noted.
    """
    try:
        return bool(source.select(PROBE, ("entity",)))
    except PartialAnswerError:  # too slow even for this
        return False
    except RefusedError as error:
        if error.status not in CHOKING:
            raise
        report.notes.append(
            f"The endpoint answers a search by words with HTTP status {error.status}, so titles were looked up by "
            "labels only: `full_text = false` in [dbpedia] leaves the question."
        )
        return False


def by_words(source: Source, works: list[Work], classes: Iterable[str], report: Report) -> dict[str, list[Candidate]]:
    """Find candidates that have all the words of a work's name in their label: lists by item id; as `by_labels`."""
    words = {work.item_id: sought for work in works if (sought := sought_words(work.title))}
    asked = list(dict.fromkeys(" ".join(own) for own in words.values()))
    found: dict[str, Candidate] = {}
    query = BatchQuery(partial(_word_query, list(classes)), ("label", "entity"), UNKNOWN)
    for row in answers.answers(source, asked, query, report):
        _add(found, row, report)
    tokens = [(candidate, set(_words(candidate.label))) for candidate in found.values()]
    return {
        item_id: [candidate for candidate, theirs in tokens if theirs.issuperset(own)] for item_id, own in words.items()
    }


def sought_words(title: str) -> list[str]:
    """Words of a title that its entity's label must have: those of its shortest head, up to six.

    A word is ASCII letters and digits, so that nothing of a title ends the expression it is written into; words that
    search engines pass over, and those with an apostrophe or an accent, are left out.
    """
    heads = [form.text for form in read_name(title).forms if form.role != "tail"]
    words = _words(min(heads, key=len, default=""))
    return words[:MOST_WORDS] if sum(map(len, words)) > 3 else []


def _words(text: str) -> list[str]:
    words = dict.fromkeys(re.findall(r"[\w'\u2019]+", text.casefold()))
    return [word for word in words if len(word) > 2 and word.isascii() and word.isalnum() and word not in PASSED_OVER]


def merged(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Make one candidate of those of one entity."""
    merged: dict[str, Candidate] = {}
    for one in candidates:
        known = merged.setdefault(one.uri, Candidate(one.uri, one.label))
        known.is_work |= one.is_work
        known.kinds |= one.kinds
        known.classes |= one.classes
        known.creators |= one.creators
        known.aliases |= one.aliases
        known.years |= one.years
    return list(merged.values())


def _add(found: dict[str, Candidate], row: Solution, report: Report) -> None:
    """Add what a row says of an entity."""
    if not is_iri(row["entity"]):
        report.skipped["candidates that are no IRI"] += 1
        return
    candidate = found.setdefault(row["entity"], Candidate(row["entity"], row.get("name", row["label"])))
    if "work" in row:
        candidate.is_work = True
        candidate.classes.add(row["work"])
        if (kind := WORK_CLASSES.get(row["work"])) is not None:  # a class that a domain names has none
            candidate.kinds.add(kind)
    if "alias" in row:
        candidate.aliases.add(row["alias"])
    if "creator" in row:
        candidate.creators.add(row["creator"])
    if YEAR.fullmatch(row.get("year", "")):
        candidate.years.add(int(row["year"]))


def _label_query(classes: list[str], labels: list[str]) -> str:
    return _written(BY_LABEL, classes, labels=" ".join(map(english, labels)))


def _word_query(classes: list[str], sought: list[str]) -> str:
    alternatives = ("(" + " AND ".join(f"'{word}'" for word in words.split()) + ")" for words in sought)
    return _written(BY_WORDS, classes, expression=" OR ".join(alternatives))


def _written(query: str, classes: list[str], **values: str) -> str:
    return query.format(
        classes=iris(classes),
        creators=iris(CREATOR_PREDICATES),
        dates=iris(DATE_PREDICATES),
        limit=answers.ROW_LIMIT,
        **values,
    )
