"""Batches of keys, some of which an endpoint on loopback never answers whole."""

import time
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
from kgloader.dbpedia.transport import StatusError
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
        self.once: dict[str, int] = {}  # by query
        self.rows = 1

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        keys = (self.server.asked[-1].query or "").split(" ")
        wrong = [self.once.pop(" ".join(keys), 0)] + [self.statuses[key] for key in keys if key in self.statuses]
        wrong = list(filter(None, wrong))
        found = [
            {"label": key, "entity": f"{IRI}{row}"} for key in keys if key != "unknown" for row in range(self.rows)
        ]
        status(wrong[0] if wrong else 200, solutions(*found))(handler)


@pytest.fixture(autouse=True, scope="module")
def hasty() -> Iterator[None]:
    """No pauses between tries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparql, "LONGEST_WAIT", 0.0)
        yield


@pytest.fixture
def keyed() -> Iterator[Keyed]:
    with misbehaving() as server:
        answer = Keyed(server)
        server.answers.append(answer)
        yield answer


def client(keyed: Keyed, cache: Path) -> Endpoint:
    return Endpoint(keyed.server.url, cache, min_interval=0.0, timeout=30.0, retries=1)


def asked(endpoint: Endpoint, keys: list[str]) -> tuple[list[str], Report]:
    report = Report()
    return [row["label"] for row in answers.answers(endpoint, keys, QUERY, report)], report


@given(st.dictionaries(st.integers(0, 20), st.sampled_from([206, 400, 500])), st.integers(1, 21))
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
            expected["fails at"] = codes.count(500)
            assert {what: sum(n for name, n in report.skipped.items() if what in name) for what in expected} == expected
        keyed.statuses.clear()
        assert asked(endpoint, keys)[0] == keys


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (206, "answers in part only: ask again later"),
        (400, "refused a query as malformed"),
        (500, "answered with HTTP status 500"),
    ],
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


def test_a_key_that_an_endpoint_fails_at_is_named(
    keyed: Keyed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [f"key{number}." for number in range(50)]
    keyed.statuses, keyed.once = {"key7.": 500, "key30.": 500}, {" ".join(keys[25:37]): 503}
    endpoint = client(keyed, tmp_path)
    found, report = asked(endpoint, keys)
    assert set(found) == {*keys} - {*keyed.statuses} and report.asked == 50
    assert report.skipped["names or entities that the endpoint fails at"] == 2
    told = [line for line in capsys.readouterr().err.splitlines() if "passed over" in line]
    assert [("'key7.'" in line, "(1 so far)" in line) for line in told] == [(True, True), (False, False)]
    assert "'key30.'" in told[1] and "(2 so far)" in told[1]
    assert endpoint.requests < 30  # what failed as a part is not tried again, but the 503


@pytest.mark.parametrize("batch", [1, 50])
def test_an_endpoint_that_fails_at_too_many_keys_is_left(keyed: Keyed, tmp_path: Path, batch: int) -> None:
    keys = [f"key{number}." for number in range(500)]
    keyed.statuses = dict.fromkeys(keys[100:], 500)
    endpoint, report = client(keyed, tmp_path), Report()
    with pytest.raises(KgrecError, match="HTTP status 500") as error:
        for first in range(0, len(keys), batch):
            answers.answers(endpoint, keys[first : first + batch], QUERY, report)
    assert report.asked <= 200
    assert f"for 51 of the {report.asked} names and entities asked for" in error.value.__notes__[0]


def test_an_endpoint_that_fails_at_everything_is_left_within_two_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of the test's own, as each question takes all of its time."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def fails(wrapper: object, opener: object, seconds: float, slow: object) -> bytes:
        sleep(seconds)
        raise StatusError(500, "")

    monkeypatch.setattr(sparql, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(sparql, "fetch", fails)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    endpoint = Endpoint("http://127.0.0.1:1", tmp_path, min_interval=0.5, timeout=60.0, retries=5)
    with pytest.raises(KgrecError, match="HTTP status 500"):
        asked(endpoint, ["a", "b", "c"])
    assert 60 < now <= 121


def test_a_status_500_that_asks_for_patience_is_of_no_key(keyed: Keyed, tmp_path: Path) -> None:
    keyed.server.answers[:] = [status(500, Retry_After="5400")]
    endpoint = client(keyed, tmp_path)
    with pytest.raises(KgrecError, match=r"asks to be left alone until .* with HTTP status 500"):
        asked(endpoint, ["a", "b"])
    assert endpoint.requests == 1


@pytest.mark.parametrize("code", [401, 404, 503])
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
