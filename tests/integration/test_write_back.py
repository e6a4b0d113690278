"""Write-back of personas on a real graph: killed anywhere, readers see one whole run, and the next one mends it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from neo4j import ResultSummary

from gnn import evaluation_personas as evaluating
from gnn import item_vectors
from gnn import write_back as writing
from gnn.evaluation_personas import write_evaluation_personas
from gnn.meta_path import MetaPath
from gnn.named_clusters import name_clusters
from gnn.personas import Personas, describe
from gnn.projection import stream_graph
from gnn.settings import HDGISettings
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph, training_graph
from gnn.write_back import write_back
from kgrec.errors import KgrecError
from kgrec.explore.queries import run_query
from kgrec.graph.database import Database
from kgrec.graph.personas import current_personas, current_run, nearest_persona
from kgrec.graph.schema import ensure_schema
from kgrec.personas.cards import persona_cards
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from tests.integration.graph_dump import dump
from tests.integration.graph_dump import rows as ask
from tests.integration.test_personas import fill, rows

BATCH = 25  # users a transaction; there are 60
ITEMS = 15  # items a transaction; there are 40
MEMBERSHIPS = 70  # removed in one; there are 120
PER_USER = 2
WRITES = ("write", "write_together", "run", "run_counted")

Run = tuple[UserVectors, Personas]


def write_evaluation(database: Database, learned: UserVectors, personas: Personas) -> None:
    names = [personas.names[place] for place in personas.nearest[:, 0].tolist()]
    write_evaluation_personas(database, learned, names)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "USERS", BATCH)
    monkeypatch.setattr(writing, "MEMBERSHIPS", MEMBERSHIPS)
    monkeypatch.setattr(evaluating, "USERS", BATCH)
    monkeypatch.setattr(item_vectors, "ITEMS", ITEMS)


@pytest.fixture(scope="module")
def graph(database: Database) -> TrainingGraph:
    ensure_schema(database)
    fill(database, rows())
    paths = [MetaPath.parse("INTERACTED > SAME_AS > SUBJECT")]
    return training_graph(stream_graph(database, paths), Fit.FINAL, paths, 4, 0)


@pytest.fixture
def made(database: Database, graph: TrainingGraph) -> Callable[..., Run]:
    """Make a run of random vectors, with all that is written of it."""

    def make(run_id: str, seed: int, dim: int = 8, fit: Fit = Fit.FINAL, n_items: int = 40) -> Run:
        generator = torch.Generator().manual_seed(seed)
        vectors = torch.nn.functional.normalize(torch.randn(60, dim, generator=generator), dim=1)
        item_ids, items = graph.items.item_ids[:n_items], torch.randn(n_items, dim, generator=generator)
        learned = UserVectors(fit, graph.user_ids, vectors, item_ids, items, {}, run_id, History())
        settings = HDGISettings(personas=3, personas_per_user=PER_USER)
        clusters = name_clusters(database, graph, learned, settings, settings.personas)
        described = describe(database, graph, learned, settings, clusters)
        return learned, replace(described, names=[f"{run_id} by {seed}: {name}" for name in described.names])

    return make


@pytest.fixture(autouse=True)
def clean(database: Database, graph: TrainingGraph) -> None:
    """Take away what the test before wrote."""
    forget(database)


def forget(database: Database) -> None:
    with database.driver.session() as session:
        session.run(
            "MATCH (n:Persona|PersonaDraft|PersonaRetired|EvaluationPersona|ItemPersona|CurrentRun) DETACH DELETE n"
        ).consume()
        session.run(
            "MATCH (u:User) REMOVE u.persona, u.persona_run, u.persona_next, u.persona_next_run"
        ).consume()  # fmt: skip
    forget_history(database)


def forget_history(database: Database) -> None:
    with database.driver.session() as session:
        session.run("MATCH (s:PersonaState) DETACH DELETE s").consume()


def seen(database: Database) -> dict[str, Any]:
    """All that readers see of the personas."""
    found = current_personas(database)
    probe = [1.0, -0.5, 0.25, 2.0, 0.0, -1.0, 0.5, 1.5][: len(found.vectors[0])]
    nearest = [run_query(database, "nearest-users", {"user_id": user})[1] for user in ("u00", "u07")]
    quality = run_query(database, "data-quality", {})
    memberships = ask(
        database,
        "MATCH (u:User)-[h:HAS_PERSONA]->(p:Persona) "
        "RETURN u.user_id, p.name, p.run_id, h.weight ORDER BY u.user_id, h.weight DESC",
    )
    traits = ask(
        database,
        "MATCH (p:Persona)-[c:CHARACTERISED_BY]->(f) RETURN p.name, f.label, c.lift ORDER BY p.name, f.label",
    )
    return {
        "run": found.run_id,
        "users": found.user_ids,
        "vectors": np.stack(found.vectors).tolist(),
        "names": found.names,
        "item_ids": found.item_ids,
        "items": [vector.tolist() for vector in found.items],
        "nearest persona": nearest_persona(database, found.run_id, probe),
        "nearest": [[(row[1], float(row[2])) for row in table] for table in nearest],
        "quality": quality,
        "memberships": memberships,
        "traits": traits,
        "cards": persona_cards(database),
    }


class Killed(KeyboardInterrupt):
    """Ctrl-C, at the call that the test chose."""


def killing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process die before its ``number``-th write, counted from 0."""
    remaining = iter(range(number))

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Database, *arguments: Any, **parameters: Any) -> Any:
            if next(remaining, None) is None:
                raise Killed
            return real(self, *arguments, **parameters)

        return call

    for name in WRITES:
        monkeypatch.setattr(Database, name, guarded(getattr(Database, name)))


