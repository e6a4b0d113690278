"""What every command says and leaves when the server under it is killed, and whether the next try makes it whole.

    python -m benchmarks.server_killed [--trials 3] [--only "train personas"] [--json FILE]

Everything is done in a temporary folder, on a made-up shop and a managed Neo4j of its own. Each command of the way runs
once undisturbed. Then, as often as asked, everything is put back to what was before it, the server is killed with -9 at
some moment of the command, and the command is waited for; the server is started again and the command given again.

- *ended* is a command that did not notice: it needed the server no more.
- *told* is one that ended with status 1 and one sentence, its progress and notes aside, on the standard error.
- *went on* is a command that, given again, made the same graph as undisturbed; `evaluate` and `recommend` printed the
  same, too.
- What is neither is a fault: a traceback, more than a sentence, no end within five minutes, another graph.

Nodes and relationships are compared with all their properties but those that tell when a run was made.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import psutil

from benchmarks.own_server import connected
from kgrec.server.managed import ManagedServer
from tests.integration.graph_dump import dump

LONGEST = 300  # seconds that a command may take to end without its server
SAID = ("Error:", "Traceback", "  File", "[", "Transaction", "Failed")  # how errors begin, the last three the driver's
USER = "A000000007SYN"


@dataclass(frozen=True)
class Ended:
    """How a command ended: status, ``None`` where it did not; what it printed; and the seconds it took."""

    status: int | None
    output: str
    errors: str
    seconds: float

    @property
    def sentence(self) -> str:
        """The last line of what it said."""
        lines = self.errors.strip().splitlines()
        return lines[-1] if lines else ""

    @property
    def told(self) -> bool:
        """Whether it failed with one sentence; progress that is no terminal's is none of the lines."""
        said = [line for line in self.errors.splitlines() if line.startswith(SAID)]
        return self.status == 1 and said == [self.sentence]


@dataclass(frozen=True)
class Trial:
    """One kill: at which second, how the command ended, and how it did when it was given again."""

    command: str
    second: float
    outcome: str
    sentence: str
    waited: float
    again: str


class Shop:
    """A folder with a made-up shop, a server, and a run; it can be put aside and put back."""

    def __init__(self, folder: Path, ports: tuple[int, int]):
        self.folder, self.ports = folder, ports
        self.server = ManagedServer(folder / "now" / "neo4j")
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("KGREC_")}
        self.environment |= {"KGREC_HOME": str(folder / "now")}

    def give(self, arguments: list[str], kill_after: float | None = None) -> Ended:
        """Run a command to its end, and kill the server so many seconds after its start."""
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "kgrec", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if kill_after is not None:
            time.sleep(kill_after)
            status = self.server.status()
            assert status is not None
            killed = psutil.Process(status.pid)
            killed.kill()
            killed.wait()
        try:
            output, errors = process.communicate(timeout=LONGEST)
            ended: int | None = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            ended = None
        return Ended(ended, output, errors, time.monotonic() - begun)

    def graph(self) -> Counter[str]:
        """What is in the graph, as text."""
        connection = self.server.connection()
        assert connection is not None
        with connected(connection) as database:
            nodes, relationships = dump(database)
        return Counter(map(repr, [*nodes, *relationships]))

    def put_aside(self, name: str) -> None:
        """Stop the server and keep all that is there under a name."""
        self.server.stop()
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "now", self.folder / name, symlinks=True)

    def put_back(self, name: str) -> None:
        """Make all be as it was when it was put aside, and start the server."""
        self.server.stop()
        shutil.rmtree(self.folder / "now", ignore_errors=True)
        shutil.copytree(self.folder / name, self.folder / "now", symlinks=True)
        self.server.start(*self.ports)


