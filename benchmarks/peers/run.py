"""Run a peer in an environment of its own: ``python -m benchmarks.peers.run PEER --dataset DIR --out OUT --seed N``.

The environments lie below the cache folder (about 5 GB each, with torch's CUDA libraries); they are made on first use,
and anew after their requirements changed. Seeds run one after another; what follows the peer's name goes to
`benchmarks.peers` as it is.
"""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import click

from kgrec.settings import cache_home
from tests.matrix import find_python

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = cache_home() / "peers"
PYTHON = "3.11"  # the newest that RecBole's dependencies have wheels for
# The memory of the scores is kept between batches: to fetch it anew took nearly half of RecTools' time.
KEEPING_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(10**11),
    "MALLOC_TOP_PAD_": str(5 * 10**8),
}
VARIABLES = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **KEEPING_MEMORY}
LIBRARIES = {
    "rectools-sasrec": "rectools",
    "rectools-esasrec": "rectools",
    "gsasrec": "gsasrec",
    "recbole-sasrec": "recbole",
}


def environment(library: str) -> Path:
    """Return the interpreter of a library's environment, which is made if need be.

    Raises:
        click.ClickException: there is no Python to make it of.
    """
    folder, requirements = CACHE / library, HERE / f"requirements-{library}.txt"
    made = folder / "bin" / "python"
    stamp = folder / f"made-{zlib.crc32(requirements.read_bytes()):08x}"
    if not stamp.exists():
        python = find_python(PYTHON)
        if python is None:
            raise click.ClickException(f"there is no python{PYTHON} with venv on PATH")
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([made, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
        stamp.touch()
    return made


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("peer", type=click.Choice(list(LIBRARIES)))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True, help="Repeat for several.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(peer: str, seeds: tuple[int, ...], arguments: tuple[str, ...]) -> None:
    """Run PEER with every seed."""
    python = environment(LIBRARIES[peer])
    for seed in seeds:
        command = [str(python), "-m", "benchmarks.peers", peer, "--seed", str(seed), *arguments]
        if subprocess.run(command, env={**os.environ, **VARIABLES}).returncode:
            sys.exit(1)


if __name__ == "__main__":
    main()
