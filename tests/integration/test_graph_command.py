"""`kgrec graph`: a graph that kgrec made is whole, and each way to break it is found by the check of its name."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import product
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from kgloader.dbpedia.predicates import FACT_TYPES
from kgloader.dbpedia.sparql import LONGEST_IRI, is_iri
from kgrec.errors import KgrecError
from kgrec.graph import statements
from kgrec.graph.check import EXAMPLES, Finding, check_graph
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema, ensure_vector_index
from kgrec.graph.stats import Degrees, graph_stats
from synthetic.__main__ import main as write_shop
from tests.conftest import CommandLine
from tests.integration.graph_dump import dump, rows

SETTINGS = """
[hdgi]
epochs = 2
dim = 8
structure_dim = 8
personas = 3
"""
TYPES = {*FACT_TYPES.values(), "RELATED_TO"}
HOSTILE = "\x1b[2J[red]evil[/]\u202e"


@pytest.fixture(scope="module", autouse=True)
def shop(
    database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """A small shop with all that kgrec writes, and what each command told a program of it."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "kgrec.toml").write_text(SETTINGS)
    command_line.environment["KGREC_SETTINGS"] = str(folder / "kgrec.toml")
    options = ["--out", str(folder), "--users", "40", "--items", "60", "--format", "2014"]
    assert CliRunner().invoke(write_shop, options).exit_code == 0
    files = [f"--{name}={folder / name}.json.gz" for name in ("reviews", "metadata")]
    commands = {
        "amazon": ("load", "amazon", *files),
        "dbpedia": ("load", "dbpedia", "--dump", str(folder / "dbpedia.nt")),
        "embeddings": ("load", "embeddings"),
        "personas": ("train", "personas", "--run", str(folder / "run")),
    }
    return {name: json.loads(command_line(*words, "--format", "json").stdout) for name, words in commands.items()}


def broken(database: Database) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_graph(database, TYPES) if finding.broken}


Changing = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def changed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Changing:
    """Shows the graph as some statements change it, inside one transaction, which is then undone."""

    @contextmanager
    def change(*changes: str, **parameters: Any) -> Iterator[None]:
        with database.driver.session() as session, session.begin_transaction() as transaction:
            for text in changes:
                assert transaction.run(text, parameters).consume().counters.contains_updates, text

            def read(_: Database, name: str, **values: Any) -> list[dict[str, Any]]:
                return transaction.run(statements.statement(name), values).data()

            with monkeypatch.context() as patch:
                patch.setattr(Database, "read", read)
                patch.setattr(Database, "stream", read)
                yield
            transaction.rollback()

    return change


def test_a_program_is_told_the_same(
    database: Database, command_line: CommandLine, shop: dict[str, dict[str, Any]]
) -> None:
    """One document each, and nothing else on standard output."""
    users = database.read("load/size")[0]["User"]
    loaded = [shop[name] for name in ("amazon", "dbpedia", "embeddings")]
    assert [one["command"] for one in loaded] == [f"kgrec load {name}" for name in ("amazon", "dbpedia", "embeddings")]
    assert all(one["changed"] and one["in the graph"]["User"] == users for one in loaded)
    assert shop["amazon"]["created nodes"]["User"] == users
    found = shop["personas"]
    assert found["users"] == users == sum(one["users"] for one in found["personas"]) and len(found["personas"]) == 3
    stats = json.loads(command_line("graph", "stats", "--format", "json").stdout)
    assert next(one["nodes"] for one in stats["nodes"] if one["label"] == "User") == users
    checks = json.loads(command_line("graph", "check", "--quiet", "--format", "json").output)
    assert {one["name"] for one in checks} >= {*statements.names("check")} and not any(one["broken"] for one in checks)
    queries = json.loads(command_line("explore", "--format", "json").stdout)
    assert all("cmd=edit" in one["link"] for one in queries)
    rows = json.loads(command_line("explore", "personas", "--format", "json").stdout)
    assert [row["users"] for row in rows] == [one["users"] for one in found["personas"]]


def test_what_kgrec_makes_is_whole(database: Database, command_line: CommandLine) -> None:
    before = dump(database)
    assert broken(database) == {}
    result = command_line("graph", "check")
    assert result.exit_code == 0 and "hold." in result.output and "What breaks" not in result.output
    assert all(name in result.output for name in (*statements.names("check"), "schema", "split-co-occurrence"))
    assert dump(database) == before


