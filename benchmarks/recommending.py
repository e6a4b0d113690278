"""How long one list takes and how many users a second have theirs, on made-up data; no database is asked.

    python -m benchmarks.recommending one --users 1000000 --items 1000000
    python -m benchmarks.recommending batch --users 20000 --items 20000 --rectools PYTHON

`one` asks for single users and gives the median time of a list: by the sequence model alone, and by all sources with a
learned order of the candidates, everything on. `batch` writes the lists of all users to Parquet, in rounds that
alternate with `recommend` of RecTools, which PYTHON has (see benchmarks/peers), at the same sizes and histories: width
64, two blocks, the last 50 items. What the models learned does not change how long they take, so their weights are
drawn. Histories have a mean of about 13 items, popular items more than others. Figures by the processor's seconds stand
beside those by the clock, as a busy machine disturbs them less. ``--json FILE`` keeps all.
"""

import functools
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow.parquet as pq
import scipy.sparse as sp
import torch

from benchmarks.peers.histories import histories
from benchmarks.peers.run import KEEPING_MEMORY
from kgrec.allocation import keep_freed_memory
from kgrec.training.fits import Fit
from recommender.dataset import Dataset, Personas
from recommender.first_stage import MODEL, Part, beside
from recommender.fusion import Fusion
from recommender.learned_order import LearnedOrder
from recommender.sasrec import SASRec
from recommender.scoring import ByModel
from recommender.second_stage import BASE, SecondStage, Stages
from recommender.sequences import NO_TIME, Sequences
from recommender.serving import SCHEMA, Lists, Served, recommend_block
from recommender.settings import SASRecSettings
from recommender.snapshot import Snapshot

NEIGHBOURS, FACTS, DIM = 50, 8, 64  # of an item
BLOCK = 4_096
ROUNDS = 5
K = 10
Seconds = tuple[float, float]  # of the clock, and of the processor
SOURCES = (
    "persona",
    "co-occurrence",
    "co-occurrence, recent",
    "followers",
    "makers and categories",
    "facts of DBpedia",
)


def sparse(rows: int, columns: int, each: int, seed: int, low: bool = False) -> sp.csr_matrix:
    """Draw ``each`` entries of every row but the first, in columns from 1; ``low`` ones more often."""
    generator = np.random.default_rng(seed)
    drawn = generator.random(rows * each, dtype=np.float32)
    places = 1 + ((drawn**3 if low else drawn) * (columns - 1)).astype(np.int32).clip(max=columns - 2)
    bounds = np.concatenate([[0, 0], np.arange(1, rows) * each])
    values = generator.random((rows - 1) * each, dtype=np.float32)
    found = sp.csr_matrix((values, places[: (rows - 1) * each], bounds), shape=(rows, columns))
    found.sum_duplicates()
    return found


