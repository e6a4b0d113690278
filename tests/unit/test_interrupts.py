"""Ctrl-C, by real signals: it waits for the end of a block, and however often it comes, a process ends in order."""

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


PROCESS = """
import os, signal, sys, threading, time
import kgrec.entry
from kgrec.interrupts import held_back

def press(times=1):
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)

def cleaning_up():
    try:
        press()
    finally:
        press(5)
        time.sleep(60)

class Forgotten:
    def __del__(self):
        press()

def forgotten():
    Forgotten()
    time.sleep(60)

def in_the_driver():
    with held_back():
        press()
        try:
            press()
        finally:
            time.sleep(60)

def once():
    press()

def while_it_ends(status=0):
    threading.Thread(target=time.sleep, args=(60,)).start()
    threading.Timer(0.1, lambda: [os.kill(os.getpid(), signal.SIGINT) for _ in range(6)]).start()
    sys.exit(status)

def at_the_very_end():
    import atexit
    atexit.register(press, 6)
    sys.exit(3)

def imported(name):
    press(6)

commands = sys.modules["kgrec.commands"] = type(sys)("kgrec.commands")
if sys.argv[1] == "imported":
    commands.__getattr__ = imported
else:
    commands.main = globals()[sys.argv[1]]
kgrec.entry.main()
"""


@pytest.mark.parametrize(
    ("case", "status", "told"),
    [
        ("imported", 130, 1),
        ("once", 130, 1),
        ("cleaning_up", 130, 1),
        ("forgotten", 130, 1),
        ("in_the_driver", 130, 1),
        ("while_it_ends", 0, 0),
        ("at_the_very_end", 3, 0),
    ],
)
def test_after_any_number_there_is_one_sentence_and_no_traceback(case: str, status: int, told: int) -> None:
    sentence = "Interrupted: what was finished is kept; the same command goes on from there.\n"
    result = subprocess.run([sys.executable, "-c", PROCESS, case], capture_output=True, text=True, timeout=50)
    assert (result.returncode, result.stderr) == (status, sentence * told)
