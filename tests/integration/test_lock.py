"""Two at once: one writer of the graph, whoever is killed; readers who are never given half of it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kgrec.errors import KgrecError
from kgrec.graph import lock
from kgrec.graph.database import Database
from kgrec.graph.holder import look
from kgrec.graph.lock import learning, reading, writing
from kgrec.owner import Owner, _started, this_process
from recommender.reading import read_dataset
from tests.conftest import CommandLine, empty
from tests.integration.cuttable import cuttable
from tests.integration.graph_dump import rows

HOLDER = "MATCH (l:Lock {name: 'writer'}) RETURN l.owner"


@pytest.fixture(autouse=True)
def nobody(database: Database) -> None:
    empty(database)


@pytest.fixture
def second(neo4j_address: dict[str, str]) -> Iterator[Database]:
    """Another connection, as another command has it."""
    with Database(neo4j_address["uri"], neo4j_address["user"], neo4j_address["password"]) as opened:
        yield opened


def reviews(path: Path, n: int) -> str:
    records = [
        {"reviewerID": f"U{k % 700}", "asin": f"B{k % 433}", "overall": 5.0, "unixReviewTime": 1_300_000_000 + k}
        for k in range(n)
    ]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return str(path)


def held(database: Database) -> bool:
    found = rows(database, HOLDER)
    return bool(found) and found[0][0] is not None


def give_to(database: Database, machine: str, process: int, started: int, silent: float = 0.0) -> None:
    """Let somebody have the lock, who beat for the last time some seconds ago."""
    database.driver.execute_query(
        "MERGE (l:Lock {name: 'writer'}) WITH l, datetime.realtime() - duration({seconds: $silent}) AS beat "
        "SET l += $values, l.heartbeat = beat, l.since = beat",
        silent=silent,
        values={
            "owner": "other", "command": "kgrec load split", "user": "ann", "host": "there", "machine": machine,
            "process": process, "started": started, "disturbs": True, "writes": 7, "disturbances": 7,
        },
    )  # fmt: skip


@pytest.mark.parametrize("mended", [False, True])
def test_a_server_that_does_not_answer_is_not_asked_to_take_the_lock_back(
    database: Database, neo4j_address: dict[str, str], mended: bool
) -> None:
    """One that answered again is; a lock that stays, as its owner has given up, is the next writer's."""
    with cuttable(urlsplit(neo4j_address["uri"]).port or 0) as proxy:
        there = f"bolt://127.0.0.1:{proxy.port}", neo4j_address["user"], neo4j_address["password"]
        with Database(*there, patience=1) as behind:
            with writing(behind):
                proxy.cut()
                with pytest.raises(KgrecError, match="does not answer"):
                    behind.read("project/items")
                proxy.mend()
                if mended:
                    behind.read("project/items")
            assert held(database) == (not mended)
    with writing(database):
        assert held(database)
    assert not held(database)


def test_a_second_load_is_refused_and_goes_on_as_soon_as_the_first_is_killed(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    """Two real processes; the first is killed in the midst of its work."""
    large, small = reviews(tmp_path / "large.json", 20_000), reviews(tmp_path / "small.json", 900)
    command = [sys.executable, "-m", "kgrec", "load", "amazon", "--reviews"]
    environment = {**os.environ, **command_line.environment}
    with subprocess.Popen([*command, large], env=environment, stderr=subprocess.DEVNULL) as first:
        while not rows(database, "MATCH (p:LoadProgress) RETURN p"):
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGSTOP)  # it stands still and lives
        refused = command_line("load", "amazon", "--reviews", small, check=False).exception
        assert isinstance(refused, KgrecError)
        assert "is being written by `python -m kgrec load amazon`" in str(refused)
        assert f"(process {first.pid} of " in str(refused) and " since 20" in str(refused)
        with pytest.raises(KgrecError, match=f"is being written by .*process {first.pid}"):
            read_dataset(database)
        first.kill()
    assert held(database)  # nobody gave it back
    command_line("load", "amazon", "--reviews", large)
    assert not held(database)
    assert rows(database, "MATCH ()-[r:INTERACTED]->() RETURN count(r), count(r.split)") == [(20_000, 20_000)]


@pytest.mark.parametrize(
    ("mine", "started", "silent", "taken"),
    [
        (True, 0, 0.0, False),  # a process of this machine that lives, however long it was silent
        (True, 0, 3600.0, False),
        (True, -5, 0.0, True),  # the number has come again
        (False, 0, 55.0, False),  # elsewhere, the heartbeat tells
        (False, 0, 61.0, True),
    ],
)
def test_whose_lock_is_taken_over(database: Database, mine: bool, started: int, silent: float, taken: bool) -> None:
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with living:
        moment = int(Path(f"/proc/{living.pid}/stat").read_text().rpartition(")")[2].split()[19])
        machine = this_process().machine if mine else "elsewhere"
        give_to(database, machine, living.pid, moment + started, silent)
        refused = f"`kgrec load split` .process {living.pid} of ann on there"
        if taken:
            with writing(database), reading(database):
                assert rows(database, HOLDER) != [("other",)]
        else:
            with pytest.raises(KgrecError, match=refused), writing(database):
                pass
            with pytest.raises(KgrecError, match=refused), reading(database):
                pass
            assert rows(database, HOLDER) == [("other",)]
        living.kill()


