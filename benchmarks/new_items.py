"""Items and users that a training has never seen: hit rates beside popularity, text-kNN and a training anew.

    python -m benchmarks.new_items --data real-data/ml-100k-saved --run runs/new-items --seed 1 --seed 2 --json new.json

``--data`` is what ``python -m benchmarks.experiment save`` saved; no database is needed. For each seed a tenth of the
items and a tenth of the users are held out of everything that is trained or chosen. Then two kinds of questions are
asked, every system of the same history of items that were not held out, ranked against all items:

- new items: of each user who stayed, the last held-out item behind two others; whatever the user did afterwards is
  taken away, so that nothing learns from it.
- new users: of each user who was held out, the last item.

``kgrec`` is the first stage with the persona coming in late: the table of the trained items, with rows of
the nearest of them for the others, by encoded vectors in the space of the personas. ``not encoded`` is the
same without vectors of the new items, and the placebo hands the encoded vectors round among them. ``trained anew`` has
learned from all items and users, but for the interactions that are asked for. Differences are paired, question by
question, over all seeds; intervals are bootstrapped.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.experiment import DATA, FOLDER
from benchmarks.sequences import MIN_ITEMS
from gnn.item_encoder import item_encoder
from gnn.items import items_of
from gnn.meta_path import MetaPath
from gnn.relationships import Relationships
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors, learn
from gnn.training_graph import training_graph
from kgrec.graph.co_occurrence import neighbours
from kgrec.item_encoder import ItemEncoder
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import fusion
from recommender.asked import Asked, Score, ranks
from recommender.baselines import popularity
from recommender.co_occurring import nearest
from recommender.dataset import Dataset, Personas
from recommender.first_stage import beside
from recommender.scoring import ByModel, by_histories
from recommender.sequences import PADDING, SPLITS, TRAIN, VALIDATION, Sequences
from recommender.settings import SASRecSettings
from recommender.statistics import bootstrap_mean
from recommender.train import choose_fusions
from recommender.trained import BASE_TEXT, load_model, with_persona
from recommender.trainer import train

PART = 0.1  # of items and of users that is held out
BEFORE = 2  # items that a history has at least
FITS = (Fit.VALIDATION, Fit.TEST)
LATE = with_persona("late")
KGREC, ANEW = "kgrec", "trained anew"


@dataclass(frozen=True)
class Questions:
    """Whom what is asked for.

    Attributes:
        histories: item numbers of the whole catalogue. ``[n]``
        targets: ``[n]``
    """

    histories: list[list[int]]
    targets: list[int]

    def asked(self, personas: Personas, n_items: int) -> Asked:
        """Ask with the personas of the histories."""
        nothing = np.zeros(len(self.targets), dtype=np.int64)
        vectors = torch.stack([personas.of_items(history) for history in self.histories])
        return Asked(nothing, self.histories, np.array(self.targets), nothing, vectors, n_items)


@dataclass(frozen=True)
class HeldOut:
    """What a seed holds out.

    Attributes:
        items: which item numbers. ``[n_items + 1]``
        questions: of both kinds, by name.
        before: interactions that a training without the held-out items and users may learn from. ``[n_interactions]``
        anew: those that a training anew may learn from. ``[n_interactions]``
    """

    items: np.ndarray
    questions: dict[str, Questions]
    before: np.ndarray
    anew: np.ndarray


def held_out(dataset: Dataset, seed: int) -> HeldOut:
    """Draw a tenth of items and users, and make the questions."""
    draw, sequences = np.random.default_rng(seed), dataset.sequences
    items = np.zeros(dataset.n_items + 1, dtype=bool)
    items[1 + draw.choice(dataset.n_items, int(dataset.n_items * PART), replace=False)] = True
    users = np.zeros(len(sequences), dtype=bool)
    users[draw.choice(len(sequences), int(len(sequences) * PART), replace=False)] = True
    asked: dict[str, Questions] = {"new items": Questions([], []), "new users": Questions([], [])}
    anew = np.zeros(len(sequences.items), dtype=bool)
    for user, held in enumerate(users.tolist()):
        first, last = int(sequences.offsets[user]), int(sequences.offsets[user + 1])
        new = items[sequences.items[first:last]]
        kept_before = np.cumsum(~new) - ~new
        able = np.flatnonzero((~new if held else new) & (kept_before >= BEFORE))
        end = last
        if len(able):
            end = first + int(able[-1])
            history = sequences.items[first:end]
            mine = asked["new users" if held else "new items"]
            mine.histories.append(history[~items[history]].tolist())
            mine.targets.append(int(sequences.items[end]))
        anew[first:end] = True
    owners = np.repeat(np.arange(len(sequences)), np.diff(sequences.offsets))
    return HeldOut(items, asked, anew & ~items[sequences.items] & ~users[owners], anew)


def learned_from(dataset: Dataset, kept: np.ndarray) -> Dataset:
    """Keep some interactions: the last of each user for validation, all of them for the test fit."""
    sequences = dataset.sequences
    owners = np.repeat(np.arange(len(sequences)), np.diff(sequences.offsets))[kept]
    users, rows = np.unique(owners, return_inverse=True)
    lengths = np.bincount(rows)
    offsets = np.concatenate([[0], lengths.cumsum()])
    splits = np.full(len(rows), TRAIN, dtype=np.int8)
    splits[offsets[1:][lengths >= MIN_ITEMS] - 1] = VALIDATION
    made = Sequences(offsets, sequences.items[kept], splits, sequences.times[kept])
    found = dataclasses.replace(
        dataset, user_ids=[dataset.user_ids[user] for user in users], sequences=made, co_occurrence={}, personas={}
    )
    near = neighbours(dataset.n_items)
    ties = {fit: nearest(made.known(fit).matrix(dataset.n_items), near) for fit in FITS}
    return dataclasses.replace(found, co_occurrence=ties)


def without(dataset: Dataset, items: np.ndarray) -> Dataset:
    """Leave items out that nobody chose in it."""
    stay = np.flatnonzero(~items)  # padding among them
    number = np.cumsum(~items) - 1
    ids = [dataset.item_ids[item - 1] for item in stay[1:]]
    sequences = dataclasses.replace(dataset.sequences, items=number[dataset.sequences.items])
    return dataclasses.replace(
        dataset,
        item_ids=ids,
        titles=[dataset.titles[item - 1] for item in stay[1:]],
        sequences=sequences,
        texts=dataset.texts[torch.from_numpy(stay)],
        facts={kind: sp.csr_matrix(facts[stay]) for kind, facts in dataset.facts.items()},
        co_occurrence={fit: sp.csr_matrix(ties[stay][:, stay]) for fit, ties in dataset.co_occurrence.items()},
    )


def around(graph: StreamedGraph, dataset: Dataset) -> StreamedGraph:
    """Keep of a graph what is around the users and items of a data set, and its interactions."""
    node_of = dict(zip(graph.item_ids, graph.item_nodes.tolist(), strict=True))
    user_of = dict(zip(graph.user_ids, graph.user_nodes.tolist(), strict=True))
    stays = np.isin(graph.item_ids, dataset.item_ids)
    gone = graph.item_nodes[~stays]
    facts = {}
    for name, found in graph.facts.items():
        sources, targets = found.pairs
        kept = ~np.isin(sources, gone) & ~np.isin(targets, gone)
        facts[name] = Relationships.of(sources[kept], targets[kept])
    nodes = np.array([user_of[user_id] for user_id in dataset.user_ids])
    sequences = dataset.sequences
    users = np.repeat(nodes, np.diff(sequences.offsets))
    items = np.array([node_of[item_id] for item_id in dataset.item_ids])[sequences.items - 1]
    interactions = {}
    for number, split in enumerate(SPLITS):
        mine = sequences.splits == number
        if mine.any():
            interactions[split] = Relationships.together([Relationships.of(users[mine], items[mine])])
    return dataclasses.replace(
        graph,
        user_ids=dataset.user_ids,
        user_nodes=nodes,
        interactions=interactions,
        facts=facts,
        item_ids=[item_id for item_id, stay in zip(graph.item_ids, stays, strict=True) if stay],
        item_nodes=graph.item_nodes[stays],
        texts=graph.texts[stays],
        made_of=[of for of, stay in zip(graph.made_of, stays, strict=True) if stay],
    )


class Trained:
    """Personas, the base that starts from texts, and what validation puts beside it, as ``kgrec train`` makes them.

    Args:
        dataset: what is learned from.
        graph: around it.
        run: folder.
        seed: of both.
    """

    def __init__(self, dataset: Dataset, graph: StreamedGraph, run: Path, seed: int):
        hdgi = load_section("hdgi", HDGISettings).model_copy(update={"seed": seed})
        sasrec = load_section("sasrec", SASRecSettings).model_copy(update={"seed": seed})
        self.paths = [MetaPath.parse(path) for path in hdgi.meta_paths]
        self.run, epochs = run, None
        for fit in FITS:
            given = training_graph(graph, fit, self.paths, 0, seed)
            learned = learn(given, hdgi, run, epochs=epochs)
            epochs = learned.history.best_epoch + 1
            dataset = _with_personas(dataset, learned)
        self.dataset, self.items, self.learned = dataset, given.items, learned
        history = train(run, BASE_TEXT, dataset, sasrec)
        choose_fusions(dataset, run, [LATE])
        train(run, BASE_TEXT, dataset, sasrec, Fit.TEST, history.best_epoch + 1)

    @property
    def encoder(self) -> ItemEncoder:
        """What encodes items; nodes go by their ids."""
        assert self.learned.maps is not None
        return item_encoder(self.items, self.learned.maps, self.learned.run_id, lambda nodes: list(map(str, nodes)))

    def encoded(self, graph: StreamedGraph, dataset: Dataset) -> Tensor:
        """Vectors of all items of a larger graph, of those that it has not learned encoded: ``[n_items + 1, dim]``."""
        told, encoder = items_of(graph, Fit.TEST, self.paths), self.encoder
        found = torch.zeros(dataset.n_items + 1, self.learned.items.shape[1])
        known = dict(zip(self.learned.item_ids, self.learned.items, strict=True))
        for row, item_id in enumerate(told.item_ids):
            if item_id in known:
                found[dataset.number[item_id]] = known[item_id]
                continue
            reached = {
                path.steps[1:]: [str(told.end_nodes[path][column]) for column in matrix[[row]].indices]
                for path, matrix in told.reached.items()
            }
            found[dataset.number[item_id]] = encoder(told.texts[[row]], [reached])[0]
        return found

    def score(self, dataset: Dataset) -> Score:
        """Put the first stage over a data set."""
        model = ByModel(load_model(self.run, BASE_TEXT.name, dataset, Fit.TEST))
        return beside(model, fusion.load(self.run, LATE.name), dataset, Fit.TEST)


def _with_personas(dataset: Dataset, learned: UserVectors) -> Dataset:
    users = dict(zip(learned.user_ids, learned.vectors, strict=True))
    items = dict(zip(learned.item_ids, learned.items, strict=True))
    return dataset.with_personas(learned.fit, learned.run_id, users, names={}, items=items)


def with_items(dataset: Dataset, run_id: str, items: Tensor) -> Dataset:
    """Give a data set vectors of its items in the space of the test fit's personas; questions bring their own."""
    found = Personas(run_id, torch.zeros(len(dataset.user_ids), items.shape[1]), [None] * len(dataset.user_ids), items)
    return dataclasses.replace(dataset, personas={Fit.TEST: found})


