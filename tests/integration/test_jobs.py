"""How far the server is with a call of GDS is shown while it computes, and nothing else is changed by that."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from neo4j import Session

from kgloader.report import Report
from kgloader.texts.similarity import tie_similar_items
from kgloader.writers.kcore import keep_core
from kgrec import terminal
from kgrec.errors import KgrecError
from kgrec.graph import co_occurrence, jobs
from kgrec.graph.co_occurrence import co_occurrence_run, ensure_co_occurrence
from kgrec.graph.database import Database
from kgrec.graph.jobs import WHOLE, watched
from kgrec.training.fits import Fit
from tests.integration.cuttable import Cuttable
from tests.integration.graph_dump import rows

Moves = dict[str, list[int]]  # of a task of GDS, where its bar was


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, and asked so often that calls of a second have a bar."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(jobs, "AGAIN", 0.01)


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> Moves:
    seen: Moves = {}

    @contextmanager
    def recorded(what: object, total: int | None, stays: bool = True) -> Iterator[terminal.Advance]:
        with terminal.progress(what, total, stays) as advance:

            def move(completed: int, told: str) -> None:
                assert total == WHOLE and stays
                seen.setdefault(told, []).append(completed)
                advance(completed, told)

            yield move

    monkeypatch.setattr(jobs, "progress", recorded)
    return seen


@pytest.fixture(scope="module")
def shop(database: Database) -> Database:
    """Twelve thousand items with embeddings, which keep kNN busy for seconds; a hundred of them are chosen."""
    rows(
        database,
        "UNWIND range(0, 2999) AS n CREATE (:User {user_id: 'u' + n}) WITH count(*) AS users "
        "UNWIND range(0, 11999) AS n "
        "CREATE (:Item {item_id: 'i' + n, embedding_of: 'text', embedding: [k IN range(1, 64) | sin(n * k * k)]})",
    )
    rows(
        database,
        "MATCH (u:User) WITH u ORDER BY u.user_id WITH collect(u) AS users "
        "MATCH (i:Item) WITH users, i, toInteger(substring(i.item_id, 1)) AS n WHERE n < 100 UNWIND range(0, 83) AS k "
        "WITH i, n, users[(n * 31 + k * k * 7) % 3000] AS u "
        "CREATE (u)-[:INTERACTED {split: 'train', position: n, timestamp: n}]->(i)",
    )
    return database


def watching() -> set[str]:
    return {thread.name for thread in threading.enumerate()} & {"kgrec-job", "kgrec-progress"}


def test_long_calls_tell_the_share_that_is_done(
    shop: Database, moves: Moves, capsys: pytest.CaptureFixture[str]
) -> None:
    tie_similar_items(shop, Report())
    assert set(moves) - {"Graph aggregation"} <= {"Knn", "K-Nearest Neighbours"}  # of GDS for Neo4j 2026, and for 5.26
    (shares,) = (shares for task, shares in moves.items() if task != "Graph aggregation")
    assert any(0 < share < WHOLE for share in shares) and all(0 <= share <= WHOLE for share in shares)
    assert shares[-1] == WHOLE
    told = capsys.readouterr()
    assert told.out == "" and "Finding similar items" in told.err and "Traceback" not in told.err
    assert not watching()


@pytest.mark.parametrize("call", [ensure_co_occurrence, lambda shop: keep_core(shop, 0, Report())])
def test_a_projection_and_what_is_computed_on_it_are_watched_as_one_job(
    shop: Database, call: Callable[[Database], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    real = Session.run

    def recorded(self: Session, query: Any, parameters: Any = None, **more: Any) -> Any:
        values = (parameters or {}) | more
        for found in (values, values.get("config", {})):
            given.extend(found[key] for key in ("job_id", "jobId") if key in found)
        return real(self, query, parameters, **more)

    monkeypatch.setattr(Session, "run", recorded)
    monkeypatch.setattr(jobs, "_look", lambda *_: jobs._NOTHING)
    project = shop.read

    def reads(name: str, **parameters: Any) -> Any:
        given.extend(parameters.get("resources", {}).get("jobId", "").split())
        return project(name, **parameters)

    monkeypatch.setattr(shop, "read", reads)
    call(shop)
    assert len(given) == 2 and len(set(given)) == 1 and given[0].startswith("kgrec-")


def test_errors_of_the_call_come_through_as_they_are(shop: Database) -> None:
    asked: dict[str, Any] = {"neighbours": 1, "fit": "", "run_id": "", "batch": 1}
    told = []
    for job_id in ("alone", None):
        with pytest.raises(KgrecError) as refused:
            if job_id is None:
                with watched(shop, "comparing") as job_id:
                    shop.run("co_occurrence/write", graph_name="none", job_id=job_id, **asked)
            else:
                shop.run("co_occurrence/write", graph_name="none", job_id=job_id, **asked)
        told.append(str(refused.value))
    assert told[0] == told[1] and "none" in told[0] and not watching()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("of the block")])
def test_the_bar_ends_with_the_block(shop: Database, error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, watched(shop, "comparing"):
        assert watching() == {"kgrec-job", "kgrec-progress"}
        raise error
    assert raised.value is error and not watching()


def test_what_cannot_be_asked_is_not_shown(
    neo4j_address: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that does not answer who looks neither stops the call nor counts as one that is gone."""
    asked, look, thrice = [], jobs._look, threading.Event()

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        if len(asked) > 3:
            thrice.set()
        return look(*arguments)

    monkeypatch.setattr(jobs, "_look", counted)
    proxy = Cuttable(urlsplit(neo4j_address["uri"]).port or 0)
    with Database(f"bolt://127.0.0.1:{proxy.port}", neo4j_address["user"], neo4j_address["password"]) as behind:
        proxy.cut()
        with watched(behind, "comparing"):
            assert thrice.wait(60)
        assert behind.answers and not watching()
        proxy.mend()
    told = capsys.readouterr()
    assert told.out == "" and "comparing" in told.err
    assert not any(word in told.err for word in ("━", "Traceback", "Error", "does not answer"))


