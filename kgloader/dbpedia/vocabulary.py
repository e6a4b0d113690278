"""What is asked of DBpedia for one graph: kgrec's own classes and predicates, and those of the graph's domains."""

from dataclasses import dataclass

from kgloader.dbpedia.kinds import WORK_CLASSES
from kgloader.dbpedia.predicates import FACT_TYPES
from kgrec.graph.database import Database
from kgrec.graph.domains import domains


@dataclass(frozen=True)
class Vocabulary:
    """Classes and predicates by their IRIs.

    Attributes:
        classes: of what an item may be.
        of_domain: those that each domain names, by its name.
        fact_types: relationship type of each predicate; nothing else names one.
    """

    classes: list[str]
    of_domain: dict[str, frozenset[str]]
    fact_types: dict[str, str]


def vocabulary(database: Database) -> Vocabulary:
    """Return what is asked for this graph."""
    classes, of_domain, fact_types = dict.fromkeys(WORK_CLASSES), {}, dict(FACT_TYPES)
    for domain in domains(database):
        classes |= dict.fromkeys(domain.classes)
        of_domain[domain.name] = frozenset(domain.classes)
        fact_types |= domain.predicates
    return Vocabulary(list(classes), of_domain, fact_types)
