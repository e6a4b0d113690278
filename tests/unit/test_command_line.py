"""The command line as a newcomer meets it: help that reads without the README, and one sentence for what goes wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kgrec.commands import kgrec, main
from kgrec.errors import KgrecError
from kgrec.settings import load_section
from recommender.recommend_command import _user_ids, recommend
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


def environment_of(folder: Path) -> dict[str, str]:
    """The variables of a user who has set none of kgrec's, with a home of their own."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("KGREC_")}
    return own | {"KGREC_HOME": str(folder / "home"), "PYTHONPATH": str(Path(__file__).parents[2])}


def shell(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ``kgrec`` as a shell would, in an empty folder."""
    command = [sys.executable, "-m", "kgrec", *arguments]
    return subprocess.run(command, cwd=folder, env=environment_of(folder), capture_output=True, text=True)


class Run:
    """Runs the whole ``kgrec`` in this process, which has torch at hand, as `shell` does in one of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]):
        monkeypatch.chdir(folder)
        for name in os.environ.keys() - (own := environment_of(folder)).keys():
            monkeypatch.delenv(name)
        monkeypatch.setenv("KGREC_HOME", own["KGREC_HOME"])
        self.monkeypatch = monkeypatch
        self.capture = capture

    def __call__(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Return the exit status and what was said on stderr; an exception that a shell would show is one here."""
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(sys, "argv", ["kgrec", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, self.capture.readouterr().err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, monkeypatch, capsys)


def test_the_commands_are_those_of_the_way() -> None:
    assert {" ".join(path) for path, command in ALL.items() if not isinstance(command, click.Group)} == {
        "db start", "db stop", "db status", "db logs",
        "load amazon", "load recbole", "load domain", "load spark", "load split", "load dbpedia", "load embeddings",
        "train personas", "train sasrec", "recommend", "feedback", "serve", "ray histories", "ray lists", "evaluate",
        "explore", "settings", "completion", "graph stats", "graph check", "personas list", "personas show",
        "personas compare", "personas map",
    }  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_tells_what_a_command_does_and_what_each_option_is_for(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(kgrec, [*path, "--help"], terminal_width=110)
    assert result.exit_code == 0
    command = ALL[path]
    assert command.help and len(command.help.split()) >= 8
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert silent == []
    if (
        not isinstance(command, click.Group)
        and path[0] not in ("db", "settings", "completion")
        and path != ("ray", "lists")
    ):  # these talk to no other
        assert "--uri" in result.output
    if not isinstance(command, click.Group):
        assert f"kgrec {' '.join(path)}" in result.output  # an example


def test_help_of_the_root_lists_every_command(tmp_path: Path) -> None:
    shown = shell(tmp_path, "--help").stdout
    assert all(f"  {path[0]} " in shown for path in ALL if path)


def test_a_sentence_and_a_status_reach_the_shell(tmp_path: Path) -> None:
    result = shell(tmp_path, "explore", "personas")
    assert result.returncode == 1
    assert "kgrec db start" in result.stderr and "--uri" in result.stderr and "Traceback" not in result.stderr


def test_a_program_is_told_settings_and_that_no_server_runs(run: Run) -> None:
    told = []
    for status, *words in ((0, "settings"), (3, "db", "status"), (0, "db", "stop")):
        run.monkeypatch.setattr(sys, "argv", ["kgrec", *words, "--format", "json"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == status
        told.append(json.loads(run.capture.readouterr().out))
    settings = {(one["table"], one["name"]): one for one in told[0]}
    assert settings["neo4j", "user"]["value"] == "neo4j" and settings["sasrec", "dim"]["source"] == "default"
    assert told[1]["running"] is False and told[2] == {"stopped": False}


def test_a_parameter_that_is_given_twice_is_refused(run: Run) -> None:
    status, said = run("explore", "why-item", "-p", "item_id=a", "-p", "user_id=b", "-p", "item_id=c")
    assert status == 1 and "'item_id' is given twice" in said


@pytest.mark.parametrize("command", [("explore", "personas"), ("evaluate",), ("recommend", "--user", "u")])
def test_without_a_server_the_way_to_one_is_told(run: Run, command: tuple[str, ...]) -> None:
    status, said = run(*command)
    assert status == 1
    assert "kgrec db start" in said and "--uri" in said


def test_a_server_that_does_not_answer_is_named(run: Run) -> None:
    status, said = run("evaluate", "--uri", "bolt://127.0.0.1:1", KGREC_NEO4J_PASSWORD="a secret")
    assert status == 1
    assert "bolt://127.0.0.1:1 does not answer" in said and "a secret" not in said


def test_a_password_that_is_missing_is_said(run: Run) -> None:
    status, said = run("evaluate", "--uri", "bolt://127.0.0.1:1")
    assert status == 1 and "KGREC_NEO4J_PASSWORD" in said


def test_an_address_that_is_none_is_said(run: Run) -> None:
    status, said = run("evaluate", "--uri", "localhost", "--password", "x")
    assert status == 1 and "neo4j.uri is wrong: it names no host" in said
    status, said = run("evaluate", "--uri", "ftp://localhost", "--password", "x")
    assert status == 1 and "neo4j.uri is wrong: it must begin with bolt:// or neo4j://" in said


def test_a_variable_that_is_not_utf_8_is_named(run: Run) -> None:
    status, said = run("evaluate", KGREC_NEO4J_PASSWORD="\udcffsecret")
    assert status == 1 and "The variable KGREC_NEO4J_PASSWORD is not UTF-8 text." in said and "secret" not in said


@pytest.mark.parametrize(
    "uri",
    [
        "bolt://neo4j:s3cret@127.0.0.1:1", "neo4j:s3cret@host", "bolt://n:s3@cret@h?x=1",
        "bolt://127.0.0.1:1?password=s3cret", "neo4j://127.0.0.1:1/?policy=a&password=s3cret",
        "bolt://127.0.0.1:1/s3cret", "neo4j+s://127.0.0.1:1#s3cret",
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["option", "variable", "root"])
def test_a_password_in_the_address_is_refused_and_not_shown(run: Run, uri: str, way: str) -> None:
    if way == "variable":
        status, said = run("evaluate", KGREC_NEO4J_URI=uri, KGREC_NEO4J_PASSWORD="x")
    else:
        status, said = run(*(("--uri", uri, "evaluate") if way == "root" else ("evaluate", "--uri", uri)))
    assert status == 1 and "neo4j.uri is wrong" in said and "KGREC_NEO4J_PASSWORD" in said
    assert "s3" not in said and "cret" not in said.replace("secret", "")


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


def test_a_settings_file_that_was_asked_for_must_exist(run: Run, tmp_path: Path) -> None:
    status, said = run("explore", KGREC_SETTINGS=str(tmp_path / "mine.toml"))
    assert status == 1 and "mine.toml" in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("pipe", "is no plain file: write the user ids, one a line, to a file, and give that."),
        ("/dev/zero", "is no plain file: write the user ids"),
        (b"u1\n" + b"u" * 2**16 + b"\n", ", line 2: longer than 64 KiB: one user id a line is expected."),
        (b"u1\n\xff\n", "is not a text file in UTF-8."),
        ("u1\n".encode("utf-16"), "is not a text file in UTF-8."),
        (b"\xef\xbb\xbf\n \r\n", "names no user."),
        (b"", "names no user."),
    ],
    ids=["pipe", "device", "long line", "latin-1", "utf-16", "blank lines", "empty"],
)
def test_a_file_of_users_that_is_none_is_named(run: Run, tmp_path: Path, content: str | bytes, sentence: str) -> None:
    """Before a pipe is waited for, and a device without an end read into memory; it is told before any connection."""
    path = Path(content) if content == "/dev/zero" else tmp_path / "users.txt"
    if content == "pipe":
        os.mkfifo(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    status, said = run("recommend", "--users-file", str(path))
    assert status == 1 and said.startswith(f"Error: {path}") and sentence in said and said.count("\n") == 1


def test_a_file_of_users_is_read_as_it_may_be_written(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    longest = "\U0001f600" * 1_000  # as long as an id may be
    path.write_bytes(f"\ufeffu1\r\n\n  u 2 \n{longest}\nu1".encode())
    context = click.Context(recommend)
    assert _user_ids(context, context.command.params[0], path) == ["u1", "u 2", longest, "u1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("explore", "persona-traits", "-p", b"persona_id=caf\xe9"),
        ("--password", b"s3cret\xe9", "explore"),
        ("load", "amazon", "--reviews", b"caf\xe9.json"),
        (b"\xff",),
    ],
)
def test_bytes_that_are_no_text_are_refused_and_not_shown(run: Run, arguments: tuple[str | bytes, ...]) -> None:
    """Decoded as Python does it for the arguments of a process."""
    number = 1 + next(place for place, argument in enumerate(arguments) if isinstance(argument, bytes))
    status, said = run(*map(os.fsdecode, arguments))
    assert status == 1 and said.startswith(f"Error: Argument {number} of the command line is not UTF-8 text")
    assert "caf" not in said and "s3cret" not in said


def test_more_lines_of_a_log_than_can_be_counted_are_a_wrong_call(run: Run) -> None:
    status, said = run("db", "logs", "-n", "1" + "0" * 30)
    assert status == 2 and "0<=x<=1000000" in said
