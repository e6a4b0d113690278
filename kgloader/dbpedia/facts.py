"""The facts of linked entities, and of what those lead to, from an endpoint or a dump."""

from collections import Counter
from collections.abc import Iterable

from more_itertools import chunked

from kgloader.dbpedia import answers
from kgloader.dbpedia.answers import PREFIXES, BatchQuery, Source, iris
from kgloader.dbpedia.hops import Hop
from kgloader.dbpedia.literals import literal_predicates, literal_properties
from kgloader.dbpedia.settings import DBpediaSettings
from kgloader.dbpedia.solutions import Solution
from kgloader.dbpedia.sparql import is_iri
from kgloader.dbpedia.vocabulary import vocabulary
from kgloader.labels import guessed_label
from kgloader.report import Report, progress_bar
from kgrec.dbpedia import RESOURCE
from kgrec.graph.database import Database
from kgrec.text import shown

UNKNOWN = f"{RESOURCE}kgrec"  # an entity that there is not
NAMED = 5  # ids that are no IRIs, in a report
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
# English labels, and literals with the predicate that they belong to.
LABELS = (
    PREFIXES
    + """SELECT DISTINCT ?entity ?label ?predicate ?value WHERE {{
  VALUES ?entity {{ {entities} }}
  {{ ?entity rdfs:label ?label . FILTER(lang(?label) = "en") }}
  {literals}
}} LIMIT {limit}"""
)
LITERALS = "UNION {{ VALUES ?predicate {{ {predicates} }} ?entity ?predicate ?value . FILTER(isLiteral(?value)) }}"


def fetch_facts(
    database: Database, source: Source, settings: DBpediaSettings, hops: Iterable[Hop], report: Report
) -> None:
    """Fetch labels, literals and allow-listed facts of every linked entity, a batch at a time; each is one transaction.

    The second ``hops`` follow, in their order. Entities whose id only looks like an IRI cannot be asked for; they are
    counted as skipped.
    """
    types = vocabulary(database).fact_types
    uris = _asked_for([row["uri"] for row in database.read("load/linked_entities")], report)
    labels_query = BatchQuery(lambda some: _labels_query(some, settings.literals), ("entity",), UNKNOWN)
    with progress_bar("facts", "entities", len(uris)) as advance:
        for batch in chunked(uris, settings.batch_size):
            facts = _facts(source, batch, types, report)
            told = answers.answers(source, batch, labels_query, report)
            labels = {row["entity"]: row["label"] for row in reversed(told) if "label" in row}
            _write_facts(database, batch, facts, types, labels, literal_properties(told), report)
            advance(len(batch))
    report.read["entities looked up"] += len(uris)
    for hop in hops:
        _fetch_second_hop(database, source, hop, settings, report)


def _fetch_second_hop(database: Database, source: Source, hop: Hop, settings: DBpediaSettings, report: Report) -> None:
    """Fetch the facts of one predicate of what items' entities lead to, at most ``hub_facts`` of an entity."""
    uris = _asked_for([row["uri"] for row in database.read("load/first_hop_ends", type=hop.first)], report)
    with progress_bar(hop.text, "entities", len(uris)) as advance:
        for batch in chunked(uris, settings.batch_size):
            seen: Counter[str] = Counter()
            kept: dict[tuple[str, str], Solution] = {}
            for fact in sorted(_facts(source, batch, [hop.predicate], report), key=lambda fact: fact["object"]):
                key = fact["entity"], fact["object"]
                if key in kept:
                    continue
                seen[fact["entity"]] += 1
                if seen[fact["entity"]] <= settings.hub_facts:
                    kept[key] = fact
            report.skipped["facts of hubs"] += seen.total() - len(kept)
            _write_facts(database, [], list(kept.values()), {hop.predicate: hop.second}, {}, {}, report)
            advance(len(batch))


def _asked_for(linked: list[str], report: Report) -> list[str]:
    """Those of the ids that can be asked for; the others are counted, and those that were to be IRIs are named."""
    uris = [uri for uri in linked if is_iri(uri)]
    report.skipped["entities whose id is no IRI"] += len(linked) - len(uris)
    invalid = [uri for uri in linked if "://" in uri and not is_iri(uri)]
    if invalid:
        named = ", ".join(f"'{shown(uri)}'" for uri in invalid[:NAMED])
        more = f" and {len(invalid) - NAMED:,} more" if len(invalid) > NAMED else ""
        report.notes.append(f"No IRI, and passed over: {named}{more}. `kgrec graph check` says how to mend that.")
    return uris


def _facts(source: Source, batch: list[str], predicates: Iterable[str], report: Report) -> list[Solution]:
    query = BatchQuery(lambda some: _facts_query(some, predicates), ("entity", "predicate", "object"), UNKNOWN)
    answer = answers.answers(source, batch, query, report)
    facts = [fact for fact in answer if is_iri(fact["object"])]
    report.skipped["facts whose object is no IRI"] += len(answer) - len(facts)
    return facts


def _write_facts(
    database: Database,
    entities: list[str],
    facts: list[Solution],
    types: dict[str, str],
    labels: dict[str, str],
    literals: dict[str, dict[str, int]],
    report: Report,
) -> None:
    fetched = {entity: labels.get(entity) for entity in entities}
    for fact in facts:
        fetched.setdefault(fact["object"], fact.get("label"))
    triples = [
        {"head": fact["entity"], "type": types[fact["predicate"]], "tail": fact["object"]}
        for fact in facts
        if fact["predicate"] in types
    ]
    rows = list({tuple(triple.values()): triple for triple in triples}.values())
    names = [{"uri": uri, "label": label, "guess": guessed_label(uri)} for uri, label in fetched.items()]
    told = [{"uri": uri, "properties": literals[uri]} for uri in entities if uri in literals]
    entity_summary, fact_summary, _ = database.write_together(
        [
            ("load/entity_labels", {"rows": names}),
            ("load/typed_facts", {"rows": rows}),
            ("load/entity_literals", {"rows": told}),
        ]
    )
    report.nodes["Entity"] += entity_summary.counters.nodes_created
    report.relationships["facts of allow-listed types"] += fact_summary.counters.relationships_created


def _facts_query(entities: list[str], predicates: Iterable[str]) -> str:
    return FACTS.format(entities=iris(entities), predicates=iris(predicates), limit=answers.ROW_LIMIT)


def _labels_query(entities: list[str], literals: Iterable[str]) -> str:
    predicates = literal_predicates(literals)
    union = LITERALS.format(predicates=iris(predicates)) if predicates else ""
    return LABELS.format(entities=iris(entities), literals=union, limit=answers.ROW_LIMIT)
