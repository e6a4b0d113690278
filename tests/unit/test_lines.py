import gzip
from pathlib import Path

import pytest

from kgloader.readers import lines
from kgloader.readers.lines import Lines
from kgrec.errors import KgrecError


def test_plain_and_gzip_are_told_apart_by_content_not_by_name(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed.json"
    plain.write_bytes(b"\xef\xbb\xbfone\r\n\n  \ntwo")
    packed.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert list(Lines(plain)) == [(1, "one"), (4, "two")]
    assert list(Lines(packed)) == [(1, "one"), (2, "two")]


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
    assert f"cut.json.gz, line {len(seen) + 1:,}: the gzip file is cut off" in str(problem.value)


def test_a_damaged_gzip_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bad"
    good = bytearray(gzip.compress(bytes(range(32, 127)) * 50))
    good[20] ^= 0xFF
    path.write_bytes(bytes(good))
    with pytest.raises(KgrecError, match=r"line 1: the gzip file is cut off or damaged"):
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
