"""What every stage costs as the data grows: seconds, and the peak memory of the command and of the server.

    python -m benchmarks.growth --out runs/growth [--interactions 10000 --interactions 100000 ...] [--bulk]

Users have 12 interactions on average, and there are five times the square root of the interactions as items; their
popularity follows a power law, categories and authors are shared. Each stage is a command in a process of its own, on a
managed Neo4j of its own with the default heap; all are done once, so what differs by less than a tenth says nothing.
Training is one epoch a model. OUT/growth.json is written after each stage, and a size that is in it already is gone on
with; OUT/growth.svg shows the curves and how steep they are.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from benchmarks.stages import peak, run
from kgrec.files import replacing
from kgrec.server.managed import ManagedServer

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
PER_USER = 12
ITEMS = 5.0  # times the root of the interactions
YEARS = 5 * 365 * 86_400  # seconds


def write_recbole(folder: Path, n: int, seed: int = 0) -> None:
    """Write ``n`` interactions and their items in RecBole's format, none twice."""
    draw = np.random.default_rng(seed)
    n_users, n_items = max(2, n // PER_USER), int(ITEMS * n**0.5)
    popularity = 1 / (10 + np.arange(n_items)) ** 0.8
    pairs = np.zeros(0, dtype=np.int64)
    while len(pairs) < n:
        users = draw.integers(n_users, size=n) * n_items
        pairs = np.unique(
            np.concatenate([pairs, users + draw.choice(n_items, size=n, p=popularity / popularity.sum())])
        )
    pairs = draw.permutation(pairs)[:n]
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(
        {
            "user_id:token": "u" + pd.Series(pairs // n_items).astype(str),
            "item_id:token": "i" + pd.Series(pairs % n_items).astype(str),
            "timestamp:float": 1_300_000_000 + draw.integers(YEARS, size=n),
        }
    ).to_csv(folder / f"{folder.name}.inter", sep="\t", index=False)
    items = np.arange(n_items)
    pd.DataFrame(
        {
            "item_id:token": [f"i{item}" for item in items],
            "title:token_seq": [f"Tale {item} of the {item % 89} winds and {item % 97} seas" for item in items],
            "category:token_seq": [f"Kind {item % 37}" for item in items],
            "author:token": [f"Author {item % (n_items // 5)}" for item in items],
        }
    ).to_csv(folder / f"{folder.name}.item", sep="\t", index=False)


def measure(
    folder: Path, n: int, ports: tuple[int, int], bulk: bool, done: dict[str, Any], keep: Callable[[], None]
) -> None:
    """Measure each stage of one size that is not ``done`` yet; ``keep`` is called after each."""
    data, trained = folder / "data", ["--run", str(folder / "run")]
    if not (data / "data.item").exists():
        write_recbole(data, n)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KGREC_NEO4J_")}
    environment["KGREC_HOME"] = str(folder)
    stages = {
        "load": ["load", "recbole", str(data), *(["--bulk"] if bulk else [])],
        "embeddings": ["load", "embeddings", "--model", "wordllama"],
        "personas": ["train", "personas", "--epochs", "1", *trained],
        "sasrec": ["train", "sasrec", "--epochs", "1", *trained],
        "evaluate": ["evaluate", *trained],
        "recommend": ["recommend", "--user", "u1", *trained],
    }
    server = ManagedServer(folder / "neo4j")  # where $KGREC_HOME has it
    server.start(*ports)
    try:
        for stage, arguments in stages.items():
            if stage in done:
                continue
            Path(f"/proc/{_pid(server)}/clear_refs").write_text("5", encoding="ascii")  # its peak begins anew
            click.echo(f"{n:>10,} {stage}", err=True)
            seconds, memory = run([sys.executable, "-m", "kgrec", *arguments], environment, folder / "log")
            done[stage] = {
                "seconds": round(seconds, 2),
                "client_mib": round(memory),
                "server_mib": round(peak(_pid(server))),  # of another process after --bulk
                "load_average": os.getloadavg()[0],
            }
            keep()
    finally:
        server.stop()


def _pid(server: ManagedServer) -> int:
    found = server.status()
    if found is None:
        raise click.ClickException("the managed Neo4j has ended")
    return found.pid


def slope(sizes: list[int], seconds: list[float]) -> float:
    """How steep the cost is between the two largest sizes: 1 is linear."""
    return float(np.log(seconds[-1] / seconds[-2]) / np.log(sizes[-1] / sizes[-2])) if len(sizes) > 1 else float("nan")


def plot(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw seconds, and peaks of client and server, over the size, each stage a line."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    stages = list(dict.fromkeys(stage for one in results.values() for stage in one))
    for axis, (key, title) in zip(
        axes, {"seconds": "seconds", "client_mib": "client, MiB", "server_mib": "server, MiB"}.items(), strict=True
    ):
        for stage in stages:
            sizes = [int(n) for n, one in results.items() if stage in one]
            axis.plot(sizes, [results[str(n)][stage][key] for n in sizes], marker="o", label=stage)
        axis.set(xscale="log", yscale="log", xlabel="interactions", title=title)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path)
    plt.close(figure)


def table(results: dict[str, dict[str, Any]]) -> list[str]:
    """Lines of Markdown: each stage's seconds, peaks and slope."""
    lines = [
        "| stage | " + " | ".join(f"{int(n):,}" for n in results) + " | slope |",
        "|---" * (len(results) + 2) + "|",
    ]
    for stage in dict.fromkeys(stage for one in results.values() for stage in one):
        cells = [
            "{seconds:.1f} s, {client_mib} + {server_mib} MiB".format(**one[stage]) if stage in one else "-"
            for one in results.values()
        ]
        there = [(int(n), one[stage]["seconds"]) for n, one in results.items() if stage in one]
        steep = slope([n for n, _ in there], [seconds for _, seconds in there])
        lines.append(f"| {stage} | {' | '.join(cells)} | {steep:.2f} |")
    return lines


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--interactions", "sizes", type=click.IntRange(min=1_000), multiple=True, default=SIZES)
@click.option("--bulk", is_flag=True, help="Load by `--bulk`, as one does with millions.")
@click.option("--bolt-port", default=27687, show_default=True)
@click.option("--http-port", default=27474, show_default=True)
def main(out: Path, sizes: tuple[int, ...], bulk: bool, bolt_port: int, http_port: int) -> None:
    """Measure the stages at each size, and print a table."""
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "growth.json"
    results: dict[str, dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}

    def keep() -> None:
        with replacing(kept) as draft:
            draft.write_text(json.dumps(results, indent=1), encoding="utf-8")
        plot(results, out / "growth.svg")

    for n in sorted(sizes):
        started = time.monotonic()
        measure(out / str(n), n, (bolt_port, http_port), bulk, results.setdefault(str(n), {}), keep)
        shutil.rmtree(out / str(n), ignore_errors=True)
        click.echo(f"{n:>10,} done in {time.monotonic() - started:.0f} s", err=True)
    print(*table(results), sep="\n")


if __name__ == "__main__":
    main()
