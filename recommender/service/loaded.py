"""Models and index of a run folder in memory, and whether the folder holds others by now."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import torch
from more_itertools import chunked

from kgrec.errors import KgrecError
from kgrec.feedback.events import Event
from kgrec.feedback.following import MANIFEST
from kgrec.graph.database import Database, Row, connect_as
from kgrec.graph.lock import reading
from kgrec.personas.cards import TRAITS
from kgrec.settings import Neo4jSettings
from kgrec.training.fits import Fit
from kgrec.training.run_lock import files_of, settled
from recommender.recommend import Recommender
from recommender.service.graph import Graph
from recommender.service.known_users import known_users
from recommender.service.memory import CURRENT, HISTORIES, PERSONAS, Memory
from recommender.service.settings import ServeSettings
from recommender.service.titles import Titles
from recommender.snapshot import Snapshot
from recommender.trained import files_read

USERS = 200  # that are read together
# What a run folder's snapshot consists of, the files of its models, and how many items the graph has.
Contents = tuple[Any, Any, int]


@dataclass(frozen=True, eq=False)
class Loaded:
    """What one load brought into memory.

    Attributes:
        recommender: over the graph, which answers from memory while it is away.
        graph: the same graph.
        writer: a connection of its own for what is written, which nothing answers from memory.
        run: the folder.
        titles: of all items.
        contents: of run folder and graph that it is of.
        since: when it was loaded.
    """

    recommender: Recommender
    graph: Graph
    writer: Database
    run: Path
    titles: Titles
    contents: Contents
    since: datetime

    @classmethod
    def of(cls, run: Path, settings: ServeSettings, neo4j: Neo4jSettings) -> Self:
        """Load the models of a run folder, and what is remembered for when the graph is away.

        Raises:
            KgrecError: as `Recommender`, or somebody writes into the graph or into the folder.
        """
        graph = connect_as(Graph, neo4j, settings.graph_seconds)
        writer = None
        try:
            before = contents(run, graph)
            with reading(graph), settled(run, "sasrec", files_read(Fit.FINAL)):
                recommender = Recommender(graph, run)
                personas = recommender.personas
                current = graph.read(CURRENT)[0]
                rows = graph.read("serve/personas", run_id=personas.run_id)
                titles = Titles.read(graph, recommender.snapshot)
                known = known_users(graph, recommender.snapshot, run, _kept_as(run, recommender.snapshot))
            writer = connect_as(Database, neo4j, settings.graph_seconds)
            nobody = torch.zeros(1, personas.dim)
            recommender.served.lists([[1]], nobody, 1)  # makes what is made when it is first asked for
            memory = Memory(current, rows, titles, known, recommender.snapshot, settings.remembered_users)
            cards: Row = {"run_id": personas.run_id, "traits": TRAITS}
            for name, parameters in (("project/persona_cards", cards), ("personas/about", {})):
                memory.keep(name, parameters, graph.read(name, **parameters))
            _read_into(memory, graph, [row["user_id"] for row in graph.stream("feedback/told")])
            graph.remember(memory)
        except BaseException:
            graph.close()
            if writer is not None:
                writer.driver.close()
            raise
        after = contents(run, graph)
        mine = after[1] == before[1] and _manifest(run).get("state") == recommender.snapshot.state  # made by this load
        return cls(recommender, graph, writer, run, titles, after if mine else before, datetime.now(UTC))

    def tell(self, events: Sequence[Event]) -> None:
        """Remember what users did and said just now, which is in the graph, also for when that is away."""
        self.memory.tell(events)
        with suppress(KgrecError):  # it has gone away since: what was told counts as far as it tells by itself
            _read_into(self.memory, self.graph, list(dict.fromkeys(event.user_id for event in events)))

    def now(self) -> Contents:
        """Tell of what it would be, were it loaded now."""
        return contents(self.run, self.graph)

    @property
    def memory(self) -> Memory:
        """What is remembered for when the graph is away."""
        assert self.graph.memory is not None
        return self.graph.memory

    def close(self) -> None:
        """End the connections."""
        self.graph.close()
        self.writer.driver.close()


def _read_into(memory: Memory, graph: Graph, user_ids: list[str]) -> None:
    """Remember what the graph says of some users, and forget it no more."""
    memory.hold(user_ids)
    for batch in chunked(user_ids, USERS):
        current = graph.read(CURRENT)[0]
        run: Row = {"run_id": memory.current["run_id"], "promoted": current["promoted"]}
        for name, parameters in ((HISTORIES, {}), (PERSONAS, run)):
            parameters = parameters | {"user_ids": batch}
            memory.keep(name, parameters, graph.read(name, **parameters))


def contents(run: Path, graph: Graph) -> Contents:
    """Tell of what is served: of a folder that is trained into or replaced, or a graph with new items, it differs."""
    return _manifest(run).get("files"), files_of(run, files_read(Fit.FINAL)), graph.n_items()


def _kept_as(run: Path, snapshot: Snapshot) -> str | None:
    """Name of the file of this snapshot; ``None`` where the folder has not this one."""
    manifest = _manifest(run)
    return manifest.get("file") if snapshot.state and manifest.get("state") == snapshot.state else None


def _manifest(run: Path) -> dict[str, Any]:
    """Return what the snapshot's manifest says, whatever its version; nothing where there is none."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads((Fit.FINAL.folder(run) / MANIFEST).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
