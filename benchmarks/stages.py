"""Seconds and peak memory of every stage of the demo, each in a process of its own, and the server's peak memory.

    python -m benchmarks.stages [--users 3000] [--items 1500]

Everything is made in a temporary folder, by a managed Neo4j of its own on the ports given; nothing of it stays.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import click

from kgrec.server.managed import ManagedServer


def run(arguments: list[str], environment: dict[str, str], log: Path) -> tuple[float, float]:
    """Run a command to its end; return seconds and peak resident memory in MiB."""
    start = time.monotonic()
    with log.open("ab") as output:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)]
        pid = os.posix_spawn(arguments[0], arguments, environment, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
    if status:
        raise click.ClickException(f"{' '.join(arguments)} failed:\n{log.read_text()[-2_000:]}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def peak(pid: int) -> float:
    """Peak resident memory of a running process, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


@click.command()
@click.option("--users", default=3_000, show_default=True)
@click.option("--items", default=1_500, show_default=True)
@click.option("--bolt-port", default=27687, show_default=True)
@click.option("--http-port", default=27474, show_default=True)
def main(users: int, items: int, bolt_port: int, http_port: int) -> None:
    """Run the demo's commands and print a table of what each took."""
    with tempfile.TemporaryDirectory(prefix="kgrec-stages-") as name:
        folder = Path(name)
        shop, trained = folder / "shop", ["--run", str(folder / "run")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KGREC_NEO4J_")}
        environment |= {"KGREC_HOME": name}
        files = ["--reviews", str(shop / "reviews.json.gz"), "--metadata", str(shop / "metadata.json.gz")]
        stages = {
            "db start": ["db", "start", "--bolt-port", str(bolt_port), "--http-port", str(http_port)],
            "synthetic shop": ["--out", str(shop), "--users", str(users), "--items", str(items)],
            "load amazon": ["load", "amazon", *files],
            "load dbpedia": ["load", "dbpedia", "--dump", str(shop / "dbpedia.nt")],
            "load embeddings": ["load", "embeddings"],
            "train personas": ["train", "personas", *trained],
            "train sasrec": ["train", "sasrec", *trained],
            "evaluate": ["evaluate", *trained],
            "recommend": ["recommend", "--user", "A000000001SYN", *trained],
        }
        server = ManagedServer(folder / "neo4j")
        print("| stage | seconds | peak MiB |\n|---|---|---|")
        try:
            for stage, arguments in stages.items():
                module = "synthetic" if stage == "synthetic shop" else "kgrec"
                seconds, memory = run([sys.executable, "-m", module, *arguments], environment, folder / "log")
                print(f"| {stage} | {seconds:.1f} | {memory:.0f} |")
            status = server.status()
            print(f"| the server, over all | | {peak(status.pid) if status else 0:.0f} |")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