@pytest.mark.parametrize("quiet", [True, False])
def test_where_nothing_is_shown_nothing_is_asked(
    shop: Database, quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not quiet:
        monkeypatch.delenv("FORCE_COLOR")  # so it is no terminal
    terminal.silence(quiet)
    try:
        with watched(shop, "comparing") as job_id:
            assert job_id and not watching()
    finally:
        terminal.silence(False)
    assert capsys.readouterr().err == ""


def test_what_is_written_and_removed_is_counted(
    shop: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ties that are written of about as many as another fit has; those that are removed of how many there are."""
    monkeypatch.setattr(co_occurrence, "TIES", 25)  # in a transaction, so that there is something to count meanwhile
    seen: list[tuple[object, int | None, int, str]] = []

    @contextmanager
    def recorded(what: object, total: int | None, stays: bool = True) -> Iterator[terminal.Advance]:
        with terminal.progress(what, total, stays) as advance:

            def move(completed: int, told: str) -> None:
                seen.append((what, total, completed, told))
                advance(completed, told)

            yield move

    rows(shop, "MATCH ()-[tie:CO_OCCURS_WITH]->() DELETE tie")
    rows(shop, "MATCH (current:CurrentRun) WHERE current.kind STARTS WITH 'co-occurrence' DELETE current")
    monkeypatch.setattr(jobs, "progress", recorded)
    ensure_co_occurrence(shop, [Fit.FINAL])
    ties = co_occurrence_run(shop, Fit.FINAL).ties
    written = [(total, done) for _, total, done, told in seen if told == f"{done:,} ties"]
    assert written and {total for total, _ in written} == {None} and all(0 < done <= ties for _, done in written)
    seen.clear()
    ensure_co_occurrence(shop, [Fit.VALIDATION, Fit.FINAL])
    written = [(total, done) for _, total, done, told in seen if told == f"{done:,} ties"]
    ((total,),) = {(total,) for total, _ in written}  # less those that were there when they were first counted
    assert total is not None and 0 < total <= ties and all(done > 0 for _, done in written)
    ties = co_occurrence_run(shop, Fit.FINAL).ties
    rows(shop, "MATCH (:User {user_id: 'u0'})-[chosen:INTERACTED]->() DELETE chosen")
    seen.clear()
    ensure_co_occurrence(shop)
    removed = [(total, done, told) for what, total, done, told in seen if what == "Removing old ties, final fit"]
    ((total,),) = {(total,) for total, _, _ in removed}  # those that were left when they were first counted
    assert total is not None and 0 < total <= ties
    assert all(0 < done <= ties and told == f"{done:,} ties" for _, done, told in removed[:-1])
    assert "Removing old ties, final fit" in capsys.readouterr().err and not watching()
