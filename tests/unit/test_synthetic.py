"""The made-up shop: the same seed gives the same bytes, formats are true, tastes are in the graph."""

import ast
import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from synthetic.__main__ import main
from synthetic.shopping import shop
from synthetic.world import make_world


def write(folder: Path, *options: str) -> Path:
    arguments = ["--out", str(folder), "--users", "60", "--items", "120", *options]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return folder


def lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


@pytest.mark.parametrize("year", ["2014", "2018", "2023"])
def test_same_seed_same_bytes(tmp_path: Path, year: str) -> None:
    one, two, other = (
        write(tmp_path / name, "--format", year, "--seed", seed) for name, seed in (("a", "1"), ("b", "1"), ("c", "2"))
    )
    for name in ("reviews.json.gz", "metadata.json.gz", "dbpedia.nt"):
        assert (one / name).read_bytes() == (two / name).read_bytes() != (other / name).read_bytes()


def test_formats_are_those_of_their_years(tmp_path: Path) -> None:
    literal = lines(write(tmp_path / "2014", "--format", "2014") / "metadata.json.gz")[0]
    with pytest.raises(json.JSONDecodeError):
        json.loads(literal)
    assert {"asin", "title", "related", "categories"} <= set(ast.literal_eval(literal))
    assert {"asin", "also_buy", "category"} <= set(json.loads(lines(write(tmp_path / "2018") / "metadata.json.gz")[0]))
    newest = write(tmp_path / "2023", "--format", "2023")
    assert {"parent_asin", "main_category", "store"} <= set(json.loads(lines(newest / "metadata.json.gz")[0]))
    assert {"user_id", "parent_asin", "rating", "timestamp"} <= set(json.loads(lines(newest / "reviews.json.gz")[0]))


def test_reviews_are_five_core_in_users_without_repeats(tmp_path: Path) -> None:
    reviews = [json.loads(line) for line in lines(write(tmp_path) / "reviews.json.gz")]
    pairs = Counter((review["reviewerID"], review["asin"]) for review in reviews)
    assert set(pairs.values()) == {1}
    assert min(Counter(review["reviewerID"] for review in reviews).values()) >= 5


def test_dbpedia_file_is_true_n_triples(tmp_path: Path) -> None:
    with (write(tmp_path) / "dbpedia.nt").open("rb") as file:
        triples = list(ox.parse(file, format=ox.RdfFormat.N_TRIPLES))
    predicates = {triple.predicate.value for triple in triples}
    assert {"http://dbpedia.org/ontology/author", "http://purl.org/dc/terms/subject"} <= predicates


def test_themes_predict_the_last_purchase() -> None:
    """A profile of the hidden themes of earlier purchases ranks the last one better than popularity does."""
    world = make_world(400, 300, np.random.default_rng(3))
    baskets: dict[int, list[int]] = {}
    for purchase in shop(world, np.random.default_rng(4)):
        baskets.setdefault(purchase.user, []).append(purchase.item)
    themes = np.zeros((300, world.themes.max() + 1))
    np.put_along_axis(themes, world.themes, 1.0, axis=1)
    popularity = np.bincount([item for items in baskets.values() for item in items[:-1]], minlength=300)
    hits = {"themes": 0, "popularity": 0}
    for items in baskets.values():
        for name, scores in (("themes", themes @ themes[items[:-1]].sum(0)), ("popularity", popularity.astype(float))):
            rivals = np.delete(scores, items)
            hits[name] += int((rivals >= scores[items[-1]]).sum() < 30)
    assert hits["themes"] > 1.5 * hits["popularity"]
