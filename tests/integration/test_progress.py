"""Long commands show how far they are on a terminal, and nothing of it where nothing is to be told."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gnn.settings import HDGISettings
from gnn.train import train_personas
from kgrec import counted
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.terminal import silence
from tests.conftest import CommandLine
from tests.integration.test_personas import fill, rows

BARS = {
    "train personas --epochs 1 --seed 3 --fresh": {
        "Looking for changes in who chose what": ["59 users"],
        "Reading the users": ["59 users"],
        "Reading the graph": ["5 types of relationships"],
        "Reading the texts": ["39 texts"],
        "How many personas are stable": ["numbers of personas"],
        "Describing the personas": ["5 kinds of vectors"],
        "How stable the personas are": ["4 draws"],
        "Keeping what users had": ["59 users"],
        "Putting the personas into the index": ["59 users", "179 memberships"],
        "Reading what users have": ["39 items", "59 users"],
    },
    "train sasrec --epochs 1": {
        "Looking for changes in who chose what": ["59 users"],
        "Reading the graph": [
            *("39 titles", "59 users", "39 items with facts", "39 texts", "39 items with co-occurrence"),
            *("59 personas, validation fit", "59 personas, test fit", "59 personas"),
        ],
    },
    "evaluate": {
        "Reading the graph": ["39 titles", "59 users", "39 items with facts", "39 texts", "59 personas, test fit"],
        "Choosing the settings of the baselines": ["28 settings"],
    },
    "recommend --all-users --out OUT": {
        "Loading models and index": ["39 titles", "59 users", "39 items with facts", "59 personas"],
    },
    "ray histories OUT": {"writing histories": ["60 users"]},
}


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On a terminal, where each move of a bar is made."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(counted, "OFTEN", 0.0)
    yield
    silence(False)


@pytest.fixture(scope="module")
def run(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Personas that are there already, which a training has to put into the past."""
    ensure_schema(database)
    fill(database, rows())
    folder = tmp_path_factory.mktemp("run")
    train_personas(database, folder, HDGISettings(epochs=1))
    return folder


def states(told: str) -> list[str]:
    """What the line of a spinner or a bar held, one after the other."""
    return re.split(r"\x1b\[2K|\n", re.sub(r"\x1b\[[\d;]*m", "", told))


@pytest.mark.parametrize("command", BARS)
def test_long_commands_have_bars_and_quiet_ones_say_nothing(
    command: str, run: Path, command_line: CommandLine, tmp_path: Path
) -> None:
    out = str(tmp_path / "out.parquet")
    arguments = [out if word == "OUT" else word for word in command.split()]
    for quiet in ([], ["--quiet"]):
        for kept in (run / "evaluation" / "baselines.json", *run.rglob("snapshot*")):  # made anew, which takes a while
            kept.unlink(missing_ok=True)
        told = command_line(*arguments, "--run", str(run), *quiet).stderr
        if quiet:
            assert told == ""
            continue
        bars = [state for state in states(told) if "━" in state]
        for what, words in BARS[command].items():
            for word in words:
                assert any(f" {what} " in bar and f" {word} " in bar for bar in bars), (what, word)
