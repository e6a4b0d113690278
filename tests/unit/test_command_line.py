"""The command line as a newcomer meets it: help that reads without the README, and one sentence for what goes wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kgrec.commands import kgrec
from kgrec.errors import KgrecError
from kgrec.settings import load_section
from recommender.settings import SASRecSettings


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group below ``kgrec`` with the words that call it."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands(kgrec))


def run(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run ``kgrec`` as a shell would, in an empty folder and with a home of its own."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("KGREC_")}
    own |= {"KGREC_HOME": str(folder / "home"), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-m", "kgrec", *arguments], cwd=folder, env=own | environment, capture_output=True, text=True
    )


def test_the_commands_are_those_of_the_way() -> None:
    assert {" ".join(path) for path, command in ALL.items() if not isinstance(command, click.Group)} == {
        "db start", "db stop", "db status", "db logs",
        "load amazon", "load recbole", "load dbpedia", "load embeddings",
        "train personas", "train sasrec", "recommend", "evaluate", "explore",
    }  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_tells_what_a_command_does_and_what_each_option_is_for(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(kgrec, [*path, "--help"], terminal_width=110)
    assert result.exit_code == 0
    command = ALL[path]
    assert command.help and len(command.help.split()) >= 8
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert silent == []
    if not isinstance(command, click.Group) and path[0] != "db":
        assert "--uri" in result.output
    if not isinstance(command, click.Group):
        assert f"kgrec {' '.join(path)}" in result.output  # an example


def test_help_of_the_root_lists_every_command(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help").stdout
    assert all(f"  {path[0]} " in shown for path in ALL if path)


@pytest.mark.parametrize("command", [("explore", "personas"), ("evaluate",), ("recommend", "--user", "u")])
def test_without_a_server_the_way_to_one_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(tmp_path, *command)
    assert result.returncode == 1
    assert "kgrec db start" in result.stderr and "--uri" in result.stderr and "Traceback" not in result.stderr


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    result = run(tmp_path, "evaluate", "--uri", "bolt://127.0.0.1:1", KGREC_NEO4J_PASSWORD="a secret")
    assert result.returncode == 1
    assert "bolt://127.0.0.1:1 does not answer" in result.stderr
    assert "Traceback" not in result.stderr and "a secret" not in result.stderr


def test_a_password_that_is_missing_or_an_address_that_is_none_is_said(tmp_path: Path) -> None:
    missing = run(tmp_path, "evaluate", "--uri", "bolt://127.0.0.1:1")
    assert missing.returncode == 1 and "KGREC_NEO4J_PASSWORD" in missing.stderr
    wrong = run(tmp_path, "evaluate", "--uri", "localhost", "--password", "x")
    assert wrong.returncode == 1 and "'localhost' is no Neo4j address" in wrong.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sasrec\n", "kgrec.toml cannot be read"),
        ("sasrec = 1\n", "[sasrec] in kgrec.toml must be a table"),
        ("[sasrec]\nheads = 3\n", "heads (3) must divide dim (64)"),
        ("[sasrec]\nlearning_rat = 0.1\n", "Setting sasrec.learning_rat is wrong"),
        ("[sasrecs]\n", "a table [sasrecs] that kgrec does not know"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str) -> None:
    (tmp_path / "kgrec.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KGREC_SETTINGS", raising=False)
    with pytest.raises(KgrecError) as caught:
        load_section("sasrec", SASRecSettings)
    assert sentence in str(caught.value)


def test_a_settings_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    result = run(tmp_path, "explore", KGREC_SETTINGS=str(tmp_path / "mine.toml"))
    assert result.returncode == 1 and "mine.toml" in result.stderr and "Traceback" not in result.stderr