def commands(folder: Path) -> dict[str, list[str]]:
    """The way of the data, with the arguments of each command."""
    shop, trained = folder / "shop", ["--run", str(folder / "now" / "run")]
    files = ["--reviews", str(shop / "reviews.json.gz"), "--metadata", str(shop / "metadata.json.gz")]
    return {
        "load amazon": ["load", "amazon", *files],
        "load dbpedia": ["load", "dbpedia", "--dump", str(shop / "dbpedia.nt")],
        "load embeddings": ["load", "embeddings", "--model", "wordllama"],
        "train personas": ["train", "personas", "--epochs", "20", *trained],
        "train sasrec": ["train", "sasrec", "--epochs", "10", *trained],
        "evaluate": ["evaluate", *trained],
        "recommend": ["recommend", "--user", USER, "--format", "json", *trained],
        "feedback": ["feedback", "--user", USER, "--item", "000000012X", "--timestamp", "1500000000", *trained],
    }


def kill(shop: Shop, name: str, arguments: list[str], second: float, expected: tuple[Ended, Counter[str]]) -> Trial:
    """Kill the server once in a command, and judge what follows."""
    shop.put_back("before")
    ended = shop.give(arguments, second)
    shop.server.start(*shop.ports)
    if ended.status == 0:
        outcome = "ended"
    elif ended.status is None:
        outcome = "FAULT: no end"
    else:
        outcome = "told" if ended.told else f"FAULT: {ended.errors[-2_000:]}"
    second_try = shop.give(arguments)
    undisturbed, graph = expected
    found = shop.graph()
    if second_try.status != 0:
        again = f"FAULT: {second_try.errors[-2_000:]}"
    elif found != graph:
        again = f"FAULT: {sum((found - graph).values())} more, {sum((graph - found).values())} less: " + " / ".join(
            text[:300] for text in [*list(found - graph)[:2], *list(graph - found)[:2]]
        )
    elif name in ("evaluate", "recommend") and second_try.output != undisturbed.output:
        again = "FAULT: it printed something else"
    else:
        again = "went on"
    return Trial(name, round(second, 2), outcome, ended.sentence, round(ended.seconds - second, 1), again)


@click.command()
@click.option("--trials", default=3, show_default=True, help="Kills of each command.")
@click.option("--only", "chosen", multiple=True, help="A command to kill the server under; repeat for several.")
@click.option("--users", default=300, show_default=True)
@click.option("--items", default=150, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--bolt-port", default=27687, show_default=True)
@click.option("--http-port", default=27474, show_default=True)
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the trials.")
def main(
    trials: int,
    chosen: tuple[str, ...],
    users: int,
    items: int,
    seed: int,
    bolt_port: int,
    http_port: int,
    path: Path | None,
) -> None:
    """Kill the server under each command and print a table."""
    draw, made = random.Random(seed), list[Trial]()
    with tempfile.TemporaryDirectory(prefix="kgrec-killed-") as name:
        shop = Shop(Path(name), (bolt_port, http_port))
        size = ["--users", str(users), "--items", str(items)]
        subprocess.run([sys.executable, "-m", "synthetic", "--out", str(Path(name) / "shop"), *size], check=True)
        try:
            shop.server.start(bolt_port, http_port)
            print(
                "| command | killed after, s | it ended | after, s | given again | it said |\n|---|---|---|---|---|---|"
            )
            for command, arguments in commands(Path(name)).items():
                shop.put_aside("before")
                shop.server.start(bolt_port, http_port)
                undisturbed = shop.give(arguments)
                if undisturbed.status != 0:
                    raise click.ClickException(f"{command} failed:\n{undisturbed.errors[-2_000:]}")
                graph = shop.graph()
                shop.put_aside("after")
                for part in range(trials if not chosen or command in chosen else 0):
                    second = undisturbed.seconds * (part + draw.random()) / trials
                    one = kill(shop, command, arguments, second, (undisturbed, graph))
                    made.append(one)
                    print(
                        f"| {command} | {one.second} of {undisturbed.seconds:.1f} | {one.outcome} | {one.waited} "
                        f"| {one.again} | {one.sentence} |",
                        flush=True,
                    )
                shop.put_back("after")
        finally:
            shop.server.stop()
    if path is not None:
        path.write_text(json.dumps([asdict(one) for one in made], indent=2) + "\n", encoding="utf-8")
    faults = sum("FAULT" in one.outcome + one.again for one in made)
    print(f"{len(made)} kills: {sum(one.outcome == 'told' for one in made)} told, {faults} faults")


if __name__ == "__main__":
    main()