def by_texts(texts: Tensor) -> Score:
    """Score by the sum of the cosines of texts ``[n_items + 1, text_dim]`` with those of the history."""
    unit = normalize(texts, dim=1)

    def score(asked: Asked) -> Tensor:
        found = torch.stack([unit[history].sum(dim=0) for history in asked.histories]) @ unit.T
        found[:, PADDING] = -torch.inf
        return found

    return score


def measure(dataset: Dataset, graph: StreamedGraph, run: Path, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Ranks of the targets, by kind of question and system: ``[n]`` each."""
    held = held_out(dataset, seed)
    grown = learned_from(dataset, held.before)
    reduced = without(grown, held.items)
    trained = Trained(reduced, around(graph, reduced), run / "held-out", seed)
    vectors = trained.encoded(around(graph, grown), grown)
    new = torch.from_numpy(held.items)
    blank, shuffled = vectors.clone(), vectors.clone()
    blank[new] = 0.0
    own = vectors[new]
    shuffled[new] = own[torch.randperm(len(own), generator=torch.Generator().manual_seed(seed))]
    all_of_them = learned_from(dataset, held.anew)
    anew = Trained(all_of_them, around(graph, all_of_them), run / "anew", seed)
    counts = popularity(grown.sequences.known(Fit.TEST), grown.n_items)
    run_id = trained.learned.run_id
    systems: dict[str, tuple[Score, Personas]] = {}
    for name, items in ((KGREC, vectors), ("not encoded", blank), ("encoded vectors shuffled (placebo)", shuffled)):
        data = with_items(grown, run_id, items)
        systems[name] = trained.score(data), data.personas[Fit.TEST]
    theirs = anew.dataset.personas[Fit.TEST]
    systems["popularity"] = by_histories(counts), theirs
    systems["text-kNN"] = by_texts(dataset.texts), theirs
    systems[ANEW] = anew.score(anew.dataset), theirs
    print(f"seed {seed}: {fusion.load(trained.run, LATE.name).name}; anew: {fusion.load(anew.run, LATE.name).name}")
    return {
        kind: {
            name: ranks(questions.asked(personas, dataset.n_items), score).numpy()
            for name, (score, personas) in systems.items()
        }
        for kind, questions in held.questions.items()
    }


def table(found: list[dict[str, dict[str, np.ndarray]]]) -> list[dict[str, object]]:
    """Hit rates of all seeds' questions together, and what kgrec has more than each system."""
    rows: list[dict[str, object]] = []
    for kind in found[0]:
        of_kind = {name: np.concatenate([seed[kind][name] for seed in found]) for name in found[0][kind]}
        for name, mine in of_kind.items():
            row: dict[str, object] = {"questions": kind, "n": len(mine), "system": name}
            for k in (10, 100):
                hits, best = (mine <= k).astype(float), (of_kind[KGREC] <= k).astype(float)
                one, gain = bootstrap_mean(hits, 0), bootstrap_mean(best - hits, 0)
                row |= {f"HR@{k}": one.mean, f"HR@{k} interval": [one.low, one.high]}
                row |= {f"kgrec more, HR@{k}": gain.mean, f"kgrec more, HR@{k} interval": [gain.low, gain.high]}
            rows.append(row)
    return rows


@click.command()
@click.option("--data", type=DATA, required=True)
@click.option("--run", type=FOLDER, default=Path("runs/new-items"), show_default=True)
@click.option("--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True)
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path))
def main(data: Path, run: Path, seeds: tuple[int, ...], out: Path | None) -> None:
    """Train without some items and users, and once more with them, and ask for them."""
    dataset, graph = Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph")
    rows = table([measure(dataset, graph, run / f"seed-{seed}", seed) for seed in seeds])
    for row in rows:
        figures = (
            f"HR@{k} {row[f'HR@{k}']:.4f} (kgrec {row[f'kgrec more, HR@{k}']:+.4f}, {_ends(row, k)})" for k in (10, 100)
        )
        print(f"{row['questions']}, {row['n']} questions, {row['system']}: {'; '.join(figures)}")
    if out is not None:
        out.write_text(json.dumps(rows, indent=2) + "\n")


def _ends(row: dict[str, object], k: int) -> str:
    low, high = row[f"kgrec more, HR@{k} interval"]  # type: ignore[misc]
    return f"{low:+.4f} to {high:+.4f}"  # type: ignore[has-type]


if __name__ == "__main__":
    main()
