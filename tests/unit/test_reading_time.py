"""Text that regular expressions meet is read in time that grows as it does: any piece of it, repeated without end."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.read_texts import CHARACTERS, READERS, SECONDS

ALONE = [" ", "1", "a", "(", ")", "<", '"', ",", "-", ":", "&#", "'", "\\", "/", "“", "-related ", "Visit Amazon's "]
TOKENS = [
    *ALONE, "\t", "\n", "[", "]", "{", ">", ";", ".", "\u2013", "#", "&", "&#1;", "&amp;", "%", "%4", "$", '""', "”",
    "\u2018", "_", "=", "19", "2019", "A", "e\u0301", "\u200d", "\u202e", "\x1b", ", the", "vol ", "edition", "Page",
    "(Author)", "from ", "res:", "://",
]  # fmt: skip
ENDS = st.just("") | st.sampled_from(TOKENS)


class Reading:
    """A process that reads, and is started again where the one before was ended by the system."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, reader: str, head: str, piece: str, tail: str) -> None:
        if self.process is None:
            command = [sys.executable, "-m", "tests.unit.read_texts"]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps([reader, head, piece, tail]), file=self.process.stdin, flush=True)
        said = self.process.stdout.readline()
        if not said:
            ended, self.process = self.process.wait(), None
            assert ended != -signal.SIGXCPU, f"{CHARACTERS:,} characters of {piece!r} take more than {SECONDS} s"
        assert said == "\n"

    def end(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.communicate()


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    reading = Reading()
    yield reading
    reading.end()


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_a_piece_over_and_over(reading: Reading, reader: str) -> None:
    for piece in ALONE:
        reading(reader, "", piece, "x")


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # a shorter piece takes as long
@given(ENDS, st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3).map("".join), ENDS)
def test_any_pieces_over_and_over(reading: Reading, reader: str, head: str, piece: str, tail: str) -> None:
    reading(reader, head, piece, tail)
