"""``python -m synthetic --out DIR``: write the made-up shop."""

from pathlib import Path

import click
import numpy as np

from synthetic.amazon_files import write_amazon
from synthetic.dbpedia_files import write_dbpedia
from synthetic.shopping import shop
from synthetic.world import make_world

NOTE = """Everything in this folder is synthetic: made by `python -m synthetic`, seed {seed}.
reviews.json.gz, metadata.json.gz: Amazon's format of {year}. dbpedia.nt: N-Triples with DBpedia's vocabulary.
No real customer, author or book is meant.
"""


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to.")
@click.option("--users", type=click.IntRange(min=10), default=3_000, show_default=True)
@click.option("--items", type=click.IntRange(min=50), default=1_500, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--format", "year", type=click.Choice(["2014", "2018", "2023"]), default="2018", show_default=True)
def main(out: Path, users: int, items: int, seed: int, year: str) -> None:
    """Write a made-up book shop: Amazon reviews and metadata, and DBpedia's facts on the same books."""
    out.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    world = make_world(users, items, generator)
    purchases = shop(world, generator)
    write_amazon(out, world, purchases, year, generator)
    write_dbpedia(out / "dbpedia.nt", world, generator)
    (out / "README").write_text(NOTE.format(seed=seed, year=year), encoding="utf-8")
    click.echo(f"{len(purchases)} reviews by {users} users of {items} books in {out}, all made up.")


if __name__ == "__main__":
    main()