USER, ITEM = "MATCH (u:User) WITH u ORDER BY u.user_id LIMIT 1 ", "MATCH (i:Item) WITH i ORDER BY i.item_id LIMIT 1 "
WHO = "A000000000SYN"  # that user
FIRST = USER + "MATCH (u)-[r:INTERACTED]->(i:Item) WITH u, r, i ORDER BY r.timestamp, r.tie LIMIT 1 "
VISITS = "WITH u, r, i MATCH (u)-[:HAS_SESSION]->()-[v:CONTAINS {timestamp: r.timestamp}]->(i) SET v.split = r.split"
TWO = "MATCH (e:Entity) WITH e ORDER BY e.uri LIMIT 2 WITH collect(e) AS e WITH e[0] AS a, e[1] AS b "
BROKEN = {
    "space in an IRI": ("entities", "CREATE (:Entity {uri: 'http://dbpedia.org/A b'})", "A b"),
    "bracket in an IRI": ("entities", "CREATE (:Entity {uri: 'http://dbpedia.org/A>b'})", "A>b"),
    "broken escape in an IRI": ("entities", "CREATE (:Entity {uri: 'http://dbpedia.org/A%zz'})", "A%zz"),
    "host without an end in an IRI": ("entities", "CREATE (:Entity {uri: 'http://[::1'})", "http://[::1"),
    "long IRI": ("entities", f"CREATE (:Entity {{uri: 'http://dbpedia.org/{'a' * 2_000}'}})", "http://dbpedia.org/aaa"),
    "foreign fact": ("facts", TWO + "CREATE (a)-[:MADE_UP]->(b)", "MADE_UP"),
    "fact of the data's name": ("facts", TWO + "CREATE (a)-[:`http://x/y`]->(b)", "http://x/y"),
    "wrong start": (
        "ends",
        "MATCH (i:Item), (c:Category) WITH i, c LIMIT 1 CREATE (c)-[:IN_CATEGORY]->(i)",
        "Category IN_CATEGORY Item",
    ),
    "wrong start of one of many": (
        "ends",
        "MATCH (c:CurrentRun {kind: 'co-occurrence of final'}) SET c.ties = c.ties + 1 WITH c "
        "MATCH (u:User), (i:Item) WITH c, u, i LIMIT 1 CREATE (u)-[:CO_OCCURS_WITH {run: c.run_id, cosine: 1.0}]->(i)",
        "User CO_OCCURS_WITH Item",
    ),
    "twice at a time": (
        "interactions-once sessions-visits",
        FIRST + "CREATE (u)-[s:INTERACTED]->(i) SET s = properties(r)",
        f"{WHO}, item ",
    ),
    "no key": ("keys", "CREATE (:Item {name: 'nameless'})", "named nameless"),
    "empty key": ("keys", "CREATE (:Entity {uri: ''})", "Entity "),
    "key that is no text": ("keys", "CREATE (:Category {name: 7})", "named 7"),
    "unfinished load": (
        "loads",
        "CREATE (:LoadProgress {load_id: 'x', source: 'reviews /a', rows: 7})",
        "reviews /a, 7",
    ),
    "member without a vector": ("members", USER + "REMOVE u.persona, u.persona_run", WHO),
    "no member": ("members", USER + "MATCH (u)-[h:HAS_PERSONA]->() DELETE h", WHO),
    "like and dislike": (
        "opinions",
        FIRST + "CREATE (u)-[:LIKES {timestamp: 1}]->(i), (u)-[:DISLIKES {timestamp: 2}]->(i)",
        f"{WHO}, item ",
    ),
    "two present personas": (
        "persona-history",
        USER + "CREATE (u)-[:HAD_PERSONA]->(:PersonaState) CREATE (u)-[:HAD_PERSONA]->(:PersonaState)",
        f"user {WHO}",
    ),
    "persona of nobody": ("persona-history", "CREATE (:PersonaState {name: 'was somebody'})", "was somebody"),
    "weights of a user": ("memberships", USER + "MATCH (u)-[h:HAS_PERSONA]->() SET h.weight = h.weight / 2", WHO),
    "two personas of a name": ("personas-told", "MATCH (p:Persona) SET p.name = 'the same'", "named the same"),
    "membership of a user without a key": (
        "keys members",
        "MATCH (p:Persona) WITH p LIMIT 1 CREATE (:User)-[:HAS_PERSONA {weight: 1.0}]->(p)",
        "one whose name is missing",
    ),
    "negative weight": (
        "memberships",
        USER + "MATCH (u)-[h:HAS_PERSONA]->() WITH collect(h) AS h WITH h[0] AS a, h[1] AS b "
        "SET a.weight = a.weight + b.weight + 1, b.weight = -1",
        WHO,
    ),
    "nobody in the run": ("members runs-current", "MATCH ()-[h:HAS_PERSONA]->() DELETE h", "has no members"),
    "no current run": (
        "runs-current runs-items runs-personas",
        "MATCH (c:CurrentRun {kind: 'personas'}) DELETE c",
        "3 personas, and no current run",
    ),
    "ties lost": ("runs-co-occurrence", "MATCH ()-[t:CO_OCCURS_WITH]->() WITH t LIMIT 3 DELETE t", ": 3 missing"),
    "ties left": (
        "runs-co-occurrence",
        "MATCH (i:Item), (j:Item) WHERE i <> j WITH i, j LIMIT 2 "
        "CREATE (i)-[:CO_OCCURS_WITH {run: 'old', fit: 'final', cosine: 1.0}]->(j)",
        "run old: 2 too many",
    ),
    "evaluation lost": (
        "runs-evaluation",
        "MATCH (v:EvaluationPersona {fit: 'test'}) WITH v LIMIT 2 DELETE v",
        ": 2 missing",
    ),
    "evaluation left": (
        "runs-evaluation",
        USER + "CREATE (:EvaluationPersona {run_id: 'old', fit: 'test', user_id: u.user_id})",
        "evaluation personas of test, run old: 1 too many",
    ),
    "items lost": (
        "runs-items",
        "MATCH (c:CurrentRun {kind: 'evaluation personas of test'}) SET c.items = c.items + 1",
        "evaluation personas of test, run ",
    ),
    "items left": (
        "runs-items",
        ITEM + "CREATE (:ItemPersona {run_id: 'old', item_id: i.item_id})",
        "run old: 1 too many",
    ),
    "persona left": ("runs-personas", "CREATE (:PersonaRetired {persona_id: 'old/1'})", "PersonaRetired old/1"),
    "persona of another run": (
        "runs-personas",
        "CREATE (:Persona {persona_id: 'x/1', vector: [1.0] + [x IN range(1, 7) | 0.0]})",
        "x/1",
    ),
    "vector of another run": ("runs-personas", USER + "SET u.persona_next_run = 'old'", WHO),
    "half a write-back": (
        "runs-personas",
        "MATCH (c:CurrentRun {kind: 'personas'}) SET c.promoted = false",
        "vector index",
    ),
    "profile lost": ("runs-profiles", "MATCH ()-[i:INTERESTED_IN]->() WITH i LIMIT 1 DELETE i", ": 1 missing"),
    "similar left": ("runs-similar", "MATCH ()-[s:SIMILAR_TO]->() WITH s LIMIT 1 SET s.run = 'old'", " and "),
    "length of a session": ("sessions", "MATCH (s:Session) WITH s LIMIT 1 SET s.length = 99", "SYN@"),
    "session of nobody": ("sessions", "CREATE (:Session {session_id: 'nobody@1'})", "nobody@1"),
    "two sessions in one": (
        "sessions-pauses",
        "MATCH (u:User)-[:HAS_SESSION]->(s) WITH u, s ORDER BY u.user_id, s.started_at WITH u, collect(s) AS s "
        "WHERE size(s) > 1 WITH s[0] AS a, s[1] AS b LIMIT 1 "
        "SET a.length = a.length + b.length, a.ended_at = b.ended_at "
        "WITH a, b MATCH (b)-[v:CONTAINS]->(i) CREATE (a)-[w:CONTAINS]->(i) SET w = properties(v) "
        "WITH DISTINCT b DETACH DELETE b",
        "SYN@",
    ),
    "split of a visit": ("sessions-visits", "MATCH ()-[v:CONTAINS]->() WITH v LIMIT 1 SET v.split = 'lost'", "SYN"),
    "change not finished": ("split-finished", USER + "SET u:Changed", WHO),
    "not split": (
        "split-co-occurrence split-marks split-personas",
        FIRST + "REMOVE r.split " + VISITS,
        f"{WHO}, item ",
    ),
    "test in training": (
        "split-leave-one-out split-personas",
        USER + "MATCH (u)-[r:INTERACTED {split: 'test'}]->(i) SET r.split = 'train' " + VISITS,
        WHO,
    ),
    "unknown rule": ("split-rule", "CREATE (:Split {name: 'current', by: 'coin'})", "coin"),
    "borders the wrong way": (
        "split-rule split-time",
        "CREATE (:Split {name: 'current', by: 'time', validation_from: 9, test_from: 3})",
        "validation from 9, test from 3",
    ),
    "learned from the test": (
        "split-personas",
        USER
        + "MATCH (v:EvaluationPersona {user_id: u.user_id, fit: 'validation'}) SET v.vector = [x IN v.vector | -x]",
        f"evaluation personas of validation, user {WHO}",
    ),
    "tie to itself": ("ties", ITEM + "CREATE (i)-[:ALSO_BOUGHT]->(i)", "ALSO_BOUGHT"),
    "dimensions of a text": ("vectors-embeddings", ITEM + "SET i.embedding = [1.0, 0.0]", ": 2 dimensions"),
    "length of a text": ("vectors-embeddings", ITEM + "SET i.embedding = [x IN i.embedding | x * 2]", "length 2.0"),
    "no number in a text": (
        "vectors-embeddings",
        ITEM + "SET i.embedding = [0.0 / 0.0] + tail(i.embedding)",
        "length NaN",
    ),
    "dimensions of a user": ("vectors-users", USER + "SET u.persona = [1.0, 0.0]", f"{WHO}: 2 dimensions"),
    "dimensions of a persona": (
        "vectors-personas",
        "MATCH (p:Persona) WITH p LIMIT 1 SET p.vector = [1.0]",
        ": 1 dimensions",
    ),
    "dimensions in the evaluation": (
        "vectors-evaluation",
        USER + "MATCH (v:EvaluationPersona {user_id: u.user_id}) SET v.vector = v.vector + 0.0",
        f"user {WHO}: 9 dimensions",
    ),
    "no number in an item": (
        "vectors-items",
        FIRST + "MATCH (v:ItemPersona {item_id: i.item_id}) SET v.vector = [x IN v.vector | 0.0 / 0.0]",
        "item ",
    ),
    "unknown item": (
        "vectors-known",
        "MATCH (c:CurrentRun {kind: 'personas'}), (v:ItemPersona {run_id: c.items_run}) "
        "WITH v LIMIT 1 SET v.item_id = 'gone'",
        "item gone",
    ),
    "user removed since": (
        "runs-profiles sessions split-co-occurrence split-personas vectors-known",
        USER + "DETACH DELETE u",
        f"user {WHO}",
    ),
    "score of a link": ("weights", "MATCH ()-[s:SAME_AS]->() WITH s LIMIT 1 SET s.score = 1.5", "SAME_AS"),
    "no number in a cosine": (
        "weights",
        "MATCH ()-[t:CO_OCCURS_WITH]->() WITH t LIMIT 1 SET t.cosine = 0.0 / 0.0",
        "CO_OCC",
    ),
    "no count in a profile": (
        "weights",
        "MATCH ()-[t:INTERESTED_IN]->() WITH t LIMIT 1 REMOVE t.items",
        "INTERESTED_IN",
    ),
}