HERE, THERE = {"machine": this_process().machine}, {"machine": "elsewhere"}
REMOVED = r"`MATCH \(lock:Lock\) DELETE lock`"
BUSY, DAMAGED = "is being written by `kgrec load split`", "is not as kgrec writes it"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (HERE | {"writes": None, "disturbances": "x"}, f"{BUSY}[^`]*$"),
        (HERE | {"owner": 5}, DAMAGED),
        (HERE | {"since": "yesterday"}, DAMAGED),
        (HERE | {"since": None}, DAMAGED),
        (HERE | {"process": "x"}, DAMAGED),
        (HERE | {"process": 2**63 - 1}, None),
        (HERE | {"heartbeat": None}, f"{BUSY}[^`]*$"),  # its process is seen to live
        ({"machine": None}, DAMAGED),
        (THERE | {"heartbeat": None}, None),
        (THERE | {"heartbeat": "x"}, None),
        (THERE | {"heartbeat": datetime(2999, 1, 1, tzinfo=UTC)}, f"{BUSY}.* known to have ended .*{REMOVED}"),
    ],
)
def test_an_edited_lock_is_taken_over_or_named(database: Database, changed: dict[str, Any], told: str | None) -> None:
    me = this_process()
    living = Owner(me.machine, os.getppid(), _started(os.getppid()) or 0)
    give_to(database, living.machine, living.process, living.started)
    database.driver.execute_query("MATCH (l:Lock) SET l += $changed", changed=changed)
    if told is None:
        with reading(database):
            pass
        with writing(database):
            assert rows(database, HOLDER) != [("other",)]
        return
    with pytest.raises(KgrecError, match=told) as refused, writing(database):
        pass
    assert told != DAMAGED or re.search(REMOVED, str(refused.value))
    with pytest.raises(KgrecError, match=told), reading(database):
        pass


def test_nobody_asks_for_the_lock_in_vain_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python reads of the lock and what the statement does are at odds."""
    give_to(database, "elsewhere", 1, 1)
    holder = look(database)
    assert holder is not None
    monkeypatch.setattr(lock, "look", lambda *_: replace(holder, owner="another", silent=True))
    with pytest.raises(KgrecError, match=DAMAGED), writing(database):
        pass


@pytest.mark.parametrize("error", [KgrecError("broken"), KeyboardInterrupt()])
def test_the_lock_is_given_back_however_the_work_ends(
    database: Database, second: Database, error: BaseException
) -> None:
    with pytest.raises(type(error)), writing(database):
        with writing(database):  # within one another the outermost counts
            pass
        assert held(database)
        raise error
    with writing(second):
        pass
    assert not held(database)


def test_what_this_process_gave_up_without_a_word_is_taken_over(database: Database, second: Database) -> None:
    """The server was away as the lock was to be given back."""
    with writing(database):
        owner = rows(database, HOLDER)[0][0]
    database.driver.execute_query("MATCH (l:Lock) SET l.owner = $owner, l.heartbeat = datetime()", owner=owner)
    with writing(second):
        pass


def test_who_lost_the_lock_stops_at_the_next_heartbeat(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT", 0.05)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may have arrived ignored
    told = r"stood still for so long .* given to `kgrec load split`"
    try:
        with pytest.raises(KgrecError, match=told), writing(database):
            give_to(database, "elsewhere", 1, 1)
            time.sleep(60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert rows(database, HOLDER) == [("other",)]


def test_who_lost_the_lock_while_it_was_suspended_writes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On waking, the next write comes before the next heartbeat."""
    with pytest.raises(KgrecError, match="stood still for so long"), writing(database):
        give_to(database, "elsewhere", 1, 1)
        asleep = lock._clock() + 100
        monkeypatch.setattr(lock, "_clock", lambda: asleep)
        with suppress(KgrecError):
            database.write("load/spark_users", events=[{"user_id": "U1"}])
        database.run("load/spark_users", events=[{"user_id": "U2"}])
    assert rows(database, "MATCH (u:User) RETURN u") == []


def write(database: Database, disturbs: bool) -> None:
    with writing(database, disturbs=disturbs):
        pass


