"""What feedback is worth: later interactions in the order of their times, by personas that follow and by frozen ones.

    python -m benchmarks.replay --data real-data/ml-100k-saved --run runs/replay --seed 1 --seed 2 --json replay.json

``--data`` is what ``python -m benchmarks.experiment save`` saved, with times; no database is needed. What came before a
border in time is trained on: everything is chosen on each user's last interaction before it. Then nothing is trained
any more. Each later interaction of the users who were known is asked for, in order, just before it happens: by the
first stage with the persona coming in late, and by the persona alone. A user's persona is encoded from items, as
`kgrec.feedback` does it. What the user has had by then is out for all alike.

- ``frozen``: history and persona as they were at the border.
- ``history``: the history follows, the persona is frozen.
- ``updated``: both follow.
- ``placebo``: the history follows, the persona is that of another user at the border.

Hit rates are means of users' means, so that nobody who did much counts for more; differences are paired by user and
bootstrapped over users, who are the same in all seeds. How fast staleness costs is told by how many interactions, and
how many days, lie between the border and the target.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor

from benchmarks.experiment import DATA, FOLDER
from benchmarks.new_items import Trained, around, learned_from
from benchmarks.placebo import shuffled
from gnn.streamed_graph import StreamedGraph
from kgrec.training.fits import Fit
from recommender import fusion
from recommender.asked import Asked, Score, ranks
from recommender.dataset import Dataset
from recommender.sequences import NO_TIME
from recommender.sources import affinity
from recommender.statistics import bootstrap_mean
from recommender.trained import with_persona

FEWEST = 3  # interactions of a user before the border
HITS = (10, 100)
DAY = 24 * 60 * 60 * 1_000
SINCE = ((0, 0), (1, 4), (5, 19), (20, 49), (50, None))  # interactions since the border
DAYS = ((0, 0), (1, 6), (7, 29), (30, None))  # whole days since the border


@dataclass(frozen=True)
class Replay:
    """The interactions behind the border, in the order of their times.

    Attributes:
        users: rows of the data set that was trained on. ``[n]``
        targets: item numbers. ``[n]``
        frozen: histories up to the border. ``[n]``
        had: histories up to the target. ``[n]``
        since: how many interactions lie between the border and the target. ``[n]``
        days: how many whole days do. ``[n]``
    """

    users: np.ndarray
    targets: np.ndarray
    frozen: list[list[int]]
    had: list[list[int]]
    since: np.ndarray
    days: np.ndarray

    def asked(self, personas: Tensor, follows: bool, n_items: int) -> Asked:
        """Ask each question.

        Args:
            personas: ``[n, dim]``
            follows: whether the history is that up to the target.
            n_items: size of the catalogue.
        """
        nothing = np.zeros(len(self.users), dtype=np.int64)
        histories = self.had if follows else self.frozen
        return Asked(nothing, histories, self.targets, nothing, personas, n_items, hidden=self.had)


def replay_of(whole: Dataset, trained: Dataset, border: int) -> Replay:
    """Go through what users who were trained on did from the border on; an item that one had before is passed over."""
    sequences = whole.sequences
    found: list[tuple[int, int, int, list[int], list[int], int, int]] = []
    for user_id, row in trained.row.items():
        place = whole.row[user_id]
        first, last = int(sequences.offsets[place]), int(sequences.offsets[place + 1])
        items, times = sequences.items[first:last].tolist(), sequences.times[first:last]
        start = int(np.searchsorted(times, border))
        if start < FEWEST:
            continue
        for at in range(start, len(items)):
            if items[at] not in items[:at]:
                days = int(times[at] - border) // DAY
                found.append((int(times[at]), row, items[at], items[:start], items[:at], at - start, days))
    found.sort(key=lambda one: one[:2])
    return Replay(
        users=np.array([one[1] for one in found]),
        targets=np.array([one[2] for one in found]),
        frozen=[one[3] for one in found],
        had=[one[4] for one in found],
        since=np.array([one[5] for one in found]),
        days=np.array([one[6] for one in found]),
    )


def measure(
    whole: Dataset, graph: StreamedGraph, run: Path, border: int, seed: int
) -> tuple[Replay, dict[str, np.ndarray]]:
    """Train on what came before the border, and rank what came after: ``[n]`` of each system."""
    before = learned_from(whole, whole.sequences.times < border)
    trained = Trained(before, around(graph, before), run, seed)
    replay = replay_of(whole, trained.dataset, border)
    print(f"seed {seed}: {fusion.load(run, with_persona('late').name).name}", flush=True)
    return replay, answered(replay, trained.dataset, trained.score(trained.dataset), seed)


def answered(replay: Replay, data: Dataset, first: Score, seed: int) -> dict[str, np.ndarray]:
    """Rank what came after in every way.

    Args:
        replay: what came after.
        data: what was trained on, with personas of the test fit.
        first: of the first stage with the persona coming in late.
        seed: of the placebo.

    Returns:
        By the way. ``[n]``
    """
    personas = data.personas[Fit.TEST]
    at_border = torch.stack([personas.of_items(history) for history in data.sequences.known(Fit.TEST).histories])
    followed = torch.stack([personas.of_items(history) for history in replay.had])
    frozen, placebo = at_border[replay.users], shuffled(at_border, seed)[replay.users]
    alone = affinity(personas.items)
    ways: dict[str, tuple[Score, Tensor, bool]] = {
        "frozen": (first, frozen, False),
        "history": (first, frozen, True),
        "updated": (first, followed, True),
        "placebo": (first, placebo, True),
        "persona alone, frozen": (alone, frozen, False),
        "persona alone, updated": (alone, followed, True),
        "persona alone, placebo": (alone, placebo, False),
    }
    return {
        name: ranks(replay.asked(vectors, follows, data.n_items), score).numpy()
        for name, (score, vectors, follows) in ways.items()
    }


PAIRS = (
    ("updated", "frozen"),
    ("updated", "history"),
    ("updated", "placebo"),
    ("history", "frozen"),
    ("persona alone, updated", "persona alone, frozen"),
    ("persona alone, updated", "persona alone, placebo"),
)


def by_user(replay: Replay, values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Mean of some questions' values ``[n]`` of each user who has any."""
    users, rows = np.unique(replay.users[among], return_inverse=True)
    means: np.ndarray = np.bincount(rows, values[among], len(users)) / np.bincount(rows, minlength=len(users))
    return means


