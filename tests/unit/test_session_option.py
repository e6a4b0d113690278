"""``recommend --session`` takes whatever ids there are."""

import csv
import io

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.recommend_command import recommend

IDS = st.lists(st.text(st.sampled_from('ab ,"\t\n\\;') | st.characters(exclude_categories=["Cs"]), min_size=1))


def session(*lists: str) -> list[str]:
    arguments = [argument for text in lists for argument in ("--session", text)]
    found: list[str] = recommend.make_context("recommend", arguments).params["session"]
    return found


@given(IDS, IDS)
def test_quoted_as_in_csv_any_ids_arrive(first: list[str], second: list[str]) -> None:
    lists = []
    for ids in (first, second):
        csv.writer(file := io.StringIO(newline=""), quoting=csv.QUOTE_ALL, lineterminator="").writerow(ids)
        lists.append(file.getvalue())
    assert session(*lists) == [*first, *second]


def test_plain_ids_need_no_quotes() -> None:
    assert session("0007350813,0007386648") == ["0007350813", "0007386648"]
    assert session(' a b , "Kiss Me, Deadly" ,,5" disk, "  edges "', "last,") == [
        "a b", "Kiss Me, Deadly", '5" disk', "  edges ", "last",
    ]  # fmt: skip
    assert session(", ,") == [] and recommend.make_context("recommend", ["--user", "U"]).params["session"] is None


@pytest.mark.parametrize("text", ['a,"b', 'a,"b"c', '"a""', '"a","b" "c"'])
def test_quotes_that_are_not_in_order_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not quoted as in csv: an id between quotation marks ends before"):
        session(text)