def served(given: list[np.ndarray], items: int) -> Served:
    """Make models and tables of drawn numbers, with every source on."""
    torch.manual_seed(1)
    flat = np.concatenate(given)
    facts = {"catalogue": sparse(items + 1, items // 10 + 10, FACTS, 3), "DBpedia": sparse(items + 1, 5_000, FACTS, 4)}
    for one in facts.values():
        one.data[:] = 1.0
    nowhere = torch.nn.functional.normalize(torch.randn(items + 1, DIM), dim=1)
    data = Dataset(
        item_ids=[f"{item:09d}X" for item in range(items)],
        titles=[""] * items,
        user_ids=[f"A{user:09d}" for user in range(len(given))],
        sequences=Sequences(
            np.cumsum([0, *(len(one) for one in given)]),
            flat,
            np.zeros(len(flat), dtype=np.int8),
            np.full(len(flat), NO_TIME),
        ),
        texts=torch.zeros(items + 1, 0),
        texts_digest="",
        facts=facts,
        co_occurrence={Fit.FINAL: sparse(items + 1, items + 1, NEIGHBOURS, 2)},
        split="",
        personas={Fit.FINAL: Personas("", torch.zeros(len(given), DIM), [None] * len(given), nowhere)},
    )
    snapshot = Snapshot.of(data, "")
    model = ByModel(SASRec(items, SASRecSettings()).eval())
    first = beside(model, fusion(), snapshot, Fit.FINAL)
    base = ByModel(SASRec(items, SASRecSettings()).eval())
    stages = Stages(first, Part(lambda: base), snapshot.counts(Fit.FINAL), 100)
    parts = [MODEL, *SOURCES, BASE]
    order = LearnedOrder(parts, [0.1] * (3 * len(parts) + 2), [1.0, 1.0], [1.0, 1.0])
    return Served(snapshot, model, stages, SecondStage(BASE, "learned", order, {}))


def fusion() -> Fusion:
    """Every source on."""
    return Fusion(dict.fromkeys(SOURCES, 0.5), 0.8, 0.0, 0.0)


def median_ms(ask: Callable[[int], object], n: int = 15) -> float:
    """Median time of one of ``n`` questions, after two others."""
    times = []
    for number in range(n + 2):
        start = time.perf_counter()
        ask(number)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[2:])


@click.group()
def main() -> None:
    """Time one list, or many."""
    keep_freed_memory()  # as the command `kgrec` does


@main.command()
@click.option("--users", default=1_000_000, show_default=True)
@click.option("--items", default=1_000_000, show_default=True)
@click.option("--json", "out", type=click.Path(path_type=Path))
def one(users: int, items: int, out: Path | None) -> None:
    """Time the list of one user, of models and tables in memory."""
    given = histories(users, items)
    asker = served(given, items)
    personas = torch.nn.functional.normalize(torch.randn(20, DIM), dim=1)
    for way, answer in (("model alone", asker.lists_by_model), ("all sources", asker.lists)):
        answer([[1]], personas[:1], K)  # makes what is made when it is first asked for
        ms = median_ms(functools.partial(_ask_one, answer, given, personas))
        _report([{"name": f"one user, {items:,} items, {users:,} users: {way}", "ms": ms}], out)


def _ask_one(
    answer: Callable[[list[list[int]], torch.Tensor, int], Lists],
    given: list[np.ndarray],
    personas: torch.Tensor,
    number: int,
) -> None:
    answer([given[number].tolist()], personas[number : number + 1], K)


@main.command()
@click.option("--users", default=20_000, show_default=True)
@click.option("--items", default=20_000, show_default=True)
@click.option("--full", is_flag=True, help="Fifty items for everybody.")
@click.option("--rectools", type=click.Path(exists=True), help="Interpreter that has RecTools.")
@click.option("--json", "out", type=click.Path(path_type=Path))
def batch(users: int, items: int, full: bool, rectools: str | None, out: Path | None) -> None:
    """Write the lists of all users, in turn with RecTools."""
    given = histories(users, items, full)
    asker = served(given, items)
    peer = _start(rectools, users, items, full) if rectools else None
    took: dict[str, list[Seconds]] = {}
    for _ in range(ROUNDS):
        for name, with_sources in (("model alone", False), ("all sources", True)):
            took.setdefault(name, []).append(_seconds(asker, given, with_sources))
        if peer is not None:
            took.setdefault("RecTools", []).append(_ask(peer))
    rows = []
    for name, found in took.items():
        row: dict[str, Any] = {"name": f"batch, {items:,} items, {users:,} users: {name}", "rounds": ROUNDS}
        for place, clock in enumerate(("", "cpu_")):
            row[f"{clock}users_per_second"] = users / statistics.median(one[place] for one in found)
            if peer is not None and name != "RecTools":
                pairs = zip(found, took["RecTools"], strict=True)
                ratios = [theirs[place] / mine[place] for mine, theirs in pairs]
                row[f"{clock}ratio_median"] = statistics.median(ratios)
                row |= {f"{clock}ratio_min": min(ratios), f"{clock}ratio_max": max(ratios)}
        rows.append(row)
    _report(rows, out)
    if peer is not None:
        peer.kill()


def _seconds(asker: Served, given: list[np.ndarray], with_sources: bool) -> Seconds:
    """Write all lists, from item ids to Parquet."""
    snapshot = asker.snapshot
    generator = torch.Generator().manual_seed(1)
    start, begun = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, pq.ParquetWriter(Path(folder) / "lists.parquet", SCHEMA) as file:
        for first in range(0, len(given), BLOCK):
            block = [[snapshot.item_ids[item - 1] for item in one] for one in given[first : first + BLOCK]]
            personas = torch.randn(len(block), DIM, generator=generator).numpy()
            user_ids = [f"A{first + user:09d}" for user in range(len(block))]
            file.write_table(recommend_block(asker, user_ids, block, personas, K, with_sources))
    return time.perf_counter() - start, time.process_time() - begun


def _start(python: str, users: int, items: int, full: bool) -> "subprocess.Popen[str]":
    command = [python, "-m", "benchmarks.peers.recommending", str(users), str(items), str(int(full)), str(K)]
    variables = os.environ | KEEPING_MEMORY
    peer = subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _answer(peer)  # when it is ready
    return peer


def _ask(peer: "subprocess.Popen[str]") -> Seconds:
    assert peer.stdin is not None
    peer.stdin.write("go\n")
    peer.stdin.flush()
    wall, cpu = map(float, _answer(peer).split())
    return wall, cpu


def _answer(peer: "subprocess.Popen[str]") -> str:
    assert peer.stdout is not None
    for line in peer.stdout:
        if line.startswith("took "):
            return line.removeprefix("took ")
    raise click.ClickException("RecTools ended without an answer.")


def _report(rows: list[dict[str, Any]], out: Path | None) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for row in rows:
        row["peak_mib"] = peak
        figures = (f"{name} {value:,.2f}" for name, value in row.items() if isinstance(value, float | int))
        print(f"{row['name']}: {', '.join(figures)}", flush=True)
    if out is not None:
        kept = json.loads(out.read_text()) if out.exists() else []
        out.write_text(json.dumps([*kept, *rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
