import bz2
import gzip
import io
import json
import lzma
import os
import socket
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kgloader.bulk.blocks import blocks
from kgloader.commands import load_amazon
from kgloader.dbpedia.commands import dbpedia
from kgloader.domains.commands import load_domain
from kgloader.domains.tables import Table
from kgloader.options import FILE
from kgloader.readers import lines
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.skipped import LONGEST_TEXT, Skipped, Tolerance
from kgrec.errors import KgrecError


def zipped(content: bytes) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr("reviews.json", content)
    return file.getvalue()


def test_plain_and_packed_are_told_apart_by_content_not_by_name(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed.json"
    plain.write_bytes(b"\xef\xbb\xbfone\r\n\n  \ntwo")
    assert list(Lines(plain)) == [(1, "one"), (4, "two")]
    for pack in (gzip.compress, bz2.compress):
        packed.write_bytes(pack(b"one\ntwo\n"))
        assert list(Lines(packed)) == [(1, "one"), (2, "two")]


@pytest.mark.parametrize(
    ("content", "command"),
    [(zipped(b"one"), "unzip"), (lzma.compress(b"one"), "unxz"), (b"\x28\xb5\x2f\xfd and so on", "unzstd")],
)
def test_what_is_packed_otherwise_is_refused_with_the_command_that_unpacks_it(
    tmp_path: Path, content: bytes, command: str
) -> None:
    path = tmp_path / "reviews.json"
    path.write_bytes(content)
    with pytest.raises(KgrecError, match=f"gzip and bzip2: unpack it with `{command} {path}`"):
        list(Lines(path))


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "t.csv"
    if kind == "pipe":
        os.mkfifo(path)
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "socket":
            listener.bind(str(path))
        ways: list[Callable[[], object]] = [
            lambda: list(Lines(path)),
            lambda: list(blocks(path)),
            lambda: FILE(str(path)),
        ]
        if kind != "device":
            ways.append(lambda: Table(path, ["a"]))
        for way in ways:
            with pytest.raises(KgrecError, match=f"^{path} is a {kind}, and a load reads its files more than once"):
                way()


def test_the_output_of_another_command_is_refused() -> None:
    """As `<(zcat reviews.json.gz)` gives it."""
    source, target = os.pipe()
    for option in ("--reviews", "--metadata"):
        with pytest.raises(KgrecError, match=f"^/dev/fd/{source} is a pipe"):
            load_amazon.make_context("amazon", [option, f"/dev/fd/{source}"])
    for option in ("--links", "--dump"):
        with pytest.raises(KgrecError, match=f"^/dev/fd/{source} is a pipe"):
            dbpedia.make_context("dbpedia", [option, f"/dev/fd/{source}"])
    with pytest.raises(KgrecError, match=f"^/dev/fd/{source} is a pipe"):
        load_domain.make_context("domain", [f"/dev/fd/{source}"])
    os.close(source)
    os.close(target)


@pytest.mark.parametrize("content", [b"", b"\n \n", gzip.compress(b"")])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reviews.json"
    path.write_bytes(content)
    with pytest.raises(KgrecError, match=r"reviews\.json is empty"):
        list(Lines(path))


def test_a_cut_off_gzip_yields_what_is_before_and_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.json.gz"
    path.write_bytes(gzip.compress(b"".join(b"line %d\n" % number for number in range(1, 200_001)))[:-4_000])
    seen = []
    with pytest.raises(KgrecError) as problem:
        for number, text in Lines(path):
            assert text == f"line {number}"
            seen.append(number)
    assert len(seen) > 100_000
    assert f"cut.json.gz, line {len(seen) + 1:,}: the packed file is cut off" in str(problem.value)


def test_a_damaged_gzip_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bad"
    good = bytearray(gzip.compress(bytes(range(32, 127)) * 50))
    good[20] ^= 0xFF
    path.write_bytes(bytes(good))
    with pytest.raises(KgrecError, match=r"line 1: the packed file is cut off or damaged"):
        list(Lines(path))
    for damaged in (bz2.compress(b"one")[:-9], b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 9, b"BZh9 no bzip2"):
        path.write_bytes(damaged)
        with pytest.raises(KgrecError, match=r"line 1: the packed file is cut off or damaged"):
            list(Lines(path))
    path.write_bytes(b"good\n\xff\xfe\n")
    with pytest.raises(KgrecError, match=r"line 2: not UTF-8 text"):
        list(Lines(path))


def test_a_file_on_one_line_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    path = tmp_path / "array.json"
    path.write_bytes(b"[" + b"1," * 100 + b"1]")
    with pytest.raises(KgrecError, match="line 1: longer than"):
        list(Lines(path))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("begins", [b"x", b" "])
def test_a_line_too_long_is_set_aside_and_its_end_is_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes], begins: bytes
) -> None:
    """A load that goes on behind it, with or without skipping, finds the same checksum."""
    monkeypatch.setattr(lines, "LONGEST_LINE", 20_000)
    monkeypatch.setattr(lines, "PIECE", 1_000)
    path = tmp_path / "reviews.json"
    for extra in (0, 1, 2, 999, 1_000, 12_345):
        long = begins * 19_999 + "é".encode() * extra
        path.write_bytes(pack(b"one\n" + long + b"\ntwo\n" + long))
        skipped = Skipped(path, Tolerance(1.0))
        read = Lines(path, skipped)
        found = list(read.parsed(lambda text, _: text))
        skipped.keep()
        if not extra:
            assert [number for number, _ in found] == ([1, 2, 3, 4] if begins == b"x" else [1, 3])
            continue
        assert found == [(1, "one"), (3, "two")] and (read.number, read.count) == (4, 4)
        kept = [json.loads(line) for line in skipped.path.read_text("ascii").splitlines()]
        assert [(one["line"], one["reason"], len(one["text"])) for one in kept] == [
            (number, lines.TOO_LONG, LONGEST_TEXT) for number in (2, 4)
        ]
        for again in (Lines(path), Lines(path, Skipped(path, Tolerance(1.0), read.number))):
            assert again.passed(read.number, read.checksum)
        with pytest.raises(KgrecError, match=r"reviews\.json, line 2: longer than 64 MiB"):
            list(Lines(path).parsed(lambda text, _: text))


