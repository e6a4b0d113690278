"""Items linked to DBpedia, and the facts of the linked entities, from an endpoint or a dump."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from more_itertools import chunked

from kgloader.dbpedia.linking import Candidate, Work, best_link, candidate_labels
from kgloader.dbpedia.predicates import CREATOR_PREDICATES, ONTOLOGY
from kgloader.dbpedia.sparql import PartialAnswerError, Solution, english, iri, is_iri
from kgloader.dbpedia.vocabulary import vocabulary
from kgloader.labels import guessed_label
from kgloader.report import Report, progress_bar
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row

ROW_LIMIT = 10_000  # DBpedia's own; an answer of that length may be cut off
IRIS = ("entity", "predicate", "object")  # variables of these queries
SHOWN = 100  # characters of a title or an IRI, in an error
PREFIXES = f"PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\nPREFIX dbo: <{ONTOLOGY}>\n"
# An entity of that label, one that a page of that label redirects to (then the label is another name of the entity),
# or one that such a page disambiguates.
CANDIDATES = (
    PREFIXES
    + """SELECT DISTINCT ?label ?alias ?entity ?name ?work ?creator WHERE {{
  VALUES ?label {{ {labels} }}
  {{ ?entity rdfs:label ?label }}
  UNION {{ ?page rdfs:label ?label ; dbo:wikiPageRedirects ?entity . BIND(?label AS ?alias) }}
  UNION {{ ?page rdfs:label ?label ; dbo:wikiPageDisambiguates ?entity }}
  FILTER(isIRI(?entity))
  OPTIONAL {{ ?entity rdfs:label ?name . FILTER(lang(?name) = "en") }}
  OPTIONAL {{ ?entity a ?work . VALUES ?work {{ {classes} }} }}
  OPTIONAL {{
    ?entity ?made ?maker . VALUES ?made {{ {creators} }}
    ?maker rdfs:label ?creator . FILTER(lang(?creator) = "en")
  }}
}} LIMIT {limit}"""
)
FACTS = (
    PREFIXES
    + """SELECT DISTINCT ?entity ?predicate ?object ?label WHERE {{
  VALUES ?entity {{ {entities} }}
  VALUES ?predicate {{ {predicates} }}
  ?entity ?predicate ?object .
  FILTER(isIRI(?object))
  OPTIONAL {{ ?object rdfs:label ?label . FILTER(lang(?label) = "en") }}
}} LIMIT {limit}"""
)
LABELS = (
    PREFIXES
    + """SELECT DISTINCT ?entity ?label WHERE {{
  VALUES ?entity {{ {entities} }}
  ?entity rdfs:label ?label . FILTER(lang(?label) = "en")
}} LIMIT {limit}"""
)


class Source(Protocol):
    """Something that answers SELECT queries: an endpoint or a dump."""

    def select(self, query: str, needed: tuple[str, ...], iris: tuple[str, ...] = ()) -> list[Solution]:
        """Answer with all solutions, each with a value of the ``needed`` variables; ``iris`` are to be IRIs."""
        ...


def link_items(database: Database, source: Source, batch_size: int, min_score: float, report: Report) -> None:
    """Link the items that have no entity yet, a batch of titles at a time."""
    works = [Work(**row) for row in database.read("load/unlinked_items")]
    classes = vocabulary(database).classes
    with progress_bar("linking", "items", len(works)) as advance:
        for batch in chunked(works, batch_size):
            candidates = _candidates(source, batch, classes, report)
            rows = []
            for work in batch:
                mine = {c.uri: c for label in candidate_labels(work.title) for c in candidates.get(label, [])}
                found = best_link(work, mine.values(), min_score)
                if found is not None:
                    rows.append({"item_id": work.item_id, "uri": found[0], "score": found[1]})
            write_links(database, rows, report)
            report.skipped["items without a sure enough entity"] += len(batch) - len(rows)
            advance(len(batch))


def write_links(database: Database, rows: list[Row], report: Report) -> None:
    """Write ``{item_id, uri, score}`` as SAME_AS: an item keeps the surest link that it was ever given.

    Of equal scores the first counts, whether it stands in the graph or among the rows.
    """
    labelled = [row | {"label": guessed_label(row["uri"])} for row in rows]
    counters = database.write("load/entity_links", rows=labelled).counters
    report.nodes["Entity"] += counters.nodes_created
    report.relationships["SAME_AS"] += counters.relationships_created
    report.removed["SAME_AS of less sure links"] += counters.relationships_deleted


def fetch_facts(database: Database, source: Source, batch_size: int, report: Report) -> None:
    """Fetch labels and allow-listed facts of every linked entity, a batch at a time; each is one transaction.

    Entities whose id only looks like an IRI cannot be asked for; they are counted as skipped.
    """
    fact_types = vocabulary(database).fact_types
    linked = [row["uri"] for row in database.read("load/linked_entities")]
    uris = [uri for uri in linked if is_iri(uri)]
    report.skipped["entities whose id is no IRI"] += len(linked) - len(uris)
    with progress_bar("facts", "entities", len(uris)) as advance:
        for batch in chunked(uris, batch_size):
            answer = _answers(source, batch, partial(_facts_query, fact_types), ("entity", "predicate", "object"))
            facts = [fact for fact in answer if is_iri(fact["object"])]
            report.skipped["facts whose object is no IRI"] += len(answer) - len(facts)
            named = _answers(source, batch, _labels_query, ("entity", "label"))
            labels = {row["entity"]: row["label"] for row in reversed(named)}
            _write_facts(database, batch, facts, labels, fact_types, report)
            advance(len(batch))
    report.read["entities looked up"] += len(uris)


def _candidates(source: Source, works: list[Work], classes: list[str], report: Report) -> dict[str, list[Candidate]]:
    """Candidates by the label that found them."""
    labels = list(dict.fromkeys(label for work in works for label in candidate_labels(work.title)))
    found: dict[str, dict[str, Candidate]] = {}
    for row in _answers(source, labels, partial(_candidates_query, classes), ("label", "entity")):
        if not is_iri(row["entity"]):
            report.skipped["candidates that are no IRI"] += 1
            continue
        named = found.setdefault(row["label"], {})
        candidate = named.setdefault(row["entity"], Candidate(row["entity"], row.get("name", row["label"])))
        candidate.is_work |= "work" in row
        if "alias" in row:
            candidate.aliases.add(row["alias"])
        if "creator" in row:
            candidate.creators.add(row["creator"])
    return {label: list(named.values()) for label, named in found.items()}


def _write_facts(
    database: Database,
    entities: list[str],
    facts: list[Solution],
    labels: dict[str, str],
    fact_types: dict[str, str],
    report: Report,
) -> None:
    fetched = {entity: labels.get(entity) for entity in entities}
    for fact in facts:
        fetched.setdefault(fact["object"], fact.get("label"))
    triples = [
        {"head": fact["entity"], "type": fact_types[fact["predicate"]], "tail": fact["object"]}
        for fact in facts
        if fact["predicate"] in fact_types
    ]
    rows = list({tuple(triple.values()): triple for triple in triples}.values())
    names = [{"uri": uri, "label": label, "guess": guessed_label(uri)} for uri, label in fetched.items()]
    entity_summary, fact_summary = database.write_together(
        [("load/entity_labels", {"rows": names}), ("load/typed_facts", {"rows": rows})]
    )
    report.nodes["Entity"] += entity_summary.counters.nodes_created
    report.relationships["facts of allow-listed types"] += fact_summary.counters.relationships_created


def _answers(
    source: Source, keys: list[str], query: Callable[[list[str]], str], needed: tuple[str, ...]
) -> list[Solution]:
    """Ask for a batch; where the answer was cut off, or may have been, ask for its halves.

    Raises:
        KgrecError: not even one key is answered whole.
    """
    if not keys:
        return []
    try:
        rows = source.select(query(keys), needed, IRIS)
    except PartialAnswerError as error:
        if len(keys) == 1:
            shown = keys[0] if len(keys[0]) <= SHOWN else f"{keys[0][:SHOWN]}…"
            raise KgrecError(f"The SPARQL endpoint answers {shown!r} in part only: ask again later.") from error
    else:
        if len(rows) < ROW_LIMIT or len(keys) == 1:
            return rows
    middle = len(keys) // 2
    return _answers(source, keys[:middle], query, needed) + _answers(source, keys[middle:], query, needed)


def _candidates_query(classes: list[str], labels: list[str]) -> str:
    return CANDIDATES.format(
        labels=" ".join(map(english, labels)),
        classes=_iris(classes),
        creators=_iris(CREATOR_PREDICATES),
        limit=ROW_LIMIT,
    )


def _facts_query(fact_types: dict[str, str], entities: list[str]) -> str:
    return FACTS.format(entities=_iris(entities), predicates=_iris(fact_types), limit=ROW_LIMIT)


def _labels_query(entities: list[str]) -> str:
    return LABELS.format(entities=_iris(entities), limit=ROW_LIMIT)


def _iris(names: Iterable[str]) -> str:
    return " ".join(map(iri, names))
