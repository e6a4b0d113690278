"""What was measured: written whole, read back as it was, refused where it is damaged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kgrec.errors import KgrecError
from recommender.measured import MANIFEST, Measured, System

HOSTILE = ["", "None", "nan", "\u202eevil\nname\t", "[red]/[/]", "a,b", "0", "\x1b[2J", "'; DROP", "e\u0301", "é"]


def example(names: list[str] = HOSTILE) -> Measured:
    users = pd.DataFrame(
        {
            "user_id": pd.Series([*HOSTILE, "u"], dtype="str"),
            "target": pd.Series(["i", *HOSTILE], dtype="str"),
            "history": list(range(1, 13)),
            "learned": [0] * 12,
            "head": [True, False] * 6,
            "persona": pd.Series([None, *HOSTILE], dtype="str"),
        }
    )
    ranks = np.arange(len(names) * 12, dtype=float).reshape(len(names), 12) + 1
    ranks[:, 3] = np.inf
    systems = [System(name, "model", {"Gini": 0.25}, [0.1, 0.2]) for name in names]
    return Measured(users, systems, ranks, {"seed": 7, HOSTILE[3]: HOSTILE, "data": {"tied targets": 1 / 3}})


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    made = example()
    made.save(tmp_path / "evaluation")
    found = Measured.load(tmp_path / "evaluation")
    pd.testing.assert_frame_equal(found.users, made.users)
    assert found.users["persona"].isna().tolist() == [True] + [False] * 11
    assert found.systems == made.systems and found.about == made.about
    assert np.array_equal(found.ranks, made.ranks) and found.ranks.dtype == float
    other = example(["only"])
    other.save(tmp_path / "evaluation")  # over the first
    assert Measured.load(tmp_path / "evaluation").systems == other.systems


def test_ranks_are_those_of_their_names(tmp_path: Path) -> None:
    """The order of the columns in the file does not matter."""
    made = example(["a", "b", "c"])
    made.save(tmp_path)
    pd.read_parquet(tmp_path / "ranks.parquet")[["c", "a", "b"]].to_parquet(tmp_path / "ranks.parquet")
    assert np.array_equal(Measured.load(tmp_path).ranks, made.ranks)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (MANIFEST, b"{"),
        (MANIFEST, b"[]"),
        (MANIFEST, b'{"version": 1}'),
        (MANIFEST, b'{"version": 1, "systems": [{}], "about": {}}'),
        (MANIFEST, b"\xff"),
        (MANIFEST, b"[" * 100_000),
        ("ranks.parquet", b"no parquet"),
        ("users.parquet", b""),
    ],
)
def test_a_damaged_evaluation_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    example().save(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KgrecError, match=f"evaluation in {tmp_path} is damaged"):
        Measured.load(tmp_path)


def test_parts_of_different_evaluations_do_not_go_together(tmp_path: Path) -> None:
    example(["a", "b"]).save(tmp_path / "one")
    example(["a", "c"]).save(tmp_path / "two")
    (tmp_path / "two" / "ranks.parquet").replace(tmp_path / "one" / "ranks.parquet")
    with pytest.raises(KgrecError, match="is damaged"):
        Measured.load(tmp_path / "one")
    made = example(["a"])
    with pytest.raises(ValueError, match=r"1 systems and 11 targets"):
        Measured(made.users.iloc[1:], made.systems, made.ranks, {})


@pytest.mark.parametrize("missing", [MANIFEST, "users.parquet", "ranks.parquet"])
def test_what_is_missing_is_told_with_the_remedy(tmp_path: Path, missing: str) -> None:
    example().save(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(KgrecError, match="holds no evaluation: run `kgrec evaluate` first"):
        Measured.load(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    example().save(tmp_path)
    (tmp_path / MANIFEST).write_text('{"version": 2}')
    with pytest.raises(KgrecError, match="format 2, not 1"):
        Measured.load(tmp_path)


def test_what_was_half_written_is_no_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example().save(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(KgrecError, match=r"cannot be written .*No space left"):
        example().save(tmp_path)
    with pytest.raises(KgrecError, match="holds no evaluation"):
        Measured.load(tmp_path)
    assert not list(tmp_path.glob("*.partial"))
