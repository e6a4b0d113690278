"""Ctrl-C waits for the end of a block, by real signals to this process."""

import signal
import subprocess
import sys
import threading

import pytest

from kgrec.interrupts import held_back


def test_the_block_ends_first() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        steps.append("after the signal")
    assert steps == ["after the signal"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)  # the handler of before is back


def test_the_outermost_block_ends_first() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), held_back():
        with held_back():
            signal.raise_signal(signal.SIGINT)
            steps.append("inner")
        steps.append("outer")
    assert steps == ["inner", "outer"]


def test_a_second_one_takes_effect_at_once() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), held_back(), held_back():
        signal.raise_signal(signal.SIGINT)
        steps.append("held")
        signal.raise_signal(signal.SIGINT)
        steps.append("not reached")
    assert steps == ["held"]


def test_an_error_of_the_block_does_not_hide_it() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, held_back():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("of the block")
    assert isinstance(caught.value.__context__, ValueError)


def test_other_threads_are_left_alone() -> None:
    done = []

    def work() -> None:
        with held_back():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]


def test_the_tests_run_where_ctrl_c_arrives_ignored() -> None:
    """As in the background, under nohup; the processes that tests start have to take it as well."""
    ignored = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable]
    asked = "import signal; print(repr(signal.getsignal(signal.SIGINT)))"
    assert "SIG_IGN" in subprocess.run([*ignored, "-c", asked], capture_output=True, text=True).stdout
    with_tests = f"import tests.conftest, subprocess, sys; subprocess.run([sys.executable, '-c', '{asked}'])"
    result = subprocess.run([*ignored, "-c", with_tests], capture_output=True, text=True)
    assert "default_int_handler" in result.stdout, result.stderr
