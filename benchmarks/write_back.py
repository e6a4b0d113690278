"""Seconds and memory of putting a persona run in the place of another, at the server's default heap of 1 GiB.

    python -m benchmarks.write_back [--users 600000] [--dim 128]

Users and vectors are made up. Two runs are written one after the other: the second replaces the first. Everything is in
a temporary folder, by a managed Neo4j of its own on the ports given; nothing of it stays.
"""

import time
from typing import Any

import click
import numpy as np
import torch
from more_itertools import chunked

from benchmarks.own_server import connected, own_server
from gnn.identity import Numbers
from gnn.personas import Personas
from gnn.places import plane
from gnn.trainer import UserVectors
from gnn.write_back import write_back
from kgrec.graph.personas import current_personas
from kgrec.graph.schema import ensure_schema
from kgrec.training.fits import Fit
from kgrec.training.loop import History

PERSONAS, PER_USER = 24, 3


def made_up(run_id: str, user_ids: list[str], dim: int, seed: int) -> tuple[UserVectors, Personas]:
    """Make a run of random vectors, with random memberships."""
    generator = np.random.default_rng(seed)
    vectors = torch.from_numpy(generator.standard_normal((len(user_ids), dim), dtype=np.float32))
    nearest = generator.integers(PERSONAS, size=(len(user_ids), 1)) + np.arange(PER_USER)
    names = [f"Persona {number + 1}" for number in range(PERSONAS)]
    weights = np.full((len(user_ids), PER_USER), 1 / PER_USER)
    centres = generator.standard_normal((PERSONAS, dim))
    numbers = Numbers(list(range(1, PERSONAS + 1)), [0.0] * PERSONAS, 0, PERSONAS)
    told: list[list[Any]] = [[] for _ in range(PERSONAS)]
    return (
        UserVectors(
            Fit.FINAL, user_ids, torch.nn.functional.normalize(vectors, dim=1), [], vectors[:0], {}, run_id, History()
        ),
        Personas(
            centres=centres,
            nearest=nearest % PERSONAS,
            weights=weights,
            calibration=None,
            numbers=numbers,
            names=names,
            summaries=names,
            worded_by=[None] * PERSONAS,
            features=told,
            labels={},
            typical=told,
            counter_examples=[None] * PERSONAS,
            plane=plane(vectors[:1000].numpy()),
        ),
    )


@click.command()
@click.option("--users", default=600_000, show_default=True)
@click.option("--dim", default=128, show_default=True)
@click.option("--bolt-port", default=27687, show_default=True)
@click.option("--http-port", default=27474, show_default=True)
def main(users: int, dim: int, bolt_port: int, http_port: int) -> None:
    """Write two runs of so many users and print what each took."""
    user_ids = [f"user-{number:07}" for number in range(users)]
    with own_server(bolt_port, http_port) as connection, connected(connection) as database:
        ensure_schema(database)
        for batch in chunked(user_ids, 20_000):
            database.write("load/spark_users", events=[{"user_id": user_id} for user_id in batch])
        for seed, what in enumerate(("the first run", "a run in its place")):
            run = made_up(f"run-{seed}", user_ids, dim, seed)
            start = time.monotonic()
            write_back(database, *run)
            print(f"{what:<20}{users:>10,} users {time.monotonic() - start:>8.1f} s")
        start = time.monotonic()
        found = current_personas(database)
        print(f"{'read again':<20}{len(found.user_ids):>10,} users {time.monotonic() - start:>8.1f} s")


if __name__ == "__main__":
    main()
