"""Small data sets for the tests, from lists, and a made-up shop with the graph around it."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import scipy.sparse as sp
import torch

from gnn.meta_path import MetaPath
from gnn.relationships import Relationships
from gnn.settings import DEFAULT_META_PATHS
from gnn.streamed_graph import StreamedGraph
from kgrec.training.fits import Fit
from recommender.asked import Asked, ranks
from recommender.dataset import Dataset, Personas
from recommender.sasrec import SASRec
from recommender.scoring import ByModel
from recommender.sequences import NO_TIME, SPLITS, TEST, TRAIN, VALIDATION, Sequences
from recommender.sources import Reaching, profiles
from recommender.tables import profile_table
from tests.unit.walks import by_type


def dataset(
    train: list[list[int]],
    validation: list[int],
    test: list[int],
    n_items: int,
    personas: torch.Tensor | None = None,
    texts: torch.Tensor | None = None,
    fits: Sequence[Fit] = tuple(Fit),
    facts: dict[str, sp.csr_matrix] | None = None,
    persona_items: torch.Tensor | None = None,
) -> Dataset:
    """Users ``u0``, ``u1``, ... and items ``i00``, ``i01``, ...; a target of 0 is none; the ``fits`` share personas."""
    rows = [
        [(item, TRAIN) for item in items] + [(valid, VALIDATION)] * bool(valid) + [(target, TEST)] * bool(target)
        for items, valid, target in zip(train, validation, test, strict=True)
    ]
    names: list[str | None] = [None] * len(train)
    found = {}
    if personas is not None:
        nothing = torch.zeros(n_items + 1, personas.shape[1])
        items = nothing if persona_items is None else persona_items
        found = {fit: Personas(f"run-{fit}", personas, names, items) for fit in fits}
    made = sequences(rows)
    return Dataset(
        item_ids=[f"i{item:02}" for item in range(n_items)],
        titles=[f"Title {item}" for item in range(n_items)],
        user_ids=[f"u{user}" for user in range(len(train))],
        sequences=made,
        texts=torch.zeros(n_items + 1, 0) if texts is None else texts,
        texts_digest="" if texts is None else "texts",
        facts={} if facts is None else facts,
        co_occurrence=co_occurrence(made, n_items),
        split="leave-one-out",
        personas=found,
    )


def holding(made: Sequences, n_items: int) -> Dataset:
    """A data set of these sequences, with nothing else."""
    empty = dataset([[]] * len(made), [0] * len(made), [0] * len(made), n_items)
    return with_sequences(empty, made)


def with_sequences(data: Dataset, made: Sequences) -> Dataset:
    """The same data set of other sequences, and of what co-occurs in them."""
    return dataclasses.replace(data, sequences=made, co_occurrence=co_occurrence(made, data.n_items))


def co_occurrence(made: Sequences, n_items: int) -> dict[Fit, sp.csr_matrix]:
    """Cosines of all pairs of items over the users of each fit: in dense NumPy, where GDS is not asked."""
    found = {}
    for fit in Fit:
        chosen = np.zeros((len(made), n_items + 1))
        for user, history in enumerate(made.known(fit).histories):
            chosen[user, history] = 1.0
        lengths = np.linalg.norm(chosen, axis=0).clip(min=1.0)
        cosines = chosen.T @ chosen / np.outer(lengths, lengths)
        np.fill_diagonal(cosines, 0.0)
        found[fit] = sp.csr_matrix(cosines.astype(np.float32))
    return found


def sequences(rows: list[list[tuple[int, int]]], times: list[list[int]] | None = None) -> Sequences:
    """Items with their splits, a list a user; without ``times`` the order alone is known."""
    flat = [visit for visits in rows for visit in visits]
    return Sequences(
        np.cumsum([0, *(len(visits) for visits in rows)]),
        np.array([item for item, _ in flat], dtype=np.int64),
        np.array([split for _, split in flat], dtype=np.int8),
        np.full(len(flat), NO_TIME) if times is None else np.array([t for own in times for t in own], dtype=np.int64),
    )


SHOP_USERS, SHOP_ITEMS, SHOP_TASTES = 45, 30, 3
STRANGER = "u2, who has chosen nothing"  # rows of the graph are not those of the data set


def shop() -> Dataset:
    """Users of three tastes who mostly like the items of their own; three to eight items each, and two with fewer."""
    generator = np.random.default_rng(11)
    walks = []
    for user in range(SHOP_USERS):
        likes = np.where(np.arange(SHOP_ITEMS) % SHOP_TASTES == user % SHOP_TASTES, 8.0, 1.0)
        n = int(generator.integers(3, 9))
        walks.append((generator.choice(SHOP_ITEMS, n, replace=False, p=likes / likes.sum()) + 1).tolist())
    texts = torch.from_numpy(generator.normal(size=(SHOP_ITEMS + 1, 6))).float()
    texts[0] = 0.0
    short: list[list[int]] = [[4], [5, 8]]  # of whom nothing is asked
    return dataset(
        [walk[:-2] for walk in walks] + short,
        [walk[-2] for walk in walks] + [0, 0],
        [walk[-1] for walk in walks] + [0, 0],
        SHOP_ITEMS,
        texts=texts,
        facts={"catalogue": _facts(lambda item: [item // 4, 10 + item % SHOP_TASTES]), "DBpedia": _facts(_subject)},
    )


def _facts(of: Callable[[int], list[int]]) -> sp.csr_matrix:
    """Facts of the shop's items: ``[n_items + 1, 20]``."""
    table = np.zeros((SHOP_ITEMS + 1, 20), dtype=np.float32)
    for item in range(1, SHOP_ITEMS + 1):
        table[item, of(item)] = 1.0
    return sp.csr_matrix(table)


