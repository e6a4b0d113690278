import pytest

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import KEYS, ensure_schema, ensure_vector_index


def constraints(database: Database) -> set[str]:
    with database.driver.session() as session:
        return {row["name"] for row in session.run("SHOW CONSTRAINTS YIELD name")}


def dimensions(database: Database, name: str) -> int:
    return int(database.read("schema/vector_index", index=name)[0]["config"]["vector.dimensions"])


def test_every_key_is_unique_and_a_second_call_changes_nothing(database: Database) -> None:
    ensure_schema(database)
    first = constraints(database)
    ensure_schema(database)
    assert constraints(database) == first
    assert {f"{key}_key" for key in KEYS} <= first
    with database.driver.session() as session:
        session.run("CREATE (:User {user_id: 'twice'})").consume()
        with pytest.raises(Exception, match="already exists"):
            session.run("CREATE (:User {user_id: 'twice'})").consume()


@pytest.mark.parametrize(
    ("name", "label", "vector"), [("item_embedding", "Item", "embedding"), ("user_persona", "User", "persona")]
)
def test_vector_index_follows_the_dimensions(database: Database, name: str, label: str, vector: str) -> None:
    ensure_vector_index(database, name, label, vector, 4)
    assert dimensions(database, name) == 4
    ensure_vector_index(database, name, label, vector, 4)
    ensure_vector_index(database, name, label, vector, 6)
    assert dimensions(database, name) == 6
    with database.driver.session() as session:
        session.run(f"CREATE (:{label} {{{vector}: [1.0, 0, 0, 0, 0, 0]}})").consume()
        session.run("CALL db.awaitIndexes()").consume()
        hits = session.run(
            f"CALL db.index.vector.queryNodes('{name}', 1, [1.0, 0, 0, 0, 0, 0]) YIELD score RETURN score"
        ).data()
    assert hits[0]["score"] == pytest.approx(1.0)


def test_an_index_outside_the_schema_is_refused(database: Database) -> None:
    with pytest.raises(KgrecError, match="no vector index"):
        ensure_vector_index(database, "item_embedding", "User", "embedding", 4)