def told(replay: Replay, hits: dict[str, np.ndarray], among: np.ndarray) -> dict[str, object]:
    """Hit rates ``[n]`` of the systems, averaged over seeds, and their paired differences, of some questions."""
    means = {name: by_user(replay, values, among) for name, values in hits.items()}
    differences = {}
    for one, other in PAIRS:
        found = bootstrap_mean(means[one] - means[other], seed=0)
        differences[f"{one} - {other}"] = [found.low, found.mean, found.high]
    return {
        "questions": int(among.sum()),
        "users": len(np.unique(replay.users[among])),
        "rates": {name: float(values.mean()) for name, values in means.items()},
        "differences": differences,
    }


def within(values: np.ndarray, first: int, last: int | None) -> np.ndarray:
    """Say which values ``[n]`` lie in a span, both ends among it."""
    found: np.ndarray = (values >= first) & (values <= (np.inf if last is None else last))
    return found


def report(replay: Replay, found: list[dict[str, np.ndarray]]) -> list[dict[str, object]]:
    """All tables: of everything, and by both kinds of staleness."""
    parts: list[tuple[str, np.ndarray]] = [("all", np.ones(len(replay.users), dtype=bool))]
    spans: tuple[tuple[str, np.ndarray, tuple[tuple[int, int | None], ...]], ...] = (
        ("interactions since", replay.since, SINCE),
        ("days since", replay.days, DAYS),
    )
    for what, values, bounds in spans:
        for first, last in bounds:
            name = f"{what}: {first}" + ("" if first == last else "+" if last is None else f" to {last}")
            parts.append((name, within(values, first, last)))
    rows = []
    for name, among in parts:
        for most in HITS:
            hits = {system: np.mean([one[system] <= most for one in found], axis=0) for system in found[0]}
            if among.any():
                rows.append({"part": name, "measure": f"HR@{most}"} | told(replay, hits, among))
    return rows


@click.command()
@click.option("--data", type=DATA, required=True)
@click.option("--run", type=FOLDER, default=Path("runs/replay"), show_default=True)
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3), show_default=True)
@click.option("--before", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="Part that is trained on.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write all numbers here.")
def main(data: Path, run: Path, seeds: tuple[int, ...], before: float, path: Path | None) -> None:
    """Train on what came before a border in time, and ask for what came after."""
    whole, graph = Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph")
    if (whole.sequences.times == NO_TIME).any():
        raise click.UsageError("The interactions have no times.")
    border = int(np.quantile(whole.sequences.times, before))
    measured = [measure(whole, graph, run / f"seed-{seed}", border, seed) for seed in seeds]
    replay, found = measured[0][0], [one for _, one in measured]
    rows = report(replay, found)
    if path is not None:
        path.write_text(json.dumps({"seeds": seeds, "border": border, "rows": rows}, indent=2) + "\n")
    for row in rows:
        print(f"\n{row['part']}, {row['measure']}: {row['questions']} questions of {row['users']} users")
        print("  " + ", ".join(f"{name} {value:.4f}" for name, value in row["rates"].items()))  # type: ignore[attr-defined]
        for name, (low, mean, high) in row["differences"].items():  # type: ignore[attr-defined]
            print(f"  {name}: {mean:+.4f} [{low:+.4f}, {high:+.4f}]")


if __name__ == "__main__":
    main()