PIECES = [
    "a", "1", "/", "?", "#", ":", "@", "[", "]", "[::1]", "%", "%4E", "%g", "~", "'", "&", " ", "<", '"', "|", "\\",
    "^", "`", "\x1f", "\x85", "\xa0", "é", "\u2028", "\ue000", "\ufdd0", "\ufdf0", "\uffff", "😀", "\U000e0001",
    "\U0010fffd",
]  # fmt: skip


def test_what_the_loader_does_not_ask_for_is_found_and_nothing_else(database: Database, changed: Changing) -> None:
    """Every host, and what follows it, of up to three pieces; and IRIs as long as may be, of letters of each length."""
    uris = [f"http://{''.join(some)}" for count in (1, 2, 3) for some in product(PIECES, repeat=count)]
    uris += [f"1http://a{piece}" for piece in PIECES] + [f"a:{piece}://{piece}" for piece in PIECES]
    uris += ["http://a:port/", "http://a/[x]", "http://a/#a#b", "http://[1:2:3:4:5:6:7:8]:80/", "http://u:p@a:80/?b#c"]
    for letter in "aéਅ\ud7ff😀":
        most = (LONGEST_IRI - len("http://a/")) // len(letter.encode())
        uris += [f"http://a/{letter * count}" for count in (most, most + 1)]
    with changed("UNWIND $uris AS uri CREATE (:Entity {uri: uri})", uris=uris):
        found = {row["what"] for row in database.stream("check/entities")}
    assert found == {uri for uri in uris if not is_iri(uri)} and len(found) < len(set(uris))


