"""Profiles into Neo4j: INTERESTED_IN from users to what their items have in common.

The relationships of all users together are a run, named by what they were made of. A run is written in batches beside
the old one, one small transaction makes it the current one, and the others are removed in batches. Killed between any
two transactions, whoever reads the relationships of the current run sees one whole run; the next write removes what was
left. Nothing is written where the current run is whole and of the same interactions and facts already.
"""

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from more_itertools import chunked

from gnn.profile import COMMON, TOP, Profiles
from kgrec.counted import Counted, counting
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.jobs import Tally, watched
from kgrec.graph.transaction_size import RELATIONSHIP, rows_at_once
from kgrec.terminal import progress, waiting

KINDS = ("catalogue", "DBpedia")  # of facts, as project/item_facts has them: a profile each
USERS = 1_000  # whose interests of one kind, up to TOP of each, are written in one transaction
INTERESTS = 20_000  # removed in one transaction


def write_interests(database: Database) -> None:
    """Replace the profiles in Neo4j by those of the present interactions and facts; readers see the old or the new.

    All interactions count, those for validation and test as well: it is the profile of what is served. What is in
    memory is the facts of the items and a batch of users.

    Raises:
        KgrecError: somebody else wrote profiles at the same time.
    """
    n_users, n_items = database.read("project/size")[0].values()
    with counting("Reading what users have") as counted:
        catalogue = _read(database, counted, n_items)
        run_id = _run(database, catalogue, counted, n_users)
        found = database.read("personas/interests_current")
    current, interests = (found[0]["run_id"], found[0]["interests"]) if found else ("", 0)
    if current == run_id and not found[0]["whole"]:
        database.write("personas/interests_withdraw", run_id=run_id)
        current, interests = "", 0
    _forget(database, current, interests)
    if current == run_id:
        return
    profiles = {kind: Profiles(facts) for kind, facts in catalogue.facts.items()}
    written = 0
    at_once = rows_at_once(database, TOP * RELATIONSHIP, USERS)
    with progress("writing profiles", n_users) as advance:
        for number, users in enumerate(chunked(database.stream("project/user_items"), at_once)):
            for batch in _batches(catalogue, profiles, users):
                written += database.write("personas/interests", **batch, run_id=run_id).counters.relationships_created
            done = number * at_once + len(users)
            advance(done, f"{done:,} users")
    with waiting("Putting the profiles into their place"):
        switched = database.write("personas/interests_switch", run_id=run_id, interests=written)
    if not switched.counters.contains_updates:
        raise KgrecError("The graph's profiles were changed at the same time: run `kgrec train personas` again.")
    _forget(database, run_id, written)


@dataclass(frozen=True)
class _Catalogue:
    """What is told of the items.

    Attributes:
        number: of each item, by its id.
        features: names of the features of each kind, as project/item_facts gives them, in their order.
        facts: which items have which of them, by kind. ``[n_items, n_features]``
        digest: of all that.
    """

    number: dict[str, int]
    features: dict[str, list[str]]
    facts: dict[str, sp.csr_matrix]
    digest: str


def _read(database: Database, counted: Counted, n_items: int) -> _Catalogue:
    digest = hashlib.sha256()
    number: dict[str, int] = {}
    seen: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    columns, offsets = {kind: array("l") for kind in KINDS}, {kind: array("l", [0]) for kind in KINDS}
    for row in counted(database.stream("project/item_facts"), "items", n_items):
        number[row["item_id"]] = len(number)
        for kind in KINDS:
            names = sorted(row[kind])
            columns[kind].extend(seen[kind].setdefault(name, len(seen[kind])) for name in names)
            offsets[kind].append(len(columns[kind]))
            digest.update(f"{row['item_id']!r} {names!r}\n".encode())
    features, facts = {}, {}
    for kind in KINDS:
        # Numbered in the order of their names, which settles ties, whatever the order in which they were met.
        features[kind] = sorted(seen[kind])
        place = np.empty(len(seen[kind]), dtype=np.int64)
        place[[seen[kind][name] for name in features[kind]]] = np.arange(len(place))
        met = place[np.array(columns[kind], dtype=np.int64)]
        shape = len(number), len(place)
        facts[kind] = sp.csr_matrix((np.ones(len(met)), met, np.array(offsets[kind])), shape=shape)
    return _Catalogue(number, features, facts, digest.hexdigest())


def _run(database: Database, catalogue: _Catalogue, counted: Counted, n_users: int) -> str:
    """Twelve hexadecimal digits that stand for facts, interactions and how profiles are made."""
    digest = hashlib.sha256(f"{catalogue.digest} {TOP} {COMMON}\n".encode())
    for row in counted(database.stream("project/user_items"), "users", n_users):
        digest.update(f"{row['user_id']!r} {sorted(row['item_ids'])!r}\n".encode())
    return digest.hexdigest()[:12]


def _batches(catalogue: _Catalogue, profiles: dict[str, Profiles], users: list[Row]) -> Iterator[Row]:
    """Yield what the statement is given of some users, for each kind of which they have any."""
    chosen = _chosen(catalogue.number, (row["item_ids"] for row in users))
    for kind, profile in profiles.items():
        interests = profile.interests(chosen)
        if not len(interests.features):
            continue
        named, places = np.unique(interests.features, return_inverse=True)
        # Of makers and categories the label comes first; the name of an entity is its IRI.
        names = [catalogue.features[kind][feature] for feature in named]
        features = [name.split(" ", 1) if kind == "catalogue" else ["Entity", name] for name in names]
        yield {
            "features": [{"label": label, "key": key} for label, key in features],
            "user_ids": [row["user_id"] for row in users],
            "offsets": interests.offsets.tolist(),
            "interests": places.tolist(),
            "weights": interests.weights.tolist(),
            "items": interests.items.tolist(),
        }


def _chosen(number: dict[str, int], histories: Iterable[list[str]]) -> sp.csr_matrix:
    """Which items are whose, 1 or 0, those left out that were loaded a moment ago: ``[n_users, n_items]``."""
    # In the order of the numbers: so a user's profile is always added up in the same order.
    rows = [sorted(number[item_id] for item_id in item_ids if item_id in number) for item_ids in histories]
    columns = np.array([item for row in rows for item in row], dtype=np.int64)
    offsets = np.cumsum([0, *map(len, rows)])
    return sp.csr_matrix((np.ones(len(columns)), columns, offsets), shape=(len(rows), len(number)))


def _forget(database: Database, run_id: str, stay: int) -> None:
    """Remove the interests that no reader sees: of the run before, or of a write that was interrupted."""
    batch = rows_at_once(database, RELATIONSHIP, INTERESTS)
    with watched(database, "Removing old profiles", Tally("personas/interests_size", "interests", stay)):
        database.run("personas/interests_forget", run_id=run_id, batch=batch)
