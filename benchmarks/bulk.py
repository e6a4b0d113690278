"""How long `kgrec load recbole --bulk` takes, beside the bare import of the same files and the load over Bolt.

    python -m benchmarks.bulk 1000000 [--rounds 3] [--online] [--json FILE]

The interactions are made up: items by a power law, each user's in visits of some four within an hour. Bare is one run
of neo4j-admin on the CSV files of the very load, Java's start included. A round runs the bare import, then the command
as a user calls it, in a process of its own, which ends when the graph has its constraints and the server answers again.
The server is started in a folder of its own and removed; ratios are to the bare time of the same round.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

from kgrec.server.managed import ManagedServer
from kgrec.server.offline import CSV, DATABASE, STORES, import_folder, run_import
from kgrec.server.process import read_options

START = 1_300_000_000
VISIT = 4  # interactions


def write_interactions(folder: Path, count: int) -> None:
    """Write ``count`` interactions of count/10 users with up to count/20 items as ``made.inter``."""
    draw = np.random.default_rng(0)
    visit = np.arange(count) // VISIT
    user = draw.integers(0, max(1, count // 10), visit[-1] + 1)[visit]
    item = (draw.pareto(0.7, count) * 10).astype(np.int64) % max(1, count // 20)
    seconds = START + draw.integers(0, 10**8, visit[-1] + 1)[visit] + draw.integers(0, 3_600, count)
    rating = draw.integers(1, 6, count)
    with (folder / "made.inter").open("w", encoding="ascii") as file:
        file.write("user_id:token\titem_id:token\trating:float\ttimestamp:float\n")
        rows = zip(user.tolist(), item.tolist(), rating.tolist(), seconds.tolist(), strict=True)
        file.writelines(f"u{row[0]}\ti{row[1]}\t{row[2]}\t{row[3]}\n" for row in rows)


def seconds_of(command: list[str], home: Path) -> float:
    """Run a command of kgrec against the server of a home, and return how long it took."""
    began = time.monotonic()
    whole = [sys.executable, "-m", "kgrec", *command]
    subprocess.run(whole, env=os.environ | {"KGREC_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def bare(server: ManagedServer, files: Path) -> float:
    """Import the files of ``--bulk --out`` and nothing else, and return how long it took."""
    script = shlex.split((files / "import.sh").read_text(encoding="utf-8"), comments=True)
    with import_folder(server.home) as folder:
        (folder / CSV).rmdir()
        (folder / CSV).symlink_to(files)
        jars = server.release.jars()
        began = time.monotonic()
        arguments = script[script.index("--overwrite-destination") + 1 :]
        run_import(jars, read_options(server.home).heap, folder, arguments, lambda *_: None)
        return time.monotonic() - began


def start_empty(server: ManagedServer, ports: tuple[int, int]) -> None:
    """Start the server with an empty graph."""
    server.stop()
    for store in STORES:
        shutil.rmtree(server.home / "data" / store / DATABASE, ignore_errors=True)
    server.start(*ports)


@click.command()
@click.argument("count", type=click.IntRange(min=1_000), default=1_000_000)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--online", is_flag=True, help="Load over Bolt as well, in each round.")
@click.option("--bolt-port", type=int, default=21687, show_default=True)
@click.option("--http-port", type=int, default=22687, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the rows to this file as well.")
def main(count: int, rounds: int, online: bool, bolt_port: int, http_port: int, json_file: Path | None) -> None:
    """Import COUNT made-up interactions, bare and by the command, and print how long each took."""
    with tempfile.TemporaryDirectory() as name:
        home, data, files = (Path(name) / part for part in ("home", "data", "files"))
        data.mkdir()
        write_interactions(data, count)
        server = ManagedServer(home / "neo4j")
        load = ["load", "recbole", str(data)]
        taken: dict[str, list[float]] = {"bare import": []}
        try:
            seconds_of([*load, "--bulk", "--out", str(files)], home)
            for _ in range(rounds):
                start_empty(server, (bolt_port, http_port))
                taken["bare import"].append(bare(server, files))
                taken.setdefault("load --bulk", []).append(seconds_of([*load, "--bulk"], home))
                if online:
                    start_empty(server, (bolt_port, http_port))
                    taken.setdefault("load over Bolt", []).append(seconds_of(load, home))
        finally:
            server.stop()
    rows = [_row(what, seconds, taken["bare import"], count) for what, seconds in taken.items()]
    print(f"{count:,} interactions, {rounds} rounds, load of the machine {os.getloadavg()[0]:.1f}")
    for row in rows:
        print("{name:<16}{seconds:>8.1f} s{per_second:>12,.0f}/s   {ratio_median:.2f} times bare "
              "({ratio_min:.2f} to {ratio_max:.2f})".format(**row))  # fmt: skip
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _row(what: str, seconds: list[float], bare_seconds: list[float], count: int) -> dict[str, Any]:
    ratios = [one / other for one, other in zip(seconds, bare_seconds, strict=True)]
    return {
        "name": what,
        "seconds": median(seconds),
        "per_second": count / median(seconds),
        "ratio_median": median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "rounds": len(seconds),
    }


if __name__ == "__main__":
    main()
