"""What is told of some items, read from the graph for `kgrec.item_encoder`: their texts, and what ways lead them to."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from kgrec.graph.co_occurrence import RELATIONSHIP
from kgrec.graph.database import Database
from kgrec.item_encoder import ItemEncoder, Way

Level = dict[str, str]  # nodes that were reached, with their keys


@dataclass(frozen=True)
class Told:
    """Of one item.

    Attributes:
        item_id: of the item.
        embedding: of its text; ``None`` where it has none.
        reached: keys of what it reaches by each way, in their order.
    """

    item_id: str
    embedding: list[float] | None
    reached: dict[Way, list[str]]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Vectors of some items by what is told of them.

    Attributes:
        item_ids: those that the graph has. ``[n]``
        vectors: ``[n, dim]``
        without_text: how many have no text embedding of the width that was learned from.
    """

    item_ids: list[str]
    vectors: Tensor
    without_text: int


def encoded(database: Database, encoder: ItemEncoder, item_ids: list[str]) -> Encoded:
    """Encode some items; those that the graph has not got are left out."""
    told = told_of(database, item_ids, encoder.ends)
    texts, without_text = torch.zeros(len(told), encoder.text.shape[1]), 0
    for row, one in enumerate(told):
        if one.embedding is not None and len(one.embedding) == texts.shape[1]:
            texts[row] = torch.tensor(one.embedding)
        else:
            without_text += 1
    return Encoded([one.item_id for one in told], encoder(texts, [one.reached for one in told]), without_text)


def told_of(database: Database, item_ids: list[str], ways: Iterable[Way]) -> list[Told]:
    """Read some items; those that the graph has not got are left out.

    What co-occurs with an item is not read: of an item that came later nobody has counted it.
    """
    rows = database.read("project/items_to_encode", item_ids=item_ids)
    start: list[Level] = [{row["node_id"]: ""} for row in rows]
    walked: dict[Way, list[Level]] = {(): start}
    for way in ways:
        for n in range(1, len(way) + 1):
            if way[:n] not in walked:
                walked[way[:n]] = _step(database, walked[way[: n - 1]], way[n - 1])
    reached: list[dict[Way, list[str]]] = [
        {way: sorted(levels[row].values()) for way, levels in walked.items() if way} for row in range(len(rows))
    ]
    return [Told(row["item_id"], row["embedding"], found) for row, found in zip(rows, reached, strict=True)]


def _step(database: Database, levels: list[Level], types: tuple[str, ...]) -> list[Level]:
    """Go a step on from each item's level."""
    node_ids = sorted(set().union(*levels))
    walked = [name for name in types if name != RELATIONSHIP]
    found = database.read("project/step_of_path", node_ids=node_ids, types=walked) if node_ids and walked else []
    led = {row["node_id"]: dict(zip(row["targets"], row["keys"], strict=True)) for row in found}
    return [{target: key for node in level for target, key in led.get(node, {}).items()} for level in levels]