def _subject(item: int) -> list[int]:
    return [item % 5] if item % 4 else []  # as `streamed` has it: every fourth item has no page


def streamed(data: Dataset) -> StreamedGraph:
    """The graph of a data set as it is streamed: makers, categories, and pages with subjects of most items.

    It has a user whom the data set lacks, as one without interactions has no sequence.
    """
    user_ids = sorted([*data.user_ids, STRANGER])
    sequences = data.sequences
    users = np.repeat(np.arange(len(sequences)), np.diff(sequences.offsets))
    nodes = {user_id: 1_000 + row for row, user_id in enumerate(data.user_ids)} | {STRANGER: -8}
    facts = []
    for item in range(1, data.n_items + 1):
        facts += [(2_000 + item, 3_000 + item // 4, "BY"), (2_000 + item, 4_000 + item % SHOP_TASTES, "IN_CATEGORY")]
        if item % 4:
            facts += [(2_000 + item, 5_000 + item, "SAME_AS"), (5_000 + item, 6_000 + item % 5, "SUBJECT")]
    return StreamedGraph(
        user_ids=user_ids,
        user_nodes=np.array([nodes[user_id] for user_id in user_ids]),
        interactions={
            split: Relationships.of(1_000 + users[mine], 2_000 + sequences.items[mine])
            for number, split in enumerate(SPLITS)
            if (mine := sequences.splits == number).any()
        },
        facts=by_type(facts),
        co_occurrence={},
        types=sorted(set.union(*(MetaPath.parse(path).types for path in DEFAULT_META_PATHS))),
        item_ids=data.item_ids,
        item_nodes=2_000 + np.arange(1, data.n_items + 1),
        texts=data.texts[1:].numpy(),
        made_of=[f"text of {item_id}" for item_id in data.item_ids],
    )


def alone(model: SASRec, asked: Asked) -> np.ndarray:
    """Ranks of the targets by a model without persona: ``[n]``."""
    found: np.ndarray = ranks(asked, ByModel(model)).numpy()
    return found


def with_other_tests(data: Dataset) -> Dataset:
    """The same data set with the test items handed round among the users who have one."""
    places = np.flatnonzero(data.sequences.splits == TEST)
    items = data.sequences.items.copy()
    items[places] = np.roll(items[places], 3)
    return with_sequences(data, dataclasses.replace(data.sequences, items=items))


def scores_of(source: Reaching, histories: list[list[int]], n_items: int) -> torch.Tensor:
    """What a source says of all items: ``[n, n_items + 1]``."""
    nothing = np.zeros(len(histories), dtype=np.int64)
    return source(Asked(nothing, histories, nothing, nothing, torch.zeros(len(histories), 0), n_items))


def by_profile(facts: sp.csr_matrix) -> Reaching:
    """The source that scores by facts ``[n_items + 1, n_facts]``."""
    table = profile_table(facts)
    return profiles(table, sp.csr_matrix(table.T))