@pytest.mark.parametrize(
    "uri", [f"http://{'a@' * 4_000}", f"http://{':' * 8_000}", f"a:{'%' * 7_000}://", "[::1]" * 1_500]
)
def test_a_long_id_takes_no_longer_than_another(database: Database, changed: Changing, uri: str) -> None:
    """By backtracking it would take minutes, and the stack."""
    with changed("CREATE (:Entity {uri: $uri})", uri=f"http://{uri}"):
        assert broken(database)["entities"].broken == 1


@pytest.mark.parametrize("way", BROKEN)
def test_what_is_broken_is_found_by_its_check_and_named(database: Database, changed: Changing, way: str) -> None:
    names, change, named = BROKEN[way]
    with changed(change):
        found = broken(database)
    assert set(found) == set(names.split())
    assert any(named in example for finding in found.values() for example in finding.examples)
    assert all(1 <= len(finding.examples) <= min(finding.broken, EXAMPLES) for finding in found.values())


@pytest.mark.parametrize(
    ("key", "change", "names"),
    [
        ("user_key", "MATCH (u:User) WITH u LIMIT 1 CREATE (:User {user_id: u.user_id})", "keys-unique"),
        ("current_run_key", "CREATE (:CurrentRun {kind: 'profiles', run_id: 'x', interests: 0})", "runs-current"),
    ],
)
def test_a_missing_constraint_and_what_it_let_in_are_found(
    database: Database, changed: Changing, key: str, change: str, names: str
) -> None:
    database.driver.execute_query(f"DROP CONSTRAINT {key}")
    try:
        with changed(change):
            found = broken(database)
    finally:
        ensure_schema(database)
    assert set(found) == {"schema", names} and found["schema"].examples == [f"no constraint {key}"]