def test_a_line_without_end_is_never_skipped_nor_one_too_long_that_a_row_may_go_on_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,b\n1,"' + b"x" * 30_000 + b'\n"\n2,3\n')
    monkeypatch.setattr(lines, "LONGEST_LINE", 20_000)
    with pytest.raises(KgrecError, match=r"t\.csv, line 2: longer than 64 MiB"):
        list(Table(path, ["a"]).records(Lines(path, Skipped(path, Tolerance(1.0))), lambda cells, _: cells))
    monkeypatch.setattr(lines, "LONGEST_PASSED_OVER", 25_000)
    with pytest.raises(KgrecError, match=r"t\.csv, line 2: longer than 1 GiB"):
        list(Lines(path, Skipped(path, Tolerance(1.0))).parsed(lambda text, _: text))


def test_a_long_line_takes_the_memory_of_the_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 2**20)
    monkeypatch.setattr(lines, "PIECE", 2**16)
    path = tmp_path / "array.json.gz"
    path.write_bytes(gzip.compress(b"[" + b"1," * 10_000_000 + b"1]\none\n", 1))
    tracemalloc.start()
    found = list(Lines(path, Skipped(path, Tolerance(1.0))).parsed(lambda text, _: text))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [(2, "one")] and peak < 4 * 2**20


@pytest.mark.parametrize("length", [99, 100, 101, 500])
def test_blocks_give_up_at_a_line_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """As the reader of lines does, however the line lies in its blocks."""
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    monkeypatch.setattr("kgloader.bulk.blocks.LONGEST_LINE", 100)
    path = tmp_path / "reviews.json"
    content = b"one\n" + b"x" * length + b"\ntwo\n"
    path.write_bytes(content)
    for size in (7, 64):  # smaller than the longest line, as in earnest
        monkeypatch.setattr("kgloader.bulk.blocks.BLOCK", size)
        if length < 100:
            assert b"".join(block for block, _ in blocks(path)) == content and len(list(Lines(path))) == 3
            continue
        for way in (lambda: list(blocks(path)), lambda: list(Lines(path))):
            with pytest.raises((Malformed, KgrecError), match="longer than 64 MiB"):
                way()


@pytest.mark.parametrize("blank", [b"\n", b" \r\n", b" " * 9_999 + b"\n"])
def test_blank_lines_without_end_are_refused(tmp_path: Path, blank: bytes) -> None:
    """Some kilobytes of gzip hold gigabytes of them; a few beside data are nothing."""
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b"one\n" + blank * (lines.LONGEST_BLANK // len(blank)) + b"two\n"))
    assert [text for _, text in Lines(path)] == ["one", "two"]
    path.write_bytes(gzip.compress(b"one\n" + blank * (lines.LONGEST_BLANK // len(blank) + 1) + b"two\n"))
    with pytest.raises(KgrecError, match=r"bomb\.json\.gz, line [\d,]+: the end of more than 1 MiB of blank lines"):
        list(Lines(path))


def test_the_content_up_to_a_line_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    path.write_bytes(b"one\n\ntwo\nthree\n\n")
    first = Lines(path)
    assert [next(iter(first)), next(iter(first))] == [(1, "one"), (3, "two")]
    ended = Lines(path)
    assert len(list(ended)) == 3 and ended.number == 5
    path.write_bytes(b"one\n\ntwo\nmended\n\nfour\n")
    again = Lines(path)
    assert again.passed(first.number, first.checksum) and next(iter(again)) == (4, "mended")
    assert not Lines(path).passed(ended.number, ended.checksum)
    for other in (b"one\n\nTwo\nthree\n", b"one\n", b"one\n\n\nthree\n"):
        path.write_bytes(other)
        assert not Lines(path).passed(first.number, first.checksum)
