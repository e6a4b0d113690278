"""A review file as a person may leave it: what is refused, and where the file is written."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kgloader.dbpedia.linking import Candidate, Link, Work
from kgloader.dbpedia.links import Doubt
from kgloader.dbpedia.review import Review, read_review, write_review
from kgloader.dbpedia.sparql import LONGEST_IRI
from kgloader.report import Report
from kgrec.errors import KgrecError

HEAD = "item_id,candidate,decision\n"
A, B = "http://e/a", "http://e/b"
LONG = "http://e/" + "a" * LONGEST_IRI


def refused(path: Path) -> str:
    with pytest.raises(KgrecError) as error:
        read_review(path)
    return str(error.value)


@pytest.mark.parametrize(
    "rows",
    [
        f"T1,{A},yes\nT1,{A},no\n",
        f"T1,{A},no\nT1,{A},yes\n",
        f"T1,{A},no\nT1,{B},{A}\n",
        f"T1,{B},{A}\nT1,{A}, NO \n",
    ],
)
def test_decisions_that_contradict_each_other_are_refused(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "unsure.csv"
    path.write_text(HEAD + rows)
    assert f"{path}, line 3: the item 'T1' is given '{A}' by one decision and refused it by another" in refused(path)


def test_decisions_that_agree_are_read(tmp_path: Path) -> None:
    path = tmp_path / "unsure.csv"
    path.write_text(f"{HEAD}T1,{A},yes\nT1,{B},no\nT1,{B},{A}\nT1,{B},no\nT2,{A},no\nT3,{B},\n")
    review = read_review(path)
    assert review.chosen == {"T1": A} and review.refused == [("T1", B), ("T2", A)]
    assert review.lines == {"T1": 2, "T2": 6} and len(review.rows) == 6


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (f"item_id,candidate,decision,decision\nT1,{A},yes,no\n".encode(), "line 1: in the header the name 'decision'"),
        (f"{HEAD}T1,{LONG},yes\n".encode(), "line 2: the candidate 'http://e/aaa"),
        (f"{HEAD}T1,{A},{LONG}\n".encode(), "line 2: the decision 'http://e/aaa"),
        (f"{HEAD}T1,{A},yes\n".replace(",", ";").encode(), " is not comma-separated UTF-8: it has semicolons. Save"),
        (f"{HEAD}T1,{A},yes\n".replace(",", "\t").encode(), " is not comma-separated UTF-8: it has tabs. Save"),
        (f"{HEAD}T1,http://e/é,yes\n".encode("cp1252"), " is not comma-separated UTF-8: it has bytes of another"),
        (f"{HEAD}T1,{A},yes\n".encode("utf-16"), " is not comma-separated UTF-8: it has bytes of another"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_its_place(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "unsure.csv"
    path.write_bytes(content)
    said = refused(path)
    assert str(path) in said and sentence in said and len(said) < 300 + len(str(path))
    assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (lambda folder: folder / "none" / "unsure.csv", "there is no folder "),
        (lambda folder: folder / "file" / "unsure.csv", "there is no folder "),
        (lambda folder: folder / ("x" * 300), "File name too long"),
        (lambda folder: folder / ("x" * 250), "File name too long"),  # with the end of its draft
        (lambda folder: folder / "pipe", "it is no file"),
    ],
)
def test_a_file_that_could_not_be_written_is_refused_at_the_start(
    tmp_path: Path, place: Callable[[Path], Path], sentence: str
) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    path = place(tmp_path)
    assert refused(path).startswith(f"The review file {path} cannot be written: {sentence}")
    assert {one.name for one in tmp_path.iterdir()} == {"file", "pipe"}


def test_a_file_behind_a_link_is_written_there(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "unsure.csv", tmp_path / "unsure.csv"
    link.symlink_to(target)
    assert read_review(link) == Review([], {}, [], {})
    target.write_text(f"{HEAD}T1,{A},yes\n")
    write_review(link, read_review(link), {}, Report())
    assert link.is_symlink() and f"T1,,,,{A}" in target.read_text()


def test_doubts_that_could_not_be_read_back_are_counted(tmp_path: Path) -> None:
    path, report = tmp_path / "unsure.csv", Report()
    path.write_text(f"{HEAD}T\u200b3,{A},no\n", encoding="utf-8")
    doubts = {
        item_id: [Doubt(Work(item_id, "Salt"), Link(Candidate(uri, "Salt"), 0.5, {}), False)]
        for item_id, uri in (("T1", A), ("T\u200b2", A), ("T\u200b3", A), ("T4", f"{A}\u202e"), ("=T5", B))
    }
    write_review(path, read_review(path), doubts, report)
    assert [(row["item_id"], row["candidate"]) for row in read_review(path).rows if not row["decision"]] == [
        ("=T5", B), ("T1", A),
    ]  # fmt: skip
    assert report.skipped == {"unsure links that the review file cannot show": 2}
    assert report.notes[0] == f"{path} has 2 new rows to decide."
    assert report.notes[1].startswith(f"2 unsure links are not in {path}, ") and "--links" in report.notes[1]


def test_a_file_of_the_user_beside_it_stays(tmp_path: Path) -> None:
    own = tmp_path / "p.csv.partial"
    own.write_text("precious")
    write_review(tmp_path / "p.csv", read_review(tmp_path / "p.csv"), {}, Report())
    assert own.read_text() == "precious" and (tmp_path / "p.csv").exists()


def test_a_full_disk_is_said_with_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft of the file lies on a device that is always full."""
    path, real = tmp_path / "unsure.csv", Path.open
    path.write_text(f"{HEAD}T1,{A},yes\n")
    review = read_review(path)

    def full(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return real(Path("/dev/full") if "w" in mode else path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as error:
        write_review(path, review, {}, Report())
    assert error.value.filename == str(path) and "is linked" in error.value.__notes__[0]
    assert path.read_text() == f"{HEAD}T1,{A},yes\n"


def test_a_link_to_itself_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "unsure.csv"
    path.symlink_to(path)
    assert refused(path).startswith(f"The review file {path} cannot be written: it is a link to itself")
