"""The log of the service: whatever is said once it has begun is a JSON object a line."""

import json
import logging
import threading
import warnings
from collections.abc import Iterator

import pytest

from kgrec.terminal import note, tell_notes
from recommender.service.logs import begin, log
from tests.unit.hostile import FRAGMENTS


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    begin()
    yield
    tell_notes(None)
    logging.captureWarnings(False)


@pytest.mark.filterwarnings("default")
def test_notes_warnings_records_and_what_threads_raise_are_json(
    begun: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("names a user")

    note("a note", "and another")
    warnings.warn("a warning", stacklevel=1)
    logging.getLogger("somebody").error("a record")
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    err = capsys.readouterr().err
    told = [json.loads(line) for line in err.splitlines()]
    events = [(one["event"].partition("UserWarning: ")[2] or one["event"]).splitlines()[0] for one in told]
    assert events == ["a note", "and another", "a warning", "a record", "failed"]
    assert told[-1]["error"] == "ValueError" and "names a user" not in err


@pytest.mark.parametrize("text", [*FRAGMENTS, "long" * 1_000])
def test_a_line_is_whole_whatever_is_in_it(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    log("load failed", problem=text)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["problem"] == text
