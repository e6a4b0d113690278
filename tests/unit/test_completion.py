"""``kgrec completion``: installed by one command, and a real bash completes by it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kgrec.commands import kgrec

ROOT = Path(__file__).parents[2]
ASK = """
shopt -s expand_aliases
. "$HOME/.bashrc"
COMP_WORDS=({words}); COMP_CWORD={place}
_kgrec_completion kgrec
printf '%s\\n' "${{COMPREPLY[@]}}"
complete -p kgrec
"""


def install(home: Path, *arguments: str) -> Result:
    own = {"HOME": str(home), "SHELL": "/usr/bin/bash", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "ZDOTDIR": ""}
    return CliRunner().invoke(kgrec, ["completion", *arguments], env=own)


def completed(home: Path, *words: str) -> list[str]:
    """What bash offers for the last word, by the kgrec of this checkout."""
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "kgrec").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/cli.py" "$@"\n')
    (folder / "kgrec").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    script = ASK.format(words=" ".join(f"'{word}'" for word in ("kgrec", *words)), place=len(words))
    command = ["bash", "--norc", "--noprofile", "-c", script]
    ended = subprocess.run(command, env={"HOME": str(home), "PATH": path}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    *found, how = ended.stdout.splitlines()
    assert "_kgrec_completion kgrec" in how
    return found


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_what_was_installed_twice(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'")  # without a line break at its end
    first = install(tmp_path, "--install")
    assert first.exit_code == 0 and f"Wrote {tmp_path}/.local/share/kgrec/completion.bash" in first.output
    assert f"Added a line to {tmp_path}/.bashrc" in first.output
    written = (tmp_path / ".bashrc").read_text()
    again = install(tmp_path, "--install", "bash")
    assert again.exit_code == 0 and "is named already" in again.output
    told = json.loads(install(tmp_path, "--install", "--format", "json").output)
    script = f"{tmp_path}/.local/share/kgrec/completion.bash"
    assert told == {"shell": "bash", "file": script, "startup file": f"{tmp_path}/.bashrc", "line added": False}
    assert (tmp_path / ".bashrc").read_text() == written and written.startswith("alias ll='ls -l'\nsource ")
    assert completed(tmp_path, "rec") == ["recommend"]
    assert completed(tmp_path, "load", "d") == ["domain", "dbpedia"]
    assert "--quiet" in completed(tmp_path, "graph", "stats", "--q")


@pytest.mark.parametrize(
    ("shell", "script", "startup"),
    [("zsh", ".local/share/kgrec/completion.zsh", ".zshrc"), ("fish", ".config/fish/completions/kgrec.fish", None)],
)
def test_scripts_of_other_shells(tmp_path: Path, shell: str, script: str, startup: str | None) -> None:
    assert install(tmp_path, "--install", shell).exit_code == 0
    printed = install(tmp_path, shell).output
    assert "_KGREC_COMPLETE" in printed and (tmp_path / script).read_text().endswith(printed)
    document = json.loads(install(tmp_path, shell, "--format", "json").output)
    assert document == {"shell": shell, "script": printed.rstrip("\n")}
    if startup is not None:
        assert f"source {tmp_path / script}" in (tmp_path / startup).read_text()


def test_what_is_not_kgrecs_or_cannot_be_written_is_said(tmp_path: Path) -> None:
    script = tmp_path / ".local/share/kgrec/completion.bash"
    script.parent.mkdir(parents=True)
    script.write_text("echo mine\n")
    refused = install(tmp_path, "--install")
    assert f"{script} is there and is not kgrec's" in str(refused.exception) and script.read_text() == "echo mine\n"
    script.unlink()
    (tmp_path / ".bashrc").mkdir()
    refused = install(tmp_path, "--install")
    assert f"{tmp_path}/.bashrc cannot be written: Is a directory" in str(refused.exception)
    assert "add this line" in str(refused.exception)
    (tmp_path / ".config").touch()
    refused = install(tmp_path, "--install", "fish")
    assert "kgrec.fish cannot be written: Not a directory" in str(refused.exception)


def test_an_unknown_shell_is_asked_for(tmp_path: Path) -> None:
    ended = CliRunner().invoke(kgrec, ["completion"], env={"SHELL": "/bin/nu"})
    assert ended.exit_code == 2 and "Say which shell: bash, zsh, fish." in ended.output
