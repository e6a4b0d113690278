"""What the cost curve and the table of ratios are made of."""

import math
from pathlib import Path

import pytest

from benchmarks.growth import slope, table, write_recbole
from benchmarks.run import rows_of
from benchmarks.run import table as ratios
from kgloader.readers.lines import Lines
from kgloader.readers.recbole import read_interactions, read_items


def test_the_files_hold_so_many_different_interactions_of_described_items(tmp_path: Path) -> None:
    write_recbole(tmp_path / "data", 1_000)
    found = [one for _, one in read_interactions(Lines(tmp_path / "data" / "data.inter"))]
    items = {one.item_id for _, one in read_items(Lines(tmp_path / "data" / "data.item"))}
    assert len({(one.user_id, one.item_id) for one in found}) == len(found) == 1_000
    assert {one.item_id for one in found} <= items and len(items) == 158  # five times the root


def test_a_thousandfold_cost_at_a_hundredfold_size_has_slope_one_and_a_half() -> None:
    assert slope([10, 1_000], [0.5, 500.0]) == pytest.approx(1.5)
    assert slope([1, 10, 1_000], [9.0, 0.5, 0.5]) == 0.0  # of the largest two
    assert math.isnan(slope([10], [1.0]))
    measured = {"seconds": 2.0, "client_mib": 10, "server_mib": 20}
    lines = table({"10": {"load": measured}, "1000": {"load": measured | {"seconds": 2_000.0}, "evaluate": measured}})
    assert lines[2] == "| load | 2.0 s, 10 + 20 MiB | 2000.0 s, 10 + 20 MiB | 1.50 |"
    assert lines[3] == "| evaluate | - | 2.0 s, 10 + 20 MiB | nan |"


@pytest.mark.parametrize("beside", [True, False])
def test_ratios_are_told_with_their_spread_and_command(beside: bool) -> None:
    row = {"name": "A", "ratio_median": 2.0, "ratio_min": 1.5, "ratio_max": 2.25, "rounds": 3}
    others = [row, {"name": "no ratio", "seconds": 1.0}]
    found = rows_of({"rows": others, "rounds": []} if beside else others)
    assert found == [row]
    parts = {"part": {"command": "python -m benchmarks.a", "load": 1.0, "rows": found}}
    assert ratios(parts)[2] == "| A | 2.00 | 1.50 to 2.25 | 3 | 1.0 | `python -m benchmarks.a` |"