def test_what_wikipedia_keeps_house_by_tells_of_no_persona(database: Database, made: Callable[..., Run]) -> None:
    house = "Articles with short description"
    database.driver.execute_query("MATCH (e:Entity {label: 'Volcanoes'}) SET e.label = $house", house=house)
    try:
        write_back(database, *made("house", 1))
        told = [run_query(database, name, {}) for name in ("personas", "persona-traits", "persona-picture")]
    finally:
        database.driver.execute_query("MATCH (e:Entity {label: $house}) SET e.label = 'Volcanoes'", house=house)
    said = str([persona_cards(database), told])
    assert "Lighthouses" in said and house not in said


@pytest.mark.parametrize(("new_id", "new_dim"), [("new", 6), ("old", 8)])
def test_killed_before_any_write(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, new_id: str, new_dim: int
) -> None:
    """Also with vectors of another length, and with a run that replaces itself by other vectors."""
    old, new = made("old", 1), made(new_id, 2, new_dim)
    write_back(database, *old)
    before = seen(database)
    write_back(database, *new)
    after, whole = seen(database), dump(database)
    assert before != after and after["run"] == new_id
    outcomes = []
    for number in range(100):
        forget(database)
        write_back(database, *old)
        with monkeypatch.context() as patched:
            killing(patched, number)
            try:
                write_back(database, *new)
            except Killed:
                outcomes.append(seen(database))
            else:
                break
        assert outcomes[-1] == before or outcomes[-1] == after, number
        write_back(database, *new)
        assert dump(database) == whole, number
    # Before the switch everybody sees the old run, after it the new one; both kinds of moments were met.
    switched = [outcome == after for outcome in outcomes]
    assert switched == sorted(switched) and len(outcomes) >= 14 and 5 <= sum(switched) <= len(outcomes) - 5


