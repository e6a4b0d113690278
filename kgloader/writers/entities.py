"""What RecBole's .link and .kg files say, as writes: entities, their items and their facts."""

from dataclasses import asdict

from kgloader.dbpedia.predicates import FACT_TYPES, local_name
from kgloader.labels import guessed_label
from kgloader.readers.records import Fact, Link
from kgloader.report import Report
from kgloader.writers.interactions import Write, known_items
from kgrec.graph.database import Database
from kgrec.graph.transaction_size import NODE, RELATIONSHIP

FACTS_PER_BATCH = 10_000
FACT = 2 * NODE + RELATIONSHIP  # bytes that the server needs for one, with what it ties
# RecBole's relations are often local names where DBpedia's are whole IRIs.
RELATION_TYPES = FACT_TYPES | {local_name(iri): type_ for iri, type_ in FACT_TYPES.items()}


def link_writes(database: Database, batch: list[Link], report: Report) -> list[Write]:
    """Items and the entities they are."""
    known = known_items(database, {link.item_id for link in batch})
    rows = [asdict(link) | {"label": guessed_label(link.uri)} for link in batch if link.item_id in known]
    report.skipped["links of items without interactions"] += len(batch) - len(rows)
    return [Write("load/links", rows, "Entity", "SAME_AS")]


def fact_writes(database: Database, batch: list[Fact], report: Report) -> list[Write]:
    """Triples between entities: typed where the relation is known, by its IRI or its local name."""
    typed, other = [], []
    for fact in batch:
        type_ = RELATION_TYPES.get(fact.relation)
        if type_:
            typed.append({"head": fact.head, "type": type_, "tail": fact.tail})
        else:
            other.append({"head": fact.head, "predicate": fact.relation, "tail": fact.tail})
    uris = dict.fromkeys(uri for fact in batch for uri in (fact.head, fact.tail))
    entities = [{"uri": uri, "label": guessed_label(uri)} for uri in uris]
    return [
        Write("load/recbole_entities", entities, node="Entity"),
        Write("load/typed_facts", typed, relationship="typed facts"),
        Write("load/recbole_other_facts", other, relationship="RELATED_TO"),
    ]
