from pathlib import Path

import pytest

from kgloader.readers.lines import Lines
from kgloader.readers.recbole import (
    has_timestamps,
    interactions_file,
    read_facts,
    read_interactions,
    read_items,
    read_links,
)
from kgloader.readers.records import Fact, Interaction, ItemRecord, Link
from kgloader.readers.skipped import Skipped, Tolerance
from kgrec.errors import KgrecError


def write(path: Path, *rows: str) -> Path:
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


def test_interactions_with_seconds_milliseconds_and_without_rating(tmp_path: Path) -> None:
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    path = write(tmp_path / "a.inter", header, "u\ti\t3\t881250949", "u\tj\t\t881250949000", "u\tk\t1\t881250949.5")
    assert has_timestamps(path)
    assert [row for _, row in read_interactions(Lines(path))] == [
        Interaction("u", "i", 3.0, 881250949000, 2),
        Interaction("u", "j", None, 881250949000, 3),
        Interaction("u", "k", 1.0, 881250949500, 4),
    ]
    assert [number for number, _ in read_interactions(Lines(path), after=3)] == [4]


def test_interactions_without_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.inter", "item_id:token\tuser_id:token", "i\tu")
    assert not has_timestamps(path)
    assert list(read_interactions(Lines(path))) == [(2, Interaction("u", "i", None, None, 2))]


def test_items_links_and_facts(tmp_path: Path) -> None:
    header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"
    item = write(tmp_path / "a.item", header, "1\tToy Story\t1995\tAnimation Comedy")
    assert list(read_items(Lines(item))) == [(2, ItemRecord("1", "Toy Story", categories=("Animation", "Comedy")))]
    header = "item_id:token\tname:token\tcategory:token\tbrand:token\tprice:float\tauthor:token\tdescription:token_seq"
    item = write(tmp_path / "b.item", header, "1\tA thing\tToys and games\tAcme\t9.5\tJ. Smith\tIt is blue")
    assert list(read_items(Lines(item))) == [
        (2, ItemRecord("1", "A thing", "It is blue", 9.5, "Acme", ("J. Smith",), ("Toys and games",)))
    ]
    link = write(tmp_path / "a.link", "item_id:token\tentity_id:token", "1\tm.0dyb1")
    assert list(read_links(Lines(link))) == [(2, Link("1", "m.0dyb1"))]
    facts = write(tmp_path / "a.kg", "head_id:token\trelation_id:token\ttail_id:token", "m.1\tfilm.genre\tm.2")
    assert list(read_facts(Lines(facts))) == [(2, Fact("m.1", "film.genre", "m.2"))]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["user_id\titem_id:token"], "line 1: 'user_id' in the header is not a new `name:type`"),
        (["user_id:token\titem_id:text"], "line 1: 'item_id:text' in the header"),
        (["user_id:token\tuser_id:token"], "line 1: 'user_id:token' in the header"),
        (["user_id:token\trating:float"], "line 1: the header has no column 'item_id'"),
        (["user_id:token\titem_id:token", "u\ti\tx"], "line 2: 3 fields where the header has 2"),
        (["user_id:token\titem_id:token", "u\t"], "line 2: 'item_id' is blank"),
        (["user_id:token\titem_id:token\trating:float", "u\ti\tgood"], "line 2: 'rating' is 'good', not a number"),
        (["user_id:token\titem_id:token\ttimestamp:float", "u\ti\t"], "line 2: 'timestamp' is '', not a number"),
        (["user_id:token\titem_id:token\ttimestamp:float", f"u\ti\t{'9' * 5_000}"], "line 2: 'timestamp' is '999"),
        *(
            (
                ["user_id:token\titem_id:token\ttimestamp:float", f"u\ti\t{time}"],
                f"line 2: 'timestamp' is '{time}', which is no time of the years 1 to 9999",
            )
            for time in ("-253402300799", "-62135596801", "253402300800000", "1.7e308")
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, rows: list[str], problem: str) -> None:
    with pytest.raises(KgrecError) as error:
        list(read_interactions(Lines(write(tmp_path / "a.inter", *rows))))
    assert str(error.value).startswith(f"{tmp_path}/a.inter, {problem}")


@pytest.mark.parametrize("entity", ["http://dbpedia.org/resource/A B", "http://a/x>", "res://{x}", "://"])
def test_what_looks_like_an_iri_and_is_none_is_refused(tmp_path: Path, entity: str) -> None:
    """Such an id would come into the graph, and could not be asked for."""
    link = write(tmp_path / "a.link", "item_id:token\tentity_id:token", f"1\t{entity}")
    with pytest.raises(KgrecError, match=r"a\.link, line 2: 'entity_id' is '.*', which is no IRI"):
        list(read_links(Lines(link)))
    for head, tail in ((entity, "m.2"), ("m.1", entity)):
        facts = write(tmp_path / "a.kg", "head_id:token\trelation_id:token\ttail_id:token", f"{head}\tgenre\t{tail}")
        with pytest.raises(KgrecError, match=r"a\.kg, line 2: '(head|tail)_id' is '.*', which is no IRI"):
            list(read_facts(Lines(facts)))


def test_a_broken_header_is_never_skipped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.inter", "user_id\titem_id:token", "u\ti")
    with pytest.raises(KgrecError, match="line 1: 'user_id' in the header"):
        list(read_interactions(Lines(path, Skipped(path, Tolerance(1.0)))))


def test_exactly_one_inter_file(tmp_path: Path) -> None:
    with pytest.raises(KgrecError, match=r"exactly one \.inter file; found: none"):
        interactions_file(tmp_path)
    write(tmp_path / "a.inter", "")
    write(tmp_path / "b.inter", "")
    with pytest.raises(KgrecError, match=r"found: a\.inter, b\.inter"):
        interactions_file(tmp_path)
