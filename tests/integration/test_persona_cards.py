"""What personas say of themselves over a real Neo4j: cards, commands, the map, and numbers that last."""

import json
import re
from csv import DictReader
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.personas import current_personas, current_run
from kgrec.personas.cards import PersonaCard, find_card, persona_cards
from kgrec.personas.picture import draw
from kgrec.personas.places import persona_map, places
from tests.conftest import CommandLine
from tests.integration.test_personas import fill, rows, train
from tests.unit.text_models import save_text_model

HOSTILE = "i02 </script><b>\x1b[31m"


@pytest.fixture(scope="module")
def trained(database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The small graph of the persona tests, and what the training of its personas said."""
    fill(database, rows())
    database.driver.execute_query("MATCH (i:Item {item_id: 'i02'}) SET i.title = $title", title=HOSTILE)
    run = tmp_path_factory.mktemp("run")
    return train(command_line, run, "--epochs", "200")


@pytest.fixture
def cards(database: Database, trained: str) -> list[PersonaCard]:
    return persona_cards(database)


def by_theme(cards: list[PersonaCard]) -> dict[str, PersonaCard]:
    """Cards by the first feature of their names, the only one; items follow."""
    return {card.name.split(" · ")[0]: card for card in cards}


def test_a_card_says_what_its_members_choose(cards: list[PersonaCard], trained: str) -> None:
    assert sorted(by_theme(cards)) == ["Lighthouses", "Volcanoes"] and sorted(card.number for card in cards) == [1, 2]
    assert "Stability of the 2 personas: " in trained and "adjusted Rand index" not in trained
    for theme, card in by_theme(cards).items():
        taste = ["Lighthouses", "Volcanoes"].index(theme)
        assert card.users == 30 and card.persona_id.endswith(f"/{card.number}")
        (trait,) = card.traits
        assert (trait.label, trait.kind) == (theme, "Entity") and (trait.share, trait.lift) == pytest.approx((1.0, 2.0))
        assert len(card.typical) == 5 and all(int(one.item_id[1:]) % 2 == taste for one in card.typical)
        assert all(one.lift == pytest.approx(2.0) for one in card.typical)
        assert card.counter_example is not None and int(card.counter_example.item_id[1:]) % 2 != taste
        assert card.counter_example.share == card.counter_example.lift == 0.0
        (other,) = {one.name for one in cards} - {card.name}
        assert card.counter_example.typical_of == other
        assert card.summary.startswith(
            f"30 of 60 users have this persona: {theme} is in 100% of what they choose, 2.0 times its part of all "
            "users' choices. Typical are “"
        )
        assert card.summary.endswith(f"typical of {other.split(' · ')[0]}, they choose never.")


def test_features_that_are_called_alike_are_one_trait(
    database: Database, trained: str, cards: list[PersonaCard]
) -> None:
    with database.driver.session() as session:
        session.run(
            "MATCH (p:Persona)-[trait:CHARACTERISED_BY]->(feature) "
            "MERGE (author:Author {name: toUpper(feature.label)}) "
            "MERGE (p)-[:CHARACTERISED_BY {share: trait.share / 2, lift: trait.lift}]->(author)"
        ).consume()
    try:
        assert [card.traits for card in persona_cards(database)] == [card.traits for card in cards]
    finally:
        with database.driver.session() as session:
            session.run("MATCH (author:Author) DETACH DELETE author").consume()


def test_a_persona_is_found_by_number_name_key_and_the_beginning_of_its_name(cards: list[PersonaCard]) -> None:
    card = by_theme(cards)["Volcanoes"]
    for wanted in (str(card.number), card.name.upper(), card.persona_id, " Volc"):
        assert find_card(cards, wanted) is card
    for wanted, hint in (
        (card.name.replace("o", "u"), "did you mean Volcanoes"),
        ("", "personas list"),
        ("9", "personas list"),
    ):
        with pytest.raises(KgrecError, match=hint):
            find_card(cards, wanted)


def test_commands_tell_the_cards(cards: list[PersonaCard], command_line: CommandLine) -> None:
    assert "Lighthouses" in command_line("personas", "list").output
    listed = json.loads(command_line("personas", "list", "--format", "json").output)
    assert listed == json.loads(json.dumps(cards.records()))  # type: ignore[attr-defined]
    (first, second) = DictReader(StringIO(command_line("personas", "list", "--format", "csv").output))
    assert first["name"] == cards[0].name and second["traits"] == cards[1].traits[0].label
    told = command_line("personas", "show", "lighthouses").output
    assert "30 of 60 users" in told and "seldom" in told and "\x1b" not in told
    assert json.loads(command_line("personas", "show", "1", "--format", "json").output)[0]["number"] == 1
    evidence = list(DictReader(StringIO(command_line("personas", "show", "1", "--format", "csv").output)))
    assert [row["what"] for row in evidence] == ["trait", *["typical"] * 5, "seldom"]
    compared = command_line("personas", "compare", "1", "2").output
    assert "60 users belong to both" in compared and "Volcanoes" in compared and "Lighthouses" in compared
    (document,) = json.loads(command_line("personas", "compare", "1", "2", "--format", "json").output)
    assert document["both"] == 60 and document["traits"] == [] and document["cosine"] < 0.5
    rows_of = list(DictReader(StringIO(command_line("personas", "compare", "1", "2", "--format", "csv").output)))
    assert {row["name"] for row in rows_of if row["what"] == "trait"} == {"Lighthouses", "Volcanoes"}
    refused = command_line("personas", "show", "nobody", check=False)
    assert isinstance(refused.exception, KgrecError)


def test_the_map_has_every_persona_among_its_users(
    database: Database, cards: list[PersonaCard], command_line: CommandLine, tmp_path: Path
) -> None:
    found = persona_map(database, 40)
    assert len(found.users) == 40 and found == persona_map(database, 40) and found.personas == cards
    vectors = np.stack(current_personas(database).vectors)
    _, everybody = places(database, vectors)
    assert everybody.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert everybody.var(axis=0).sum() <= vectors.var(axis=0).sum() + 1e-9
    place = {card.name: np.array([card.x, card.y]) for card in cards}
    for user in found.users:
        distances = {name: np.linalg.norm(at - [user.x, user.y]) for name, at in place.items()}
        assert min(distances, key=lambda name: float(distances[name])) == user.persona
    file = tmp_path / "map.html"
    assert str(file.name) in command_line("personas", "map", "--file", str(file), "--users", "10").output
    page = file.read_text(encoding="utf-8")
    assert "Lighthouses" in page and "Volcanoes" in page
    assert "Plotly.newPlot" in page and not re.search(
        r"<(script|link|img)[^>]{0,80}(src|href)=", page
    )  # it needs no network
    records = json.loads(command_line("personas", "map", "--users", "10", "--format", "json").output)
    assert [row["what"] for row in records] == ["persona"] * 2 + ["user"] * 10


def test_texts_from_data_are_no_markup_on_the_map(database: Database, trained: str, tmp_path: Path) -> None:
    with database.driver.session() as session:
        session.run("MATCH (p:Persona) WITH p LIMIT 1 SET p.kept = p.name, p.name = $name", name=HOSTILE).consume()
    try:
        draw(persona_map(database, 60), tmp_path / "map.html")
    finally:
        with database.driver.session() as session:
            session.run("MATCH (p:Persona) WHERE p.kept IS NOT NULL SET p.name = p.kept REMOVE p.kept").consume()
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "i02 " in page and "i02 <" not in page and "\x1b" not in page


def test_the_run_notes_how_its_personas_were_chosen(database: Database, trained: str) -> None:
    (about,) = database.read("personas/about")
    assert 0.65 < about["stability"] <= 1 and about["highest_number"] == 2
    run = current_run(database)
    assert run is not None and run.temperature == 0.1  # sixty users say too little of another
    for check in ("ends", "weights", "personas-told", "runs-personas", "runs-current", "memberships"):
        assert database.read(f"check/{check}") == []


def test_personas_keep_their_numbers_from_run_to_run(
    database: Database, cards: list[PersonaCard], command_line: CommandLine, tmp_path: Path
) -> None:
    """Those of as many personas as the data bear, too: who was never seen before gets a number that none had."""

    def run(seed: int, n_personas: int, epochs: int) -> tuple[dict[str, int], str]:
        options = "--seed", str(seed), "--personas", str(n_personas), "--epochs", str(epochs)
        output = train(command_line, tmp_path / f"{seed}", *options)
        return {theme: card.number for theme, card in by_theme(persona_cards(database)).items()}, output

    with database.driver.session() as session:
        session.run("MATCH (c:CurrentRun {kind: 'personas'}) SET c.highest_number = 8").consume()
    second, told = run(1, 2, 200)
    assert second == {theme: card.number for theme, card in by_theme(cards).items()}
    assert "2 of 2 personas keep the number of one of the 2 before" in told
    third, told = run(2, 0, 5)
    assert "adjusted Rand index" in told and f"Stability of the {len(third)} personas" in told
    assert len(set(third.values())) == len(third) and all(number in (1, 2) or number > 8 for number in third.values())


def test_a_text_model_words_what_the_evidence_bears_out(
    database: Database, trained: str, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says the same of both personas, and the evidence of one has it not."""
    said = "These users like Lighthouses more than others do."
    folder = save_text_model(tmp_path / "tiny-model", said)
    monkeypatch.setitem(command_line.environment, "KGREC_HDGI_TEXT_MODEL", str(folder))
    assert "The text model worded 1 of 2 summaries; of 1 it said" in train(command_line, tmp_path / "run")
    cards = by_theme(persona_cards(database))
    assert (cards["Lighthouses"].summary, cards["Lighthouses"].worded_by) == (said, "tiny-model")
    other = cards["Volcanoes"]
    assert "of 60 users have this persona: Volcanoes" in other.summary and other.worded_by is None
    assert "Worded by the model tiny-model." in command_line("personas", "show", "lighthouses").output
    assert "Worded by" not in command_line("personas", "show", "volcanoes").output
    monkeypatch.delitem(command_line.environment, "KGREC_HDGI_TEXT_MODEL")
    train(command_line, tmp_path / "run")  # which is finished: other words need no training anew
    assert [card.worded_by for card in persona_cards(database)] == [None, None]


def test_personas_of_an_earlier_kgrec_have_cards_and_no_map(
    database: Database, trained: str, command_line: CommandLine
) -> None:
    """The last test: it takes away what the earlier one did not write."""
    with database.driver.session() as session:
        session.run("MATCH (p:Persona) REMOVE p.number, p.summary, p.x, p.y").consume()
        session.run("MATCH (:Persona)-[r:TYPICAL|COUNTER_EXAMPLE]->() DELETE r").consume()
        session.run("MATCH (c:CurrentRun {kind: 'personas'}) REMOVE c.x_axis, c.temperature").consume()
    cards = persona_cards(database)
    assert [card.number for card in cards] == list(range(1, len(cards) + 1))
    assert not any(card.summary or card.typical or card.counter_example for card in cards)
    assert cards[0].name in command_line("personas", "show", "1").output
    run = current_run(database)
    assert run is not None and run.temperature == 0.1
    refused = command_line("personas", "map", check=False)
    assert isinstance(refused.exception, KgrecError) and "train personas" in str(refused.exception)
