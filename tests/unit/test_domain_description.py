"""What a domain's file may say: each mistake is one sentence, and no label or type of kgrec's own can be taken."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from kgloader.dbpedia.predicates import SECOND_TYPES
from kgloader.domains.description import RESERVED_KINDS, RESERVED_TYPES, SHARED_KINDS, read_description
from kgrec.errors import KgrecError

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "domains"
PLAIN = tomllib.loads((EXAMPLES / "groceries.toml").read_text())


def described(folder: Path, **changes: Any) -> str:
    """Return what is said of the groceries with other top-level keys, ``None`` for one left out."""
    file = folder / "domain.toml"
    file.write_text(tomlkit.dumps({key: value for key, value in (PLAIN | changes).items() if value is not None}))
    with pytest.raises(KgrecError) as error:
        read_description(file)
    return str(error.value).removeprefix(f"The domain file {file} ")


@pytest.mark.parametrize("name", ["books", "movies", "groceries"])
def test_the_shipped_files_are_right(name: str) -> None:
    description = read_description(EXAMPLES / f"{name}.toml")
    assert description.nodes and description.meta_paths and description.dbpedia.classes
    assert all(one.startswith("http://dbpedia.org/ontology/") for one in description.dbpedia.classes)


def test_a_meta_path_walks_second_hops(tmp_path: Path) -> None:
    file = tmp_path / "domain.toml"
    paths = ["INTERACTED > SAME_AS > AUTHOR > INFLUENCED_BY", "INTERACTED > SAME_AS > INGREDIENT > FAMILY"]
    dbpedia = PLAIN["dbpedia"] | {"predicates": {"ingredient": "INGREDIENT", "family": "FAMILY"}}
    file.write_text(tomlkit.dumps(PLAIN | {"meta_paths": paths, "dbpedia": dbpedia}))
    assert read_description(file).meta_paths == paths


NODES, TIES = PLAIN["nodes"], PLAIN["relationships"]
FILE = {"file": "a.csv", "columns": {"item_id": "sku"}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": None}, "is wrong in name: it is missing."),
        ({"name": " a\nb"}, "is wrong in name: it must be one line of plain text, without spaces around it."),
        ({"colour": "red"}, "is wrong in colour: kgrec knows no such key."),
        ({"items": FILE | {"columns": {"id": "sku"}}}, "is wrong in items.columns.item_id: it is missing."),
        ({"items": FILE | {"delimiter": "ab"}}, "is wrong in items.delimiter: 'ab' must match ^[^\"\\r\\n]$."),
        ({"nodes": [*NODES, NODES[-1]]}, "is wrong: the kind 'Diet' stands twice among the nodes."),
        ({"nodes": [*NODES, {"kind": "Shelf", "column": "a"}]}, "is wrong: the kind 'Shelf' is in no relationship."),
        (
            {"relationships": [*TIES, {"type": "NEAR", "to": "Shop"}]},
            "is wrong: a relationship names the kind 'Shop', which is not among the nodes.",
        ),
        (
            {"relationships": [*TIES, {"type": "NEAR", "to": "Item"}]},
            "is wrong: a relationship names the kind 'Item', which is not among the nodes.",
        ),
        (
            {"relationships": [*TIES, {"type": "OF", "from": "Diet", "to": "Aisle"}]},
            "is wrong: OF ties Diet to Aisle, but a row may have several Diet: it is not said which belong together.",
        ),
        ({"meta_paths": ["IN_AISLE"]}, "is wrong: the meta-path 'IN_AISLE' must read INTERACTED > A > B|C."),
        (
            {"meta_paths": ["INTERACTED > IN_AISEL"]},
            "is wrong: the meta-path 'INTERACTED > IN_AISEL' walks IN_AISEL, which no relationship or predicate is.",
        ),
        (
            {"dbpedia": {"classes": ["a b"]}},
            "is wrong in dbpedia.classes: 'a b' is neither a name of DBpedia's ontology nor an IRI.",
        ),
        (
            {"dbpedia": {"predicates": {"genre": "KIND"}}},
            "is wrong in dbpedia.predicates: http://dbpedia.org/ontology/genre is GENRE in kgrec already.",
        ),
        (
            {"dbpedia": {"predicates": {"movement": "SCHOOL"}}},
            "is wrong in dbpedia.predicates: http://dbpedia.org/ontology/movement is MOVEMENT in kgrec already.",
        ),
        (
            {"dbpedia": {"predicates": {"ingredient": "AA", "http://dbpedia.org/ontology/ingredient": "BB"}}},
            "is wrong in dbpedia.predicates: http://dbpedia.org/ontology/ingredient stands twice, "
            "by its name and by its IRI.",
        ),
        (
            {"meta_paths": ["INTERACTED" + " > IN_AISLE" * 9, "INTERACTED" + ">IN_AISLE" * 10]},
            f"is wrong: the meta-path 'INTERACTED{'>IN_AISLE' * 5}>IN_A' has more than 10 steps.",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert described(tmp_path, **changes) == said


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "domain.toml"
    for content in (b"name = ", b"\xff\xfe", b"name = " + b"1" * 5_000, b"name = " + b"[" * 5_000):
        file.write_bytes(content)
        with pytest.raises(KgrecError, match=f"The domain file {file} cannot be read: "):
            read_description(file)


@pytest.mark.parametrize("kind", [*sorted(RESERVED_KINDS - {"Item"}), "item", "USER", "brand", "BRAND"])
def test_no_label_of_kgrecs_own_can_be_a_kind(kind: str, tmp_path: Path) -> None:
    said = described(tmp_path, nodes=[*NODES, {"kind": kind, "column": "a"}])
    assert "a label of kgrec's own" in said or "must match" in said


@pytest.mark.parametrize("type_", sorted(RESERVED_TYPES))
def test_no_relationship_of_kgrecs_own_can_be_a_type(type_: str, tmp_path: Path) -> None:
    tie = {"type": type_, "to": "Aisle"}
    assert "a relationship of kgrec's own" in described(tmp_path, relationships=[*TIES, tie])
    assert "a relationship of kgrec's own" in described(tmp_path, dbpedia={"predicates": {"region": type_}})


def test_all_labels_and_types_of_the_statements_are_reserved_or_shared() -> None:
    """A new one in cypher/ that is not named here could be taken by a domain."""
    text = "\n".join(
        line.split("//")[0] for path in (ROOT / "cypher").rglob("*.cypher") for line in path.read_text().splitlines()
    )
    labels = {part for found in re.findall(r"\(\w*:([A-Z]\w*(?:[|&]\w+)*)", text) for part in re.split("[|&]", found)}
    types = {part for found in re.findall(r"\[\w*:([A-Z_]+(?:\|[A-Z_]+)*)", text) for part in found.split("|")}
    assert {"User", "Feature", "CurrentRun"} < labels <= RESERVED_KINDS | set(SHARED_KINDS)
    assert {"INTERACTED", "BY"} < types <= RESERVED_TYPES | {"BY", "IN_CATEGORY", *SECOND_TYPES.values()}


@given(st.text(max_size=60))
def test_an_identifier_is_letters_digits_and_underscores(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    file = tmp_path_factory.mktemp("domain") / "domain.toml"
    for nodes, ties in (
        ([{"kind": name, "column": "a"}], [{"type": "OF", "to": name}]),
        ([{"kind": "Aisle", "column": "a"}], [{"type": name, "to": "Aisle"}]),
    ):
        file.write_text(tomlkit.dumps({**PLAIN, "meta_paths": [], "nodes": nodes, "relationships": ties}))
        try:
            read_description(file)
        except KgrecError:
            continue
        assert re.fullmatch(r"[A-Z]\w{0,39}", name) and name.isascii()