def test_killed_in_the_middle_of_promotion(database: Database, made: Callable[..., Run]) -> None:
    """The second of two users whose new vectors may not be there together stops it, some batches done."""
    old, new = made("old", 1), made("new", 2)
    write_back(database, *new)
    after, whole = seen(database), dump(database)
    forget(database)
    write_back(database, *old)
    with database.driver.session() as session:
        session.run("CREATE CONSTRAINT trap FOR (u:User) REQUIRE (u.persona_run, u.trap) IS UNIQUE").consume()
        session.run("UNWIND ['u10', 'u50'] AS id MATCH (u:User {user_id: id}) SET u.trap = id").consume()
        session.run("MATCH (u:User {user_id: 'u50'}) SET u.persona_run = 'aside', u.trap = 'u10'").consume()
    try:
        with pytest.raises(KgrecError, match="already exists"):
            write_back(database, *new)
        ((promoted,),) = ask(database, "MATCH (u:User {persona_run: 'new'}) RETURN count(*)")
        assert promoted in (BATCH, 2 * BATCH)
        run = current_run(database)
        assert run is not None and run.run_id == "new" and not run.promoted
        assert seen(database) == after
    finally:
        with database.driver.session() as session:
            session.run("DROP CONSTRAINT trap").consume()
            session.run("MATCH (u:User) REMOVE u.trap").consume()
    write_back(database, *new)
    assert len(history(database)) == 60 - 1  # the one whose run the trap had put aside has none of it
    forget_history(database)
    assert dump(database) == whole


def test_no_transaction_carries_more_than_a_batch(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each call changed, by the server's own counts, over the transactions that the server opened for it."""
    calls: list[tuple[str, int, int]] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Database, *arguments: Any, **parameters: Any) -> Any:
            opened = transactions(database)
            result = real(self, *arguments, **parameters)
            used = transactions(database) - opened - 1  # one of them asked
            summaries: list[ResultSummary] = result if isinstance(result, list) else [result]
            changes = sum(
                one.counters.relationships_created + one.counters.relationships_deleted + one.counters.properties_set
                for one in summaries
            )
            calls.append((str(arguments[0]), changes, used))
            return result

        return call

    write_back(database, *made("old", 1))
    for name in WRITES:
        monkeypatch.setattr(Database, name, counted(getattr(Database, name)))
    write_back(database, *made("new", 2))
    by_name: dict[str, list[tuple[int, int]]] = {}
    for name, changes, used in calls:
        by_name.setdefault(name, []).append((changes, used))
    (kept,) = by_name["personas/states"]  # a node of five properties and a relationship of each user
    assert kept[0] == 60 * (1 + 5) and kept[1] >= 3 + 1
    assert [changes for changes, _ in by_name["personas/states_end"]] == [0, 60]
    # A user has PER_USER memberships, each with a weight, a note of the run, and a vector that only promotion counts.
    assert [changes for changes, _ in by_name["personas/users"]] == [n * (1 + 2 * PER_USER) for n in (25, 25, 10)]
    (promotion,) = by_name["personas/promote"]
    assert promotion[0] >= 60 and promotion[1] >= 3 + 1  # three batches, and the one that reads
    assert [changes for changes, _ in by_name["personas/forget_members"]] == [0, 70, 50, 0]
    assert len(by_name["personas/items"]) == 3
    assert by_name["personas/items_forget"][-1][1] >= 3 + 1
    (drafts,) = (name for name in by_name if "personas/create" in name)  # of all personas, and of no user
    large = {"personas/states", "personas/users", "personas/promote", "personas/forget_members", drafts}
    small = by_name.keys() - large
    assert {"personas/switch", "personas/promoted", "personas/abandon"} <= small
    for name in small:
        assert all(changes <= 60 for changes, _ in by_name[name]), name


def transactions(database: Database) -> int:
    """How many transactions the server has opened so far, this one with them."""
    with database.driver.session() as session:
        found = session.run("SHOW TRANSACTIONS YIELD transactionId RETURN transactionId").value()
    return max(int(one.rpartition("-")[2]) for one in found)


