"""Who counts has a bar shown while something is taken, and a spinner before and after; for nobody else is anything."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from gnn import clusters
from kgrec import counted as module
from kgrec.counted import counting, uncounted
from kgrec.server.offline import _how_far
from kgrec.terminal import silence
from recommender import baselines
from tests.unit.datasets import dataset

Taken = TypeVar("Taken")

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"

IMPORT = """\
Import starting 2026-11-28 00:47:43.014+0000
  Estimated number of nodes: 1.09 M

(1/4) Node import 2026-11-28 00:47:43.058+0000
.......... .......... .......... .......... ..........  95% ∆0ms [5s 387ms]
.......... .......... .......... .......... .......... 100% ∆0ms [5s 388ms]
Node import COMPLETED in 5s 390ms

(2/4) Relationship import 2026-11-28 00:47:48.449+0000
"""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, where each move of a bar is made."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(module, "OFTEN", 0.0)


class Promised:
    """Notes what was given, and how much was said to come."""

    def __init__(self) -> None:
        self.given: dict[str, tuple[int, int | None]] = {}

    def __call__(self, given: Iterable[Taken], unit: str, total: int | None) -> Iterator[Taken]:
        taken = 0
        for one in given:
            taken += 1
            yield one
        self.given[unit] = taken, total


def test_what_is_counted_has_a_bar_with_the_time_left(
    seen: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def rows() -> Iterator[int]:
        nonlocal now
        for row in range(4):
            now += 10.0
            yield row

    with counting("reading") as counted:
        assert list(counted(rows(), "users", 8)) == [0, 1, 2, 3]
    told = capsys.readouterr()
    assert told.out == "" and all(word in told.err for word in ("reading", "━", "3 users", "0:01:07 left"))


def test_a_count_that_nobody_knows_is_told_as_far_as_it_is(seen: None, capsys: pytest.CaptureFixture[str]) -> None:
    with counting("marking") as counted:
        assert list(counted("abc", "users", None)) == ["a", "b", "c"]
    told = capsys.readouterr().err
    assert "2 users" in told and "left" not in told


@pytest.mark.parametrize("given", [[], [1, 2]])
def test_there_is_a_spinner_where_nothing_is_counted(
    given: list[int], seen: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with counting("projecting") as counted:
        for one in given:
            list(counted([one], "users", 1))
        capsys.readouterr()
    told = capsys.readouterr().err
    assert "projecting" in told and "━" not in told


@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_shown_where_nobody_looks(
    quiet: bool, seen: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not quiet:
        monkeypatch.delenv("FORCE_COLOR")  # so it is no terminal
    silence(quiet)
    try:
        with counting("reading") as counted:
            assert counted is uncounted and list(counted(range(3), "users", 3)) == [0, 1, 2]
    finally:
        silence(False)
    told = capsys.readouterr()
    assert told.out == told.err == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("of the reader")])
def test_the_bar_ends_with_who_takes_what_is_counted(
    error: BaseException, seen: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)) as raised, counting("reading") as counted:
        for _ in counted(range(3), "users", 3):
            raise error
    told = capsys.readouterr().err
    assert raised.value is error
    assert "━" in told and told.count(HIDE_CURSOR) == told.count(SHOW_CURSOR) == 2  # of the spinner and of the bar


def test_as_many_settings_are_tried_as_were_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset([[1, 2, 3], [2, 3, 4], [3, 4, 1]], [4, 1, 2], [0, 0, 0], 4)
    promised = Promised()
    assert baselines.choose(data, promised) == baselines.choose(data)
    assert promised.given == {"settings": (29, 29)}
    monkeypatch.setattr(baselines, "EASE_ITEMS", 3)
    baselines.choose(data, promised)
    assert promised.given == {"settings": (5, 5)}


def test_numbers_of_personas_and_draws_are_counted() -> None:
    noise = np.random.default_rng(0).standard_normal((60, 5))
    vectors, promised = noise / np.linalg.norm(noise, axis=1, keepdims=True), Promised()
    chosen, tried = clusters.choose(vectors, 0, promised)
    assert (chosen, tried) == clusters.choose(vectors, 0)
    assert clusters.stability(vectors, 3, 0, promised) == clusters.stability(vectors, 3, 0)
    assert promised.given == {"draws": (clusters.RESAMPLES,) * 2}  # numbers end where there are too few users for more


@pytest.mark.parametrize(
    ("said", "far"),
    [
        ("", (0, "")),
        (IMPORT[: IMPORT.index("95%")], (0, "Node import")),
        (IMPORT[: IMPORT.index("100%")], (24, "Node import")),
        (IMPORT, (25, "Relationship import")),
        (f"{IMPORT}..........  40% ∆0ms [1s]\n", (35, "Relationship import")),
    ],
)
def test_an_import_says_how_far_it_is(said: str, far: tuple[int, str], tmp_path: Path) -> None:
    (tmp_path / "output.txt").write_text(said, encoding="utf-8")
    assert _how_far(tmp_path / "output.txt") == far
