"""The page on 10^9 interactions: computed from its own constants."""

from benchmarks import billion


def test_the_computed_table_follows_from_the_constants_of_the_page() -> None:
    page = billion.PAGE.read_text(encoding="utf-8")
    found = billion.COMPUTED.search(page)
    assert found is not None and found[0] == billion.computed(page), "run: python -m benchmarks.billion page"


def test_by_hand() -> None:
    """10^8 interactions of 5 million users with half a million items, at round constants."""
    c = dict.fromkeys(billion.constants(billion.PAGE.read_text(encoding="utf-8")), 0.0) | {
        "users_an_interaction": 0.05, "items_an_interaction": 0.005, "load_bulk": 1e5, "load_online": 1e4,
        "load_spark": 2e4, "split": 1e5, "stream": 1e6, "sequences": 1e4, "sequence_interaction": 17, "edges_core": 1e9,
        "dim": 64, "length": 50, "blocks": 2, "negatives": 255, "sasrec_epochs": 10, "flops_core": 1e10,
        "flops_share": 0.5, "efficiency": 0.5, "scores_core": 1e9, "store_interaction": 100, "tables_item": 44,
    }  # fmt: skip
    found = billion.needs(10**8, c)
    assert found["users; items"] == "5,000,000; 500,000"
    assert found["store on disk, vectors with their indexes in it"] == "10 GB"
    assert found["load, `--bulk`"] == "17 min" and found["load, online, one process"] == "2.8 h"
    assert found["stream to arrays, once"] == "2 min" and found["sequences read in their order, once"] == "2.8 h"
    # A position: 3 * 2 * (2 * (6 * 4,096 + 2 * 50 * 64) + 64 * 256) = 470,016 operations; 10^9 of them at 5 * 10^9/s.
    assert billion.position_flops(c) == 470_016
    assert found["SASRec, core hours a fit"] == "26"
    assert found["`torchrun` machines of 32 cores for a fit in a day"] == "1"
    assert found["lists for all users, exact, core hours"] == "1"
    assert found["memory of a worker"] == "0.1 GB"
