"""What is asked of DBpedia for one graph: kgrec's own classes and predicates, and those of the graph's domains."""

from dataclasses import dataclass

from kgloader.dbpedia.kinds import WORK_CLASSES
from kgloader.dbpedia.predicates import FACT_TYPES, SECOND_TYPES
from kgrec.graph.database import Database
from kgrec.graph.domains import domains


@dataclass(frozen=True)
class Vocabulary:
    """Classes and predicates by their IRIs.

    Attributes:
        classes: of what an item may be.
        of_domain: those that each domain names, by its name.
        fact_types: relationship type of each predicate that items are asked for; nothing else names one.
        second_types: of each that may be asked of what those lead to, all of the former among them.
    """

    classes: list[str]
    of_domain: dict[str, frozenset[str]]
    fact_types: dict[str, str]
    second_types: dict[str, str]


def vocabulary(database: Database) -> Vocabulary:
    """Return what is asked for this graph."""
    classes, of_domain, of_domains = dict.fromkeys(WORK_CLASSES), {}, dict[str, str]()
    for domain in domains(database):
        classes |= dict.fromkeys(domain.classes)
        of_domain[domain.name] = frozenset(domain.classes)
        of_domains |= domain.predicates
    return Vocabulary(list(classes), of_domain, FACT_TYPES | of_domains, SECOND_TYPES | of_domains)