def test_who_reads_while_somebody_writes_is_told(database: Database, second: Database) -> None:
    write(second, disturbs=True)
    with reading(database):  # before
        pass
    told = f"written while it was read, by `.*` .process {os.getpid()} "
    with pytest.raises(KgrecError, match=told), reading(database):
        write(second, disturbs=True)
    with pytest.raises(KgrecError, match=told), reading(database):
        write(second, disturbs=True)
        raise KeyError("an item that came meanwhile")
    with pytest.raises(KeyError), reading(database):
        raise KeyError("nobody came between")
    with writing(second), pytest.raises(KgrecError, match="is being written by"), reading(database):
        pass


def test_personas_disturb_only_who_reads_several_fits(database: Database, second: Database) -> None:
    with writing(second, disturbs=False), reading(database):
        pass
    with reading(database):
        write(second, disturbs=False)
    with writing(second, disturbs=False), pytest.raises(KgrecError, match="is being"), reading(database, alone=True):
        pass
    with pytest.raises(KgrecError, match="written while"), reading(database, alone=True):
        write(second, disturbs=False)


def test_while_somebody_learns_only_who_disturbs_nobody_writes(database: Database, second: Database) -> None:
    told = f"The graph is being learned from by `.*` .process {os.getpid()} "
    with learning(database):
        for refused in (writing(second), learning(second)):
            with pytest.raises(KgrecError, match=told), refused:
                pass
        with writing(second, disturbs=False), reading(database):
            pass
        with reading(second, alone=True):
            pass
        with writing(database):  # its own
            pass
        assert not held(database)
    with writing(second), pytest.raises(KgrecError, match="is being written by"), learning(database):
        pass
    with learning(second):
        pass
    assert rows(database, "MATCH (l:Lock) WHERE l.owner IS NOT NULL RETURN l.name") == []


def test_a_load_that_is_refused_while_somebody_learns_is_no_disturbance(database: Database, second: Database) -> None:
    with learning(database), reading(database), pytest.raises(KgrecError, match="learned from"), writing(second):
        pass


def test_who_disturbs_nobody_waits_for_another_such(database: Database, second: Database) -> None:
    released: list[float] = []

    def write_for_a_moment() -> None:
        with writing(second, disturbs=False):
            taken.set()
            time.sleep(0.5)
            released.append(time.monotonic())

    taken = threading.Event()
    thread = threading.Thread(target=write_for_a_moment)
    thread.start()
    assert taken.wait(30)
    with pytest.raises(KgrecError, match="is being written by"), writing(database, disturbs=False, wait=0):
        pass
    with writing(database, disturbs=False, wait=30):
        assert released and released[0] <= time.monotonic()
    thread.join()


def test_a_learner_that_was_killed_keeps_nobody_from_loading(database: Database, second: Database) -> None:
    with learning(database):
        taken = "MATCH (l:Lock {name: 'learner'}) SET l.process = $process, l.started = $started"
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as gone:
            started = _started(gone.pid)
            gone.kill()
        database.driver.execute_query(taken, process=gone.pid, started=started)
        with writing(second):
            pass


def test_who_lost_the_lock_while_learning_writes_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KgrecError, match="stood still for so long"), learning(database):
        database.driver.execute_query("MATCH (l:Lock {name: 'learner'}) SET l.owner = 'other'")
        asleep = lock._clock() + 100
        monkeypatch.setattr(lock, "_clock", lambda: asleep)
        with writing(database, disturbs=False):
            raise AssertionError("it may not write")


def test_of_many_who_ask_at_once_one_gets_it(database: Database, neo4j_address: dict[str, str]) -> None:
    """Processes of their own, the constraint not yet there: nobody sees a constraint error."""
    database.driver.execute_query("DROP CONSTRAINT lock_key IF EXISTS")
    code = (
        "import sys; from kgrec.errors import KgrecError; from kgrec.graph.database import Database\n"
        "from kgrec.graph.lock import writing\n"
        "with Database(*sys.argv[1:]) as database:\n"
        "    print('ready', flush=True); input()\n"
        "    try:\n"
        "        with writing(database): print('held', flush=True); input()\n"
        "    except KgrecError as error: print(error, flush=True); input()\n"
    )
    pipe: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    asking = [subprocess.Popen([sys.executable, "-c", code, *neo4j_address.values()], **pipe) for _ in range(4)]
    said: list[str] = []
    for step in range(2):
        for one in asking:
            assert one.stdout is not None and one.stdin is not None
            said += [one.stdout.readline()] if step else []
            assert step or one.stdout.readline() == "ready\n"
        for one in asking:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
    assert [one.wait() for one in asking] == [0] * 4
    assert sorted(said)[-1] == "held\n" and all("is being written by" in line for line in sorted(said)[:-1])
    assert not held(database)


def test_the_lock_is_not_shown_as_part_of_the_graph(database: Database, command_line: CommandLine) -> None:
    database.driver.execute_query("CREATE (:User {user_id: 'U1'})")
    with writing(database):
        shown = command_line("explore", "graph-counts", "--format", "json").stdout
    assert "User" in shown and "Lock" not in shown
