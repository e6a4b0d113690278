import bz2
import gzip
import io
import lzma
import os
import socket
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
from kgloader.readers.lines import Lines
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
