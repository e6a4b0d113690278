"""How well titles are linked to entities: precision and recall by threshold, on real pairs and on labelled titles.

    python -m benchmarks.linking --items v1/items/items_Books.csv --decoys v1/items/items_Movies_and_TV.csv [--fit]

The pairs are those of Amazon-KG v1 (github.com/WangYuhan-0520/Amazon-KG-dataset), whose authors linked a book to every
entity of its name that they found. Candidates are the entities of all books and films of the two files, by label (read
off the IRI) and kind (that of the file); there are no disambiguation pages, authors or years. Books and labelled titles
(tests/data) whose id hashes to an even number choose the weights; the figures are those of the others.
"""

import csv
import hashlib
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import click
import numpy as np
import pyoxigraph as ox
from more_itertools import chunked
from scipy.optimize import minimize

from benchmarks.labelled_titles import LABEL, NAME, RESOURCE, TYPE, entity_triples, labelled_titles
from kgloader.dbpedia import linking
from kgloader.dbpedia.answers import Source
from kgloader.dbpedia.candidates import by_labels, by_words, merged
from kgloader.dbpedia.dump import Dump
from kgloader.dbpedia.kinds import WORK_CLASSES
from kgloader.dbpedia.linking import Candidate, Link, Work
from kgloader.dbpedia.predicates import ONTOLOGY
from kgloader.dbpedia.sparql import Solution
from kgloader.dbpedia.titles import without_brackets
from kgloader.report import Report

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SEARCH = re.compile(r'<bif:contains> "([^"]*)"')
BATCH = 50
PENALTY = 0.5  # on a squared weight, in nats
TIMES = 4  # that a labelled title counts in the fit: there are few of them, and they alone have makers and years
PLAUSIBLE = 1.5  # most "difference" of a pair that the fit believes: a tenth and a half of the letters
BINS = (0.0, 0.5, 0.8, 0.95, 1.0)
THRESHOLDS = (0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Pair:
    """An item, the entities that it is (none where it has none), the last one given, and its candidates."""

    work: Work
    entities: frozenset[str]
    last: str | None
    candidates: list[Candidate]


class Searched:
    """A dump that also searches labels by words, as Virtuoso does: an index in memory, for the benchmark."""

    def __init__(self, dump: Dump, triples: Iterable[ox.Triple]):
        self.dump = dump
        self.labels: dict[str, str] = {}
        self.types: dict[str, list[str]] = defaultdict(list)
        self.index: dict[str, set[str]] = defaultdict(set)
        for triple in triples:
            entity = str(triple.subject.value)  # type: ignore[union-attr]
            if triple.predicate == LABEL:
                self.labels[entity] = triple.object.value  # type: ignore[union-attr]
                for word in re.findall(r"\w+", self.labels[entity].casefold()):
                    self.index[word].add(entity)
            elif triple.predicate == TYPE:
                self.types[entity].append(triple.object.value)  # type: ignore[union-attr]

    def select(
        self,
        query: str,
        needed: tuple[str, ...],
        iris: tuple[str, ...] = (),
        kept_below: int | None = None,
        patience: float | None = None,
    ) -> list[Solution]:
        """Answer a query; of one that searches by words, with labels and types alone."""
        searched = SEARCH.search(query)
        if searched is None:
            return self.dump.select(query, needed)
        found: set[str] = set()
        for alternative in searched[1].split(" OR "):
            found |= set.intersection(*(self.index[word] for word in re.findall(r"'(\w+)'", alternative)))
        return [
            {"label": self.labels[entity], "entity": entity, "work": class_}
            for entity in sorted(found)
            for class_ in self.types[entity]
        ]


@click.command()
@click.option("--items", type=FILE, help="items_Books.csv: id, title (as an expression), IRI.")
@click.option("--decoys", type=FILE, help="items_Movies_and_TV.csv, of which only the IRIs are read.")
@click.option("--words/--no-words", default=True, help="Whether labels are searched by words too.")
@click.option("--fit", is_flag=True, help="Fit the weights on the choosing halves first, and print them.")
def main(items: Path | None, decoys: Path | None, words: bool, fit: bool) -> None:
    """Print tables of precision and recall by threshold."""
    books = real_pairs(items, decoys, words) if items and decoys else []
    titles = labelled_pairs(words)
    if fit:
        weights = fitted([believed(pair) for pair in books if chooses(pair)] + TIMES * list(filter(chooses, titles)))
        linking.WEIGHTS.clear()
        linking.WEIGHTS.update(weights)
        print("WEIGHTS = {\n" + "".join(f'    "{name}": {value:.2f},\n' for name, value in weights.items()) + "}")
    for name, pairs in (("books", books), ("labelled titles", titles)):
        if pairs:
            table(name, [pair for pair in pairs if not chooses(pair)])
            table(f"{name}, both halves", pairs)


def chooses(pair: Pair) -> bool:
    """Whether a pair is of the half that weights are chosen on."""
    return hashlib.sha256(pair.work.item_id.encode()).digest()[0] % 2 == 0


def real_pairs(items: Path, decoys: Path, words: bool) -> list[Pair]:
    """Read the books and look their candidates up."""
    titles: dict[str, str] = {}
    given: dict[str, list[str]] = defaultdict(list)
    entities: dict[str, list[str]] = {"Book": [], "Film": []}
    for item_id, expression, entity in _lines(items):
        titles[item_id] = re.sub(r"\\(.)", r"\1", expression.replace(".*", " ")).strip()
        given[item_id].append(entity)
        entities["Book"].append(entity)
    entities["Film"] = [entity for _, _, entity in _lines(decoys)]
    triples: dict[ox.Triple, None] = {}
    for class_, iris in entities.items():
        for iri in dict.fromkeys(iris):
            node, label = ox.NamedNode(iri), unquote(iri.removeprefix(RESOURCE)).replace("_", " ")
            bare = without_brackets(label)[0] or label
            triples |= dict.fromkeys(
                (
                    ox.Triple(node, LABEL, ox.Literal(label, language="en")),
                    ox.Triple(node, NAME, ox.Literal(bare, language="en")),
                    ox.Triple(node, TYPE, ox.NamedNode(ONTOLOGY + class_)),
                )
            )
    works = [Work(item_id, title, kind="book") for item_id, title in titles.items()]
    found = candidates(works, list(triples), words)
    return [Pair(work, frozenset(given[work.item_id]), given[work.item_id][-1], found[work.item_id]) for work in works]


def labelled_pairs(words: bool) -> list[Pair]:
    """Look up the candidates of the labelled titles."""
    titles = labelled_titles()
    found = candidates([title.work for title in titles], entity_triples(), words)
    return [
        Pair(
            title.work,
            frozenset([title.entity] if title.entity else []),
            title.entity,
            found[title.work.item_id],
        )
        for title in titles
    ]


def candidates(works: list[Work], triples: Sequence[ox.Triple], words: bool) -> dict[str, list[Candidate]]:
    """Look works up by label and, if told to, by words: whatever `kgrec load dbpedia` would find for them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "entities.nt"
        path.write_text("".join(f"{triple} .\n" for triple in triples), encoding="utf-8")
        with Dump([path]) as dump:
            source: Source = Searched(dump, triples)
            found: dict[str, list[Candidate]] = {}
            began, asked = time.process_time(), 0
            for batch in chunked(works, BATCH):
                here = by_labels(source, batch, WORK_CLASSES, Report())
                more = by_words(source, batch, WORK_CLASSES, Report()) if words else {}
                found |= {key: merged([*own, *more.get(key, [])]) for key, own in here.items()}
                asked += 1 + words
            seconds = time.process_time() - began
            print(f"{len(works)} looked up in {seconds:.1f} s of CPU, {asked} queries", file=sys.stderr)
            return found


def believed(pair: Pair) -> Pair:
    """Return a pair without the entities that are called something else: the data link many a book wrongly."""
    ours = {one.uri: linking.evidence(pair.work, one) for one in pair.candidates}
    right = {uri for uri in pair.entities & ours.keys() if ours[uri].get("difference", 0) <= PLAUSIBLE}
    return replace(pair, entities=frozenset(right))


def fitted(pairs: list[Pair]) -> dict[str, float]:
    """Fit the weights of the conditional logit: the most likely ones, with a penalty on their squares."""
    told = [
        (number, one.uri in pair.entities, linking.evidence(pair.work, one))
        for number, pair in enumerate(pairs)
        for one in pair.candidates
        if not linking.is_other_kind(pair.work, one)
    ]
    told = [one for one in told if one[2]]
    names = list(linking.WEIGHTS)
    X = np.array([[evidence.get(name, 0.0) for name in names] for _, _, evidence in told])
    owner, right = np.array([one[0] for one in told]), np.array([one[1] for one in told], dtype=float)
    n = len(pairs)
    has = np.bincount(owner, right, n) > 0

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = np.exp(np.clip(X @ weights, -40, 40))
        total, of_right = 1 + np.bincount(owner, odds, n), np.bincount(owner, odds * right, n)
        of_right[~has] = 1.0
        pull = right * odds / of_right[owner] - odds / total[owner]
        return (
            float(np.log(total).sum() - np.log(of_right).sum() + PENALTY * weights @ weights),
            2 * PENALTY * weights - X.T @ pull,
        )

    return dict(zip(names, minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x.tolist(), strict=True))


def table(name: str, pairs: list[Pair]) -> None:
    """Print a line a threshold.

    Any entity that an item was given is right; under *last* only the last one. A *toss* is what linking would be if the
    first of candidates that look the same were taken as sure as all of them together.
    """
    began = time.process_time()
    best = [(pair, *_best(linking.links(pair.work, pair.candidates))) for pair in pairs]
    seconds = time.process_time() - began
    n = sum(bool(pair.entities) for pair in pairs)
    one = sum(len(pair.entities) == 1 for pair in pairs)
    print(f"\n{name}: {len(pairs)}, {n} with an entity, {one} with one; scored in {seconds:.1f} s of CPU\n")
    print("| threshold | links | precision | recall | precision, last | recall, last | recall of those with one | "
          "precision, toss | recall, toss |")  # fmt: skip
    print("|---" * 9 + "|")
    for threshold in THRESHOLDS:
        made = [(pair, link.candidate.uri) for pair, link, _ in best if link and link.probability >= threshold]
        tossed = [(pair, link.candidate.uri) for pair, link, tied in best if link and tied >= threshold]
        any_, last = sum(uri in pair.entities for pair, uri in made), sum(uri == pair.last for pair, uri in made)
        single = sum(uri in pair.entities and len(pair.entities) == 1 for pair, uri in made)
        toss = sum(uri in pair.entities for pair, uri in tossed)
        shares = [any_ / max(1, len(made)), any_ / n, last / max(1, len(made)), last / n, single / one]
        shares += [toss / max(1, len(tossed)), toss / n]
        print(f"| {threshold} | {len(made)} | " + " | ".join(f"{share:.4f}" for share in shares) + " |")
    print(f"\nProbability {calibration(best)}")


def calibration(best: list[tuple[Pair, Link | None, float]]) -> str:
    """Say for the likeliest candidates, by their probability, what it is in the mean and how often it is right."""
    told = []
    for low, high in pairwise(BINS):
        inside = [(link.probability, link.candidate.uri in pair.entities) for pair, link, _ in best if link
                  and (low <= link.probability < high or link.probability == high == 1)]  # fmt: skip
        if inside:
            mean, right = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            told.append(f"{low} to {high}: {mean:.3f} said, {right:.3f} right ({len(inside)})")
    return "; ".join(told)


def _best(links: list[Link]) -> tuple[Link | None, float]:
    """Return the likeliest link, and the probability of it and those that look the same together."""
    if not links:
        return None, 0.0
    return links[0], sum(link.probability for link in links if link.evidence == links[0].evidence)


def _lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


if __name__ == "__main__":
    main()