def test_vectors_and_their_index_agree(database: Database) -> None:
    database.driver.execute_query("DROP INDEX item_embedding")
    try:
        assert broken(database)["schema"].examples == ["no index item_embedding"]
        ensure_vector_index(database, "item_embedding", "Item", "embedding", 3)
        found = broken(database)
    finally:
        ensure_vector_index(database, "item_embedding", "Item", "embedding", 384)
    assert set(found) == {"vectors-embeddings"} and found["vectors-embeddings"].broken > EXAMPLES
    assert len(found["vectors-embeddings"].examples) == EXAMPLES


def test_personas_of_another_split_are_found(database: Database, command_line: CommandLine, changed: Changing) -> None:
    """What a fit may know is another since: nothing was learned from the test, but it would be judged by it."""
    leaking = {"split-personas"}
    command_line("load", "split", "--by", "time")
    assert set(broken(database)) == leaking
    late = "MATCH (:User)-[r:INTERACTED {split: 'test'}]->(:Item) WITH r LIMIT 1 SET r.split = 'train'"
    with changed(late):
        assert set(broken(database)) == leaking | {"split-time", "sessions-visits"}
    command_line("load", "split", "--by", "leave-one-out")
    assert not broken(database)


def test_nodes_and_relationships_of_others_are_counted_and_not_broken(database: Database, changed: Changing) -> None:
    with changed(
        "CREATE (:Mine {owner: 'me'})",
        ITEM + "CREATE (i)-[:MADE_OF]->(:Mineral {name: 'salt'})",
    ):
        assert not broken(database)
        found = graph_stats(database)
    alone = {one.label: (one.nodes, one.alone) for one in found.nodes}
    assert alone["Mine"] == (1, 1) and alone["Mineral"] == (1, 0) and alone["Lock"] == (2, None)
    assert found.relationships["MADE_OF"] == 1


