"""Feedback into the graph: what users did and said, and their personas encoded anew, a few users a transaction.

The same event twice is one. Its key is the user, the kind, and the item or the interest; of an interaction also its
time, where it has one. Killed between any two transactions, the graph holds whole batches, and the same call again adds
the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from more_itertools import chunked, constrained_batches

from kgrec.errors import KgrecError, Unknown
from kgrec.feedback.events import Event, read_events
from kgrec.feedback.following import following
from kgrec.feedback.interests import Meant, Understood, meant
from kgrec.feedback.personas import Person, Statement, encode, read_people
from kgrec.graph.database import Database, Row
from kgrec.graph.sessions import SESSION_GAP
from kgrec.graph.transaction_size import RELATIONSHIP, rows_at_once
from kgrec.terminal import Advance

EVENTS = 1_000  # looked up at once
RELATIONSHIPS = 50_000  # written in one transaction, fewer where the server allows less
OPINIONS = {"like": "LIKES", "dislike": "DISLIKES"}
TOLD = 1_000  # interests of which is told what they were understood as

Numbered = tuple[int, str, Event]  # from 1, and where it stands


@dataclass
class Recorded:
    """What became of the events.

    Attributes:
        events: how many there were.
        new: how many of them the graph did not have.
        new_users: how many users it did not have.
        encoded: how many users' personas are others now.
        kept: how many users' personas stay, as the current run gave items no vectors.
        followed: whether the snapshot of the run is one of the graph still (see `kgrec.feedback.following`).
        understood: what interests mean that are not called so to the letter, each once, the first thousand.
    """

    events: int = 0
    new: int = 0
    new_users: int = 0
    encoded: int = 0
    kept: int = 0
    followed: bool = False
    understood: list[Understood] = field(default_factory=list)

    def tell(self, interests: Iterable[Meant]) -> None:
        """Keep what interests were understood as."""
        told = dict.fromkeys([*self.understood, *(one.understood for one in interests if one.understood)])
        self.understood = list(told)[:TOLD]


def record(database: Database, events: Iterable[Event], run: str | Path | None = None) -> Recorded:
    """Write what users did and said, and encode their personas anew.

    Interactions, likes and dislikes are of items that the graph has; users may be new. What a user likes counts as
    chosen from then on, and what one dislikes is no more recommended; of both the later one holds. Interactions are in
    no part of the split before the next training of the personas.

    Example::

        with connect() as database:
            record(database, [Event("u1", "like", "0007350813")], "runs/default")

    Args:
        database: the graph; its lock is held until all is written.
        events: in their order, which also orders those of the same time.
        run: folder of the trained models, whose snapshot is to follow; without one, who asks next makes it anew.

    Raises:
        Unknown: the graph has no such item, or nothing that is called so.
        Ambiguous: a word means several things.
        KgrecError: somebody else writes. A note of the error says how many events are written.
    """
    return _record(database, ((n, f"Event {n:,}", one) for n, one in enumerate(events, 1)), run)


def record_file(
    database: Database, path: Path, run: str | Path | None = None, advance: Advance | None = None
) -> Recorded:
    """Do the same with the events of a file of JSON, a line each, in memory that does not grow with it.

    Args:
        database: as of `record`.
        path: of the file.
        run: as of `record`.
        advance: moves a progress bar to how many bytes of the file are in the graph.

    Raises:
        KgrecError: as `record`, or a line holds no event; names file and line.
    """
    read = 0

    def reading(so_far: int) -> None:
        nonlocal read
        read = so_far

    def written(events: int) -> None:
        if advance:
            advance(read, f"{events:,} events")

    events = ((n, where, one) for n, (where, one) in enumerate(read_events(path, reading), 1))
    return _record(database, events, run, written)


def _record(
    database: Database,
    events: Iterable[Numbered],
    run: str | Path | None,
    written: Callable[[int], None] = lambda _: None,
) -> Recorded:
    found, now, folder = Recorded(), datetime.now(UTC), None if run is None else Path(run)
    with following(database, folder) as follows:
        written(0)
        try:
            for batch in chunked(events, EVENTS):
                _write_batch(database, batch, now, folder, found)
                found.events += len(batch)
                written(found.events)
        except (KgrecError, KeyboardInterrupt, OSError) as stop:
            if found.events:
                stop.add_note(
                    f"The first {found.events:,} events are in the graph: the same command again writes none of them "
                    "twice."
                )
            raise
    found.followed = follows.done
    return found


def _write_batch(database: Database, batch: list[Numbered], now: datetime, run: Path | None, found: Recorded) -> None:
    """Write a batch, a transaction for as many users as fit into one; nothing of it where one event is refused."""
    interests = meant(database, [(where, one.interest) for _, where, one in batch if one.interest is not None])
    changes = _changes(database, batch, interests, round(now.timestamp() * 1_000))
    people = read_people(database, list(changes))
    for part in _parts(database, changes, people):
        persons: list[Person] = []
        for user_id in part:
            person = people.get(user_id) or Person(user_id, [], [], [], [])
            new = changes[user_id].applied(person)
            found.new += new
            found.new_users += bool(new) and user_id not in people
            persons += [person] if new else []
        if not persons:
            continue
        rows = [changes[person.user_id] for person in persons]
        visited = [one.user_id for one in rows if one.interactions]
        statements: list[Statement] = [
            ("feedback/interactions", {"rows": [row for one in rows for row in one.interactions]}),
            ("feedback/likes", {"rows": [row for one in rows for row in one.opinions_of("like")]}),
            ("feedback/dislikes", {"rows": [row for one in rows for row in one.opinions_of("dislike")]}),
            ("feedback/interests", {"rows": [row for one in rows for row in one.interests.values()]}),
            ("load/sessions_clear", {"users": visited}),
            ("load/sessions", {"users": visited, "gap": SESSION_GAP}),
        ]
        encoding = encode(database, persons, now, run)
        database.write_together(
            [(name, given) for name, given in statements if given.get("rows", visited)] + encoding.statements
        )
        found.encoded += encoding.changed
        found.kept += encoding.kept
    found.tell(interests.values())


@dataclass
class _Changes:
    """What a batch brings of one user that the graph has not.

    Attributes:
        user_id: who.
        interactions: rows of feedback/interactions.
        opinions: the last one of each item, and its row.
        interests: rows of feedback/interests, by what they are in.
    """

    user_id: str
    interactions: list[Row] = field(default_factory=list)
    opinions: dict[str, tuple[str, Row]] = field(default_factory=dict)
    interests: dict[str, Row] = field(default_factory=dict)

    def opinions_of(self, kind: str) -> Iterator[Row]:
        """Yield the rows of the likes, or of the dislikes."""
        return (row for one, row in self.opinions.values() if one == kind)

    def applied(self, person: Person) -> int:
        """Let a user have done and said all that, leave out the interests that are known, and count what was new."""
        self.interests = {key: row for key, row in self.interests.items() if key not in person.interests}
        person.chosen += [row["item_id"] for row in self.interactions]
        person.interests += list(self.interests)
        for kind, items in (("like", person.liked), ("dislike", person.disliked)):
            items[:] = [item_id for item_id in items if item_id not in self.opinions]
            items += [row["item_id"] for row in self.opinions_of(kind)]
        return len(self.interactions) + len(self.opinions) + len(self.interests)


def _changes(database: Database, batch: list[Numbered], interests: dict[str, Meant], now: int) -> dict[str, _Changes]:
    """Say what a batch brings that the graph has not, by user.

    Raises:
        Unknown: the graph has no such item.
    """
    of_items = [numbered for numbered in batch if numbered[2].item_id is not None]
    rows = [{"user_id": one.user_id, "item_id": one.item_id, "timestamp": one.timestamp} for _, _, one in of_items]
    known = database.read("feedback/known", rows=rows) if rows else []
    graph = {number: row for (number, _, _), row in zip(of_items, known, strict=True)}
    found: dict[str, _Changes] = {}
    seen: set[tuple[str, str, int | None]] = set()
    opinions: dict[tuple[str, str], tuple[str | None, int | None]] = {}
    for number, where, one in batch:
        changes = found.setdefault(one.user_id, _Changes(one.user_id))
        at = now if one.timestamp is None else one.timestamp
        row: Row = {"user_id": one.user_id, "timestamp": at, "position": number}
        if one.interest is not None:
            feature = interests[one.interest].feature
            changes.interests.setdefault(feature, row | {"feature": feature})
            continue
        item_id, there = str(one.item_id), graph[number]
        if not there["found"]:
            raise Unknown(f"{where}: the graph has no item {item_id!r}: load it first, or leave it out.")
        row["item_id"] = item_id
        if one.kind == "interaction":
            visit = one.user_id, item_id, one.timestamp
            if not there["done"] and visit not in seen:
                changes.interactions.append(row | {"rating": one.rating})
            # One without a time is the same as any other of the item.
            seen |= {visit, (one.user_id, item_id, None)}
            continue
        opinion, since = opinions.setdefault((one.user_id, item_id), (there["opinion"], there["since"]))
        outdated = one.timestamp is not None and since is not None and one.timestamp < since
        if opinion != OPINIONS[one.kind] and not outdated:
            opinions[one.user_id, item_id] = OPINIONS[one.kind], at
            if there["opinion"] == OPINIONS[one.kind]:  # said again, after the opposite
                changes.opinions.pop(item_id, None)
            else:
                changes.opinions[item_id] = one.kind, row
    return found


def _parts(database: Database, changes: dict[str, _Changes], people: dict[str, Person]) -> Iterator[tuple[str, ...]]:
    """Yield users in their order, so many that the transaction that makes their sessions anew fits the server."""
    most = rows_at_once(database, 2 * RELATIONSHIP, RELATIONSHIPS)

    def size(user_id: str) -> int:
        person = people.get(user_id)
        return len(changes[user_id].interactions) + (len(person.chosen) if person else 0) + 1

    yield from constrained_batches(changes, most, get_len=size, strict=False)
