"""Batches of keys, some of which an endpoint on loopback never answers whole."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgloader.dbpedia import answers, sparql
from kgloader.dbpedia.answers import BatchQuery
from kgloader.dbpedia.candidates import PROBE, has_full_text
from kgloader.dbpedia.dump import Dump
from kgloader.dbpedia.sparql import Endpoint
from kgloader.dbpedia.titles import LONGEST_TITLE
from kgloader.report import Report
from kgrec.errors import KgrecError
from tests.misbehaving import Server, misbehaving, solutions, status

QUERY = BatchQuery(" ".join, ("label", "entity"), "unknown")
IRI = "http://dbpedia.org/resource/"


class Keyed:
    """Answers of a server by the keys that are asked for: a row for each, or what is wrong with one of them."""

    def __init__(self, server: Server):
        self.server = server
        self.statuses: dict[str, int] = {}  # by key
        self.rows = 1

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        keys = (self.server.asked[-1].query or "").split(" ")
        wrong = [self.statuses[key] for key in keys if key in self.statuses]
        found = [
            {"label": key, "entity": f"{IRI}{row}"} for key in keys if key != "unknown" for row in range(self.rows)
        ]
        status(wrong[0] if wrong else 200, solutions(*found))(handler)


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyed]:
    monkeypatch.setattr(sparql, "LONGEST_WAIT", 0.0)
    with misbehaving() as server:
        answer = Keyed(server)
        server.answers.append(answer)
        yield answer


def client(keyed: Keyed, cache: Path) -> Endpoint:
    return Endpoint(keyed.server.url, cache, min_interval=0.0, timeout=30.0, retries=1)


def asked(endpoint: Endpoint, keys: list[str]) -> tuple[list[str], Report]:
    report = Report()
    return [row["label"] for row in answers.answers(endpoint, keys, QUERY, report)], report


@given(st.dictionaries(st.integers(0, 20), st.sampled_from([206, 400])), st.integers(1, 21))
def test_keys_that_are_never_answered_are_passed_over_and_nothing_is_kept_of_them(
    tmp_path_factory: pytest.TempPathFactory, bad: dict[int, int], count: int
) -> None:
    keys = [f"key{number}." for number in range(count)]
    with misbehaving() as server:
        keyed = Keyed(server)
        server.answers.append(keyed)
        keyed.statuses = {f"key{number}.": code for number, code in bad.items() if number < count}
        endpoint = client(keyed, tmp_path_factory.mktemp("cache"))
        for _ in range(2):
            found, report = asked(endpoint, keys)
            assert found == [key for key in keys if key not in keyed.statuses]
            codes = list(keyed.statuses.values())
            expected = {"in part only": codes.count(206), "by the endpoint": codes.count(400)}
            assert {what: sum(n for name, n in report.skipped.items() if what in name) for what in expected} == expected
        keyed.statuses.clear()
        assert asked(endpoint, keys)[0] == keys


@pytest.mark.parametrize(
    ("code", "sentence"), [(206, "answers in part only: ask again later"), (400, "refused a query as malformed")]
)
def test_an_endpoint_that_answers_nothing_is_told_soon(keyed: Keyed, tmp_path: Path, code: int, sentence: str) -> None:
    keys = [f"key{number}." for number in range(1_000)]
    keyed.statuses = dict.fromkeys([*keys, QUERY.unknown], code)
    endpoint = client(keyed, tmp_path)
    with pytest.raises(KgrecError, match=sentence) as error:
        asked(endpoint, keys)
    assert keyed.server.url in str(error.value) and endpoint.requests <= 12
    endpoint = client(keyed, tmp_path)
    del keyed.statuses[keys[0]]
    assert asked(endpoint, keys[:1])[0] == keys[:1]
    with pytest.raises(KgrecError, match=sentence):  # it has answered before, and does not any more
        asked(endpoint, keys[1:])


@pytest.mark.parametrize("code", [401, 404, 500, 503])
def test_other_statuses_stop_at_once(keyed: Keyed, tmp_path: Path, code: int) -> None:
    keyed.statuses = {"a": code}
    endpoint = client(keyed, tmp_path)
    with pytest.raises(KgrecError, match=f"HTTP status {code}"):
        asked(endpoint, ["a", "b"])
    assert {one.query for one in keyed.server.asked} == {"a b"}


def test_as_many_rows_as_are_given_are_taken_told_and_not_kept(
    keyed: Keyed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ROW_LIMIT", 10)
    for rows, cut_off in ((9, 0), (10, 2)):
        keyed.rows = rows
        for _ in range(2):
            found, report = asked(client(keyed, tmp_path / str(rows)), ["a", "b"])
            assert found == ["a"] * rows + ["b"] * rows
            assert report.read == ({"answers of 10 rows, which may be cut off": 2} if cut_off else {})
        kept = len(list((tmp_path / str(rows)).iterdir()))
        assert kept == (3 if not cut_off else 1)  # of the batch, which is asked for in halves again


@pytest.mark.parametrize("dumped", [False, True])
def test_texts_are_cut_to_the_length_of_a_title_and_iris_are_not(keyed: Keyed, tmp_path: Path, dumped: bool) -> None:
    long, entity = "x" * 100_000, IRI + "y" * 1_900
    if dumped:
        path = tmp_path / "labels.nt"
        path.write_text(f'<{entity}> <http://www.w3.org/2000/01/rdf-schema#label> "{long}"@en .\n')
        query = BatchQuery(lambda _: "SELECT ?label ?entity { ?entity ?is ?label }", QUERY.needed, QUERY.unknown)
        with Dump([path]) as dump:
            found = answers.answers(dump, ["a"], query, Report())
    else:
        keyed.server.answers[:] = [status(200, solutions({"label": long, "entity": entity}))]
        found = answers.answers(client(keyed, tmp_path), ["a"], QUERY, Report())
    assert found == [{"label": "x" * LONGEST_TITLE, "entity": entity}]


@pytest.mark.parametrize("code", [400, 500])
def test_an_endpoint_that_chokes_on_a_search_by_words_has_none(keyed: Keyed, tmp_path: Path, code: int) -> None:
    keyed.statuses = dict.fromkeys(PROBE.split(" "), code)
    report = Report()
    assert not has_full_text(client(keyed, tmp_path), report)
    [note] = report.notes
    assert f"HTTP status {code}" in note and "`full_text = false` in [dbpedia]" in note


@pytest.mark.parametrize("code", [401, 404, 503])
def test_an_endpoint_that_is_not_there_is_not_taken_for_one_that_cannot_search(
    keyed: Keyed, tmp_path: Path, code: int
) -> None:
    keyed.statuses = dict.fromkeys(PROBE.split(" "), code)
    with pytest.raises(KgrecError, match=f"HTTP status {code}"):
        has_full_text(client(keyed, tmp_path), Report())
    keyed.server.url = "http://127.0.0.1:1/sparql"
    with pytest.raises(KgrecError, match=r"127\.0\.0\.1:1/sparql cannot be reached"):
        has_full_text(client(keyed, tmp_path), Report())
