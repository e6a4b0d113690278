"""The matrix of versions: which Python is taken, and that one that is missing is said and is no success."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.matrix import find_python, matrix

VERSION = "{}.{}".format(*sys.version_info)


def interpreter(folder: Path, script: str) -> Path:
    folder.mkdir()
    path = folder / f"python{VERSION}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_first_interpreter_that_is_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter(tmp_path / "shim", "exit 127")
    interpreter(tmp_path / "other-version", f"exec '{sys.executable}' -c 'import sys; sys.exit(1)'")
    right = interpreter(tmp_path / "right", f"exec '{sys.executable}' \"$@\"")
    folders = [str(tmp_path / name) for name in ("shim", "none", "other-version", "right")]
    monkeypatch.setenv("PATH", ":".join(folders))
    assert find_python(VERSION) == right


def test_a_missing_interpreter_is_said_and_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(matrix, ["--python", "3.14", "--neo4j", "2026"], env={"COLUMNS": "200"})
    assert result.exit_code == 1
    assert "FAILED" in result.output and "not run: no python3.14 with venv on PATH" in result.output