def test_abandoned_vectors_go_even_if_the_next_run_has_none_for_their_users(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_back(database, *made("old", 1))
    with database.driver.session() as session:
        session.run("CREATE (:User {user_id: 'late', persona_next: [1.0], persona_next_run: 'abandoned'})").consume()
    try:
        assert "late" not in current_personas(database).user_ids
        write_back(database, *made("new", 2))
        assert ask(database, "MATCH (u:User) WHERE u.persona_next IS NOT NULL RETURN u.user_id") == []
        assert "late" not in current_personas(database).user_ids
    finally:
        with database.driver.session() as session:
            session.run("MATCH (u:User {user_id: 'late'}) DELETE u").consume()


def history(database: Database) -> list[Any]:
    """Of each user and run, by the time: the run, names, whether there is a vector, since when and until when."""
    return ask(
        database,
        "MATCH (u:User)-[:HAD_PERSONA]->(s:PersonaState) RETURN u.user_id, s.run_id, s.personas, s.vector IS NULL, "
        "s.valid_from, s.valid_to ORDER BY u.user_id, s.valid_from",
    )


def test_what_is_replaced_stays_as_the_history_of_each_user(database: Database, made: Callable[..., Run]) -> None:
    """Run by run, one after the other without a gap, the names those of the time; the same run again adds nothing."""
    runs = {name: made(name, seed) for seed, name in enumerate(("first", "second", "third"))}
    began = []
    for name in ("first", "second", "second", "third", "first"):
        write_back(database, *runs[name])
        ((since,),) = ask(database, "MATCH (c:CurrentRun {kind: 'personas'}) RETURN c.since")
        began += [since] if since not in began else []
        assert database.read("check/persona-history") == []
    learned, personas = runs["second"]
    found = history(database)
    assert len(found) == 3 * 60 and len(began) == 4 and all(row[3] for row in found)
    for user_id, nearest in zip(learned.user_ids, personas.nearest.tolist(), strict=True):
        of_user = [row[1:] for row in found if row[0] == user_id]
        assert [row[0] for row in of_user] == ["first", "second", "third"]
        assert [row[-2:] for row in of_user] == list(pairwise(began))
        assert of_user[1][1] == [personas.names[place] for place in nearest]
    columns, told = run_query(database, "persona-history", {"user_id": "u07"})
    since, until, run = (columns.index(name) for name in ("since", "until", "run"))
    assert [row[run] for row in told] == ["first", "third", "second", "first"] and told[0][until] == ""
    assert [row[since] for row in told[:-1]] == [row[until] for row in told[1:]]


def test_history_goes_on_where_it_was_killed_within_it(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some batches of it written, before the switch; one whom feedback gave a present persona has no second one."""
    old, new = made("old", 1), made("new", 2)
    write_back(database, *old)
    real = Database.run_counted

    def killed(self: Database, name: str, *arguments: Any, **parameters: Any) -> ResultSummary:
        done = real(self, name, *arguments, **parameters)
        if name == "personas/states":
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(Database, "run_counted", killed)
        with pytest.raises(Killed):
            write_back(database, *new)
    assert len(history(database)) == 60 and {row[-1] for row in history(database)} == {None}
    assert database.read("check/persona-history") == []
    with database.driver.session() as session:  # as if two batches of three had not been written
        session.run("MATCH (u:User)-[:HAD_PERSONA]->(s) WHERE u.user_id >= 'u25' DETACH DELETE s").consume()
        session.run("MATCH (:User {user_id: 'u03'})-[:HAD_PERSONA]->(s) SET s.vector = [1.0]").consume()
    write_back(database, *new)
    ((since,),) = ask(database, "MATCH (c:CurrentRun {kind: 'personas'}) RETURN c.since")
    found = history(database)
    assert [row[0] for row in found] == old[0].user_ids and {row[-1] for row in found} == {since}
    assert [row[0] for row in found if not row[3]] == ["u03"]


def test_only_the_latest_of_a_user_stay(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "KEPT", 2)
    for number in range(5):
        write_back(database, *made(f"run {number}", number))
    assert [row[1] for row in history(database) if row[0] == "u07"] == ["run 2", "run 3"]
    assert ask(database, "MATCH (s:PersonaState) RETURN count(s)") == [(2 * 60,)]


def test_who_waits_sees_how_far_it_is(
    database: Database, made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    write_evaluation(database, *made("test", 1, fit=Fit.TEST))
    write_back(database, *made("final", 2))
    bars = [line.split() for line in capsys.readouterr().err.splitlines()]
    told = {" ".join(word for word in line if word.isalnum() or word.endswith(",")) for line in bars}
    assert told >= {
        f"writing {what}, {fit} fit {n}" for fit in ("test", "final")
        for what, n in (("personas", "60 users"), ("vectors of items", "40 items"))
    }  # fmt: skip


def test_two_at_once_do_not_make_half_a_run(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins, and discards the drafts of the first, while the first still writes its users."""
    write_back(database, *made("old", 1))
    before = seen(database)
    first, second = made("first", 2), made("second", 3)
    real = writing._users

    def late(database: Database, learned: UserVectors, personas: Personas) -> Iterator[dict[str, Any]]:
        for number, batch in enumerate(real(database, learned, personas)):
            if number == 1 and learned.run_id == "first":
                writing.finish(database)  # as the second does at its start
            yield batch

    monkeypatch.setattr(writing, "_users", late)
    with pytest.raises(KgrecError, match="at the same time"):
        write_back(database, *first)
    assert seen(database) == before
    write_back(database, *second)
    assert seen(database)["run"] == "second"


def test_nearest_users_are_those_of_numpy(database: Database, made: Callable[..., Run]) -> None:
    """Every pair compared, the cosine scaled to [0, 1] as Neo4j scales it."""
    learned, personas = made("old", 1)
    write_back(database, learned, personas)
    vectors = learned.vectors.numpy().astype(float)
    similarity = (1 + vectors @ vectors[learned.user_ids.index("u07")]) / 2
    nearest = [user for user in np.argsort(-similarity) if learned.user_ids[user] != "u07"][:10]
    _, table = run_query(database, "nearest-users", {"user_id": "u07"})
    assert [row[1] for row in table] == [learned.user_ids[user] for user in nearest]
    assert [float(row[2]) for row in table] == pytest.approx(similarity[nearest].tolist(), abs=1e-4)


def test_nobody_has_a_persona(database: Database) -> None:
    assert current_run(database) is None
    for fit in Fit:
        with pytest.raises(KgrecError, match="kgrec train personas"):
            current_personas(database, fit)


def test_nearest_persona_is_that_of_numpy(database: Database, made: Callable[..., Run]) -> None:
    learned, personas = made("old", 1)
    write_back(database, learned, personas)
    vectors = np.concatenate([learned.vectors.numpy(), 9.0 * learned.items.numpy()])  # the length does not matter
    nearest = np.argmax(vectors @ personas.centres.T, axis=1)
    found = [nearest_persona(database, "old", vector.tolist()) for vector in vectors]
    assert found == [personas.names[number] for number in nearest] and len(set(found)) == 3
    assert nearest_persona(database, "another", vectors[0].tolist()) is None
    assert nearest_persona(database, "old", [0.0] * 8) is None
    with database.driver.session() as session:  # as of a cluster of users without interactions
        session.run("MATCH (p:Persona {name: $name}) SET p.vector = $zeros", name=found[0], zeros=[0.0] * 8).consume()
    others = {nearest_persona(database, "old", vector.tolist()) for vector in vectors}
    assert others == set(personas.names) - {found[0]}


@pytest.mark.parametrize("again", [False, True])
def test_items_nearest_to_a_persona_are_those_of_numpy(
    database: Database, made: Callable[..., Run], again: bool
) -> None:
    """Also of a run that has replaced itself by other vectors."""
    if again:
        write_back(database, *made("run", 1))
    learned, personas = made("run", 2)
    write_back(database, learned, personas)
    affinity = learned.items.numpy() @ personas.centres[1]
    nearest = np.argsort(-affinity)[:20]
    _, table = run_query(database, "persona-items", {"persona_id": f"run/{personas.numbers.numbers[1]}"})
    assert [row[1] for row in table] == [learned.item_ids[item] for item in nearest]
    assert [float(row[3]) for row in table] == pytest.approx(affinity[nearest].tolist(), abs=2e-3)
    assert vectors_of_items(database) == 40


Evaluated = tuple[str, list[str], list[list[float]], list[str | None], list[str], list[list[float]]]


def evaluated(database: Database, fit: Fit) -> Evaluated:
    """All that readers see of a fit of the evaluation."""
    found = current_personas(database, fit)
    vectors, items = ([vector.tolist() for vector in some] for some in (found.vectors, found.items))
    return found.run_id, found.user_ids, vectors, found.names, found.item_ids, items


def vectors_of_items(database: Database) -> int:
    ((count,),) = ask(database, "MATCH (v:ItemPersona) RETURN count(*)")
    return int(count)


def test_each_fit_is_read_as_it_was_written(database: Database, made: Callable[..., Run]) -> None:
    """The three are apart: each has its own run, vectors and names, and only the final one is on the users."""
    runs = {fit: made(f"run of {fit}", seed, fit=fit) for seed, fit in enumerate(Fit)}
    write_back(database, *runs[Fit.FINAL])
    served = seen(database)
    for fit in (Fit.VALIDATION, Fit.TEST):
        write_evaluation(database, *runs[fit])
    assert seen(database) == served
    for fit, (learned, personas) in runs.items():
        run_id, user_ids, vectors, names, item_ids, items = evaluated(database, fit)
        assert run_id == learned.run_id and user_ids == learned.user_ids
        assert np.array(vectors) == pytest.approx(learned.vectors.numpy())
        assert item_ids == learned.item_ids and np.array(items) == pytest.approx(learned.items.numpy())
        assert names == [personas.names[number] for number in personas.nearest[:, 0]]
    ((kinds,),) = ask(database, "MATCH (c:CurrentRun) RETURN count(DISTINCT c.kind)")
    assert kinds == 3 and ask(database, "MATCH (:EvaluationPersona|ItemPersona)--() RETURN count(*)") == [(0,)]
    assert vectors_of_items(database) == 3 * 40


def test_evaluation_killed_before_any_write(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = Fit.TEST
    old, new, other = made("old", 1, fit=fit), made("new", 2, 6, fit=fit), made("other", 3, fit=Fit.VALIDATION)
    write_evaluation(database, *other)
    beside = evaluated(database, Fit.VALIDATION)
    write_evaluation(database, *old)
    before = evaluated(database, fit)
    write_evaluation(database, *new)
    after, whole = evaluated(database, fit), dump(database)
    assert before[0] == "old" and after[0] == "new"
    outcomes = []
    for number in range(100):
        write_evaluation(database, *old)
        with monkeypatch.context() as patched:
            killing(patched, number)
            try:
                write_evaluation(database, *new)
            except Killed:
                outcomes.append(evaluated(database, fit))
            else:
                break
        assert outcomes[-1] == before or outcomes[-1] == after, number
        write_evaluation(database, *new)
        assert dump(database) == whole, number
        assert evaluated(database, Fit.VALIDATION) == beside
    switched = [outcome == after for outcome in outcomes]
    assert switched == sorted(switched) and len(outcomes) == 14 and sum(switched) == 2


def test_evaluation_that_is_there_already_is_not_written_again(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made("same", 1, fit=Fit.VALIDATION)
    write_evaluation(database, *run)
    whole = dump(database)
    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", None)  # not called
        write_evaluation(database, *run)
    assert dump(database) == whole


@pytest.mark.parametrize("label", ["EvaluationPersona", "ItemPersona"])
def test_evaluation_of_which_some_is_missing_is_refused_and_written_again(
    database: Database, made: Callable[..., Run], label: str
) -> None:
    run = made("same", 1, fit=Fit.VALIDATION)
    write_evaluation(database, *run)
    whole = dump(database)
    with database.driver.session() as session:
        session.run(f"MATCH (e:{label}) WITH e LIMIT 3 DELETE e").consume()
    with pytest.raises(KgrecError, match="validation fit are missing: run `kgrec train personas`"):
        current_personas(database, Fit.VALIDATION)
    write_evaluation(database, *run)
    assert dump(database) == whole


def test_no_transaction_of_the_evaluation_carries_more_than_a_batch(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, int, int, int]] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Database, *arguments: Any, **parameters: Any) -> Any:
            opened = transactions(database)
            result = real(self, *arguments, **parameters)
            used = transactions(database) - opened - 1  # one of them asked
            counters = result.counters
            calls.append((str(arguments[0]), counters.nodes_created, counters.nodes_deleted, used))
            return result

        return call

    write_evaluation(database, *made("old", 1, fit=Fit.TEST))
    for name in ("write", "run"):
        monkeypatch.setattr(Database, name, counted(getattr(Database, name)))
    write_evaluation(database, *made("new", 2, fit=Fit.TEST))
    written = {
        name: sorted(call[1] for call in calls if call[0] == f"personas/{name}")
        for name in ("evaluation_users", "items")
    }
    assert written == {"evaluation_users": [10, 25, 25], "items": [10, 15, 15]}  # two at a time
    first, last = (call[2:] for call in calls if call[0] == "personas/evaluation_forget")
    assert first[0] == 0 and last[0] == 60 and last[1] >= 3 + 1  # three batches, and the one that reads
    first, last = (call[2:] for call in calls if call[0] == "personas/items_forget")
    assert first[0] == 0 and last[0] == 40 and last[1] >= 3 + 1


@pytest.mark.parametrize("second_id", ["first", "second"])
def test_two_evaluations_at_once_do_not_make_half_a_run(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, second_id: str
) -> None:
    """The second writes all of its run while the first still writes its users.

    Two of one and the same run may stand in each other's way, a batch of the one being under way when the other writes
    it: both end then, and the old run stays.
    """
    old = made("old", 1, fit=Fit.TEST)
    write_evaluation(database, *old)
    first, second = made("first", 2, fit=Fit.TEST), made(second_id, 3, fit=Fit.TEST)
    real = Database.write
    written = []

    def late(self: Database, name: str, **parameters: Any) -> ResultSummary:
        if name == "personas/evaluation_users":
            written.append(name)
            if len(written) == 2:
                write_evaluation(self, *second)
        return real(self, name, **parameters)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", late)
        with pytest.raises(KgrecError, match=r"at the same time|already exists"):
            write_evaluation(database, *first)
    run_id, _, vectors, *_ = evaluated(database, Fit.TEST)
    whole = {second_id: second} | ({"old": old} if second_id == "first" else {})
    assert run_id in whole and np.array(vectors) == pytest.approx(whole[run_id][0].vectors.numpy())


@pytest.mark.parametrize(
    ("fit", "at"),
    [
        (Fit.FINAL, "project/user_personas"),
        (Fit.FINAL, "project/item_personas"),
        (Fit.TEST, "project/evaluation_personas"),
        (Fit.TEST, "project/item_personas"),
    ],
)
def test_a_run_that_changes_while_it_is_read_is_read_again(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, fit: Fit, at: str
) -> None:
    write = write_back if fit is Fit.FINAL else write_evaluation
    write(database, *made("old", 1, fit=fit))
    new = made("new", 2, fit=fit)
    real = Database.stream
    reads = []

    def interrupted(self: Database, name: str, fetch_size: int = 1_000, **parameters: Any) -> Iterator[dict[str, Any]]:
        reads.append(name)
        for number, row in enumerate(real(self, name, fetch_size=10, **parameters)):
            if number == 20 and name == at and reads.count(at) == 1:
                write(self, *new)
            yield row

    with monkeypatch.context() as patched:
        patched.setattr(Database, "stream", interrupted)
        found = current_personas(database, fit)
    assert len(reads) == 4 and reads[:2] == reads[2:] and found.run_id == "new"
    assert len(found.user_ids) == 60 and np.stack(found.vectors) == pytest.approx(new[0].vectors.numpy())
    assert found.item_ids == new[0].item_ids and np.stack(found.items) == pytest.approx(new[0].items.numpy())


def test_vectors_of_items_that_others_remove_do_not_make_half_a_run(
    database: Database, made: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fit of the evaluation is written by another process, which removes items that belong to no current run."""
    write_back(database, *made("old", 1))
    before = seen(database)
    first, second, other = made("first", 2), made("second", 3), made("other", 4, fit=Fit.TEST)
    real = Database.write
    written = []

    def late(self: Database, name: str, **parameters: Any) -> ResultSummary:
        if name == "personas/items" and parameters["run_id"] != "other":
            written.append(name)
            if len(written) == 2:
                write_evaluation(self, *other)
        return real(self, name, **parameters)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", late)
        with pytest.raises(KgrecError, match="at the same time"):
            write_back(database, *first)
    assert seen(database) == before
    write_back(database, *second)
    assert seen(database)["run"] == "second" and vectors_of_items(database) == 2 * 40
    assert evaluated(database, Fit.TEST)[0] == "other"


def test_a_run_without_vectors_of_items_leaves_none_of_the_run_before(
    database: Database, made: Callable[..., Run]
) -> None:
    """As those of HDGI by an earlier kgrec."""
    for write, fit in ((write_back, Fit.FINAL), (write_evaluation, Fit.VALIDATION)):
        write(database, *made(f"old {fit}", 1, fit=fit))
    assert vectors_of_items(database) == 2 * 40
    write_back(database, *made("new", 2, n_items=0))
    assert vectors_of_items(database) == 40 and current_personas(database).item_ids == []
    write_evaluation(database, *made("new of evaluation", 2, fit=Fit.VALIDATION, n_items=0))
    assert vectors_of_items(database) == 0
    for fit in (Fit.FINAL, Fit.VALIDATION):
        found = current_personas(database, fit)
        assert len(found.user_ids) == 60 and found.item_ids == [] and found.items == []


@pytest.mark.parametrize("fit", [Fit.FINAL, Fit.TEST])
def test_personas_of_an_earlier_kgrec_are_read_and_replaced(
    database: Database, made: Callable[..., Run], fit: Fit
) -> None:
    """It noted no number of items, and had neither their vectors nor the key of them."""
    write = write_back if fit is Fit.FINAL else write_evaluation
    old, new = made("old", 1, fit=fit), made("new", 2, fit=fit)
    write(database, *old)
    with database.driver.session() as session:
        session.run("MATCH (c:CurrentRun) REMOVE c.items").consume()
        session.run("MATCH (v:ItemPersona) DELETE v").consume()
        session.run("DROP CONSTRAINT item_persona_key").consume()
    run_id, user_ids, vectors, _, item_ids, _ = evaluated(database, fit)
    assert run_id == "old" and user_ids == old[0].user_ids and item_ids == []
    assert np.array(vectors) == pytest.approx(old[0].vectors.numpy())
    for again in (old, new):
        write(database, *again)
        assert evaluated(database, fit)[0] == again[0].run_id
        assert np.array(evaluated(database, fit)[5]) == pytest.approx(again[0].items.numpy())
    assert ask(database, "SHOW CONSTRAINTS YIELD name WHERE name = 'item_persona_key' RETURN count(*)") == [(1,)]
