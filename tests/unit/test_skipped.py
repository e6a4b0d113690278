"""Broken lines kept aside: what is kept of them, how many may be, and what an interrupted load finds."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kgloader.readers.amazon import read_reviews
from kgloader.readers.lines import Lines
from kgloader.readers.skipped import LONGEST_TEXT, Skipped, Tolerance
from kgrec.errors import KgrecError

GOOD = json.dumps({"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 1390000000})


def write(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return path


def read(path: Path, most: float, folder: Path | None = None) -> tuple[list[int], Skipped]:
    """Numbers of the lines that are good, and the others."""
    skipped = Skipped(path, Tolerance(most, folder))
    numbers = [number for number, _ in read_reviews(Lines(path, skipped))]
    skipped.keep()
    return numbers, skipped


def kept(skipped: Skipped) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in skipped.path.read_text("ascii").splitlines()]
    assert all(len(one.pop("check")) == 8 for one in found)
    assert not found or found[0].pop("entries") == len(found)
    return found


def test_a_broken_line_is_kept_with_its_number_and_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.json", GOOD, "", "\x1b[2J broken", GOOD, b"\xff", "x" * 99_999, "[1]", GOOD)
    numbers, skipped = read(path, 0.6)
    assert numbers == [1, 4, 8]
    assert skipped.path == tmp_path / "reviews.json.skipped.jsonl" and skipped.count == 4
    found = kept(skipped)
    assert [one["line"] for one in found] == [3, 5, 6, 7]
    assert "neither JSON" in found[0]["reason"] and found[0]["text"] == "\x1b[2J broken"
    assert found[1] == {"line": 5, "reason": "not UTF-8 text (byte 1 of the line)", "text": "\\xff"}
    assert len(found[2]["text"]) == LONGEST_TEXT and found[2]["text"].endswith("x…")
    assert found[3]["reason"] == "[1] is not an object with keys"
    assert "\x1b" not in skipped.path.read_text("ascii")


@pytest.mark.parametrize("n_lines", [1, 50])  # they are written when they are noted, or at the end of a batch
def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_lines: int) -> None:
    """The file of the broken lines lies on a device that is always full."""
    path, real = write(tmp_path / "reviews.json", GOOD), Path.open
    skipped = Skipped(path, Tolerance(1.0))

    def full(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return real(Path("/dev/full") if "a" in mode else path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(KgrecError) as error:
        for number in range(1, n_lines + 1):
            skipped.note(number, "broken", "x" * LONGEST_TEXT, number)
        skipped.keep()
    said = f"The broken lines of {path} cannot be kept in {skipped.path}: {os.strerror(errno.ENOSPC)}; --skipped names"
    assert str(error.value).startswith(said)
    skipped.keep()  # what stopped is said with what was loaded, not this once more


def test_another_folder_and_a_load_without_broken_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.json", GOOD, "broken")
    _, skipped = read(path, 0.5, tmp_path / "new" / "folder")
    assert skipped.path == tmp_path / "new" / "folder" / "reviews.json.skipped.jsonl" and len(kept(skipped)) == 1
    _, skipped = read(write(path, GOOD, GOOD), 0.5, tmp_path / "new" / "folder")
    assert not skipped.path.exists() and skipped.count == 0


@pytest.mark.parametrize(
    ("good", "broken", "most", "sentence"),
    [
        (199, 1, 0.005, None),
        (198, 2, 0.005, r"2 of the first 200 lines of .*reviews.json are broken \(1.0%\)"),
        (0, 1, 0.5, "1 of the first 1 lines"),
        (0, 1, 1.0, None),
        (1_000, 1, 0.0, "1 of the first 1,001 lines"),
    ],
)
def test_no_more_lines_may_be_broken_than_their_share(
    tmp_path: Path, good: int, broken: int, most: float, sentence: str | None
) -> None:
    path = write(tmp_path / "reviews.json", *[GOOD] * good, *["broken"] * broken)
    if sentence is None:
        assert len(read(path, most)[0]) == good
        return
    with pytest.raises(KgrecError, match=sentence) as problem:
        read(path, most)
    left = tmp_path / "reviews.json.skipped.jsonl"
    assert f"{left} says what is wrong with each" in str(problem.value)
    assert len(left.read_text("ascii").splitlines()) == broken


def test_a_long_file_is_not_read_to_its_end_when_too_many_are_broken(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.json", *[GOOD] * 900, *["broken"] * 5_000)
    with pytest.raises(KgrecError, match="100 of the first 1,000 lines"):
        read(path, 0.01)


def test_an_interrupted_load_finds_what_is_kept_of_the_lines_before(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.json", GOOD, "one", GOOD, "two", GOOD, "three", GOOD)
    _, skipped = read(path, 1.0)
    whole = skipped.path.read_bytes()
    killed = whole.replace(b'"entries": 3', b'"entries": 1')  # the others may be on the disk in part, as after a kill
    assert killed != whole
    for found in (whole, killed, killed[:-9], killed[: killed.rindex(b"{")]):
        skipped.path.write_bytes(found)
        again = Skipped(path, Tolerance(1.0), after=3)
        assert again.count == 1 and [one["line"] for one in kept(again)] == [2]
        assert [number for number, _ in read_reviews(Lines(path, again), after=3)] == [5, 7]
        again.keep()
        assert skipped.path.read_bytes() == whole and again.count == 3


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("two", "mended"),
        lambda text: text.replace("neither", "what is neither", 1),
        lambda text: text[text.index("\n") + 1 :],  # the first is done
        lambda text: text[: text[:-1].rindex("\n") + 1],  # the last is done
        lambda text: text[:-9],
        lambda text: f"{text}done so far",
        lambda text: f"# done so far\n{text}",
        lambda text: "".join(json.dumps({**json.loads(line), "done": True}) + "\n" for line in text.splitlines()),
        lambda text: text.replace('"check"', '"digest"'),  # as of an earlier kgrec, which wrote none
    ],
)
@pytest.mark.parametrize("after", [0, 4])
def test_what_somebody_edited_is_moved_aside_and_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Callable[[str], str], after: int
) -> None:
    path = write(tmp_path / "reviews.json", GOOD, "one", GOOD, "two", GOOD, "three", GOOD)
    _, skipped = read(path, 1.0)
    assert read(path, 1.0)[1].count == 3 and len(list(tmp_path.iterdir())) == 2
    edited = edit(skipped.path.read_text())
    for number in (1, 2):
        skipped.path.write_text(edited)
        again = Skipped(path, Tolerance(1.0), after)
        numbers = [number for number, _ in read_reviews(Lines(path, again), after)]
        again.keep()
        aside = tmp_path / f"reviews.json.skipped.jsonl.{number}"
        assert numbers == [one for one in (1, 3, 5, 7) if one > after]
        assert kept(again)[-1] == {**kept(again)[-1], "line": 6, "text": "three"}
        assert f"{skipped.path} was edited since kgrec wrote it, and is kept as {aside}." in capsys.readouterr().err
        assert (tmp_path / f"reviews.json.skipped.jsonl.{number}").read_text() == edited
    again = Skipped(path, Tolerance(1.0), after=6)  # what it now holds is kgrec's own again
    assert capsys.readouterr().err == "" and again.count == len(kept(again))