def test_an_empty_graph_is_said(database: Database, changed: Changing) -> None:
    with changed("MATCH (n) DETACH DELETE n"):
        for look in (graph_stats, broken):
            with pytest.raises(KgrecError, match="empty: load first"):
                look(database)


def test_a_check_that_cannot_be_made_is_broken_and_the_others_are_made(database: Database) -> None:
    database.driver.execute_query("CREATE (:Persona {persona_id: 'odd', run_id: 'odd', vector: ['text']}), (:Item)")
    try:
        found = {finding.name: finding for finding in check_graph(database, TYPES)}
    finally:
        database.driver.execute_query("MATCH (p:Persona {run_id: 'odd'}), (i:Item) WHERE i.item_id IS NULL DELETE p, i")
    [odd] = found["vectors-personas"].examples
    assert found["vectors-personas"].broken == 1 and odd.startswith("It could not be checked: Neo4j at ")
    assert "refused a statement" in odd and found["keys"].broken == 1


def test_hostile_text_is_shown_and_does_nothing(database: Database, command_line: CommandLine) -> None:
    database.driver.execute_query(f"CREATE (:Entity:`{HOSTILE}` {{uri: $uri}})", uri=f"http://x/{HOSTILE}")
    try:
        checked = command_line("graph", "check", check=False)
        stats = command_line("graph", "stats")
    finally:
        database.driver.execute_query("MATCH (e:Entity) WHERE e.uri STARTS WITH 'http://x/' DELETE e")
    assert checked.exit_code == 1 and "1 of " in checked.output and "do not hold" in checked.output
    for output in (checked.output, stats.output):
        assert "[2J[red]evil[/]" in output and not {"\x1b", "\u202e"} & set(output)


def test_stats_are_those_of_a_plain_count(database: Database, changed: Changing) -> None:
    with changed("CREATE (:Item {item_id: 'unchosen', name: 'unchosen'}), (:Entity {uri: 'http://x/alone'})"):
        found = graph_stats(database)
    interactions = rows(database, "MATCH (u:User)-[r:INTERACTED]->(i:Item) RETURN u.user_id, i.item_id, r.split")
    items = len({item for _, item, _ in interactions})  # every item of the shop was chosen
    nodes = {one.label: (one.nodes, one.alone) for one in found.nodes}
    assert nodes["User"] == (40, 0) and nodes["Item"] == (items + 1, 1) and nodes["CurrentRun"][1] is None
    assert found.relationships["INTERACTED"] == len(interactions)
    degrees = {(one.label, one.what): one for one in found.degrees}
    for label, place, unchosen in (("User", 0, []), ("Item", 1, [0])):
        counts = [*Counter(row[place] for row in interactions).values(), *unchosen]
        counts += [0] * (nodes[label][0] - len(counts))
        median, most = (int(np.quantile(counts, share, method="inverted_cdf")) for share in (0.5, 0.95))
        expected = Degrees(label, "interactions", median, float(np.mean(counts)), most, max(counts))
        assert degrees[label, "interactions"] == expected
    shares = {(one.of, one.what): (one.count, one.total) for one in (*found.coverage, *found.isolated)}
    assert shares["items", "a text embedding"] == (items, items + 1) and shares["users", "a persona"] == (40, 40)
    for part, what in (
        ("train", "a place in training"),
        ("validation", "one in validation"),
        ("test", "one in the test"),
    ):
        assert shares["interactions", what] == (sum(row[2] == part for row in interactions), len(interactions))
    linked = rows(database, "MATCH (i:Item) WHERE EXISTS { (i)-[:SAME_AS]->() } RETURN count(*)")[0][0]
    assert shares["items", "a DBpedia entity"] == (linked, items + 1)
    assert shares["items", "never chosen"] == (1, items + 1)
    leading = rows(
        database,
        "MATCH (e:Entity) OPTIONAL MATCH (e)<-[:SAME_AS]-(i:Item) OPTIONAL MATCH (e)<--(:Entity)<-[:SAME_AS]-(j:Item) "
        "RETURN e.uri, collect(DISTINCT i.item_id), collect(DISTINCT j.item_id)",
    )
    sizes = Counter(len({*own, *others}) for _, own, others in leading)
    assert shares["entities", "that one item leads to"] == (sizes[1], len(leading) + 1)
    assert shares["entities", "that no item leads to"] == (sizes[0] + 1, len(leading) + 1)
