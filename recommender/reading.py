"""From the graph to the data set: items, sequences, texts, facts, co-occurrence and personas, each read once."""

import hashlib
from array import array
from collections.abc import Sequence
from itertools import repeat

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.counted import Counted, uncounted
from kgrec.errors import KgrecError
from kgrec.graph.co_occurrence import nearest_items, neighbours
from kgrec.graph.database import Database
from kgrec.graph.lock import undisturbed
from kgrec.graph.personas import current_personas, has_personas
from kgrec.graph.splits import current_split
from kgrec.training.fits import Fit
from recommender.co_occurring import nearest
from recommender.dataset import Dataset
from recommender.interactions import CHECK, read_sequences
from recommender.sequences import Sequences

KINDS = ("catalogue", "DBpedia")  # of facts, as project/item_facts has them
TEXTS = 500  # embeddings that are lists of numbers at once


@undisturbed
def read_dataset(
    database: Database,
    fits: Sequence[Fit] = tuple(Fit),
    with_texts: bool = True,
    with_personas: bool = True,
    counted: Counted = uncounted,
) -> Dataset:
    """Read everything that the sequence models need.

    Args:
        database: the graph.
        fits: whose co-occurrence and personas are wanted; personas that were never trained are left out.
        with_texts: whether text embeddings are needed; they are by far the largest part.
        with_personas: whether personas are.
        counted: yields what is read, and may show how much of it was.

    Raises:
        KgrecError: there are no items, some interactions are not split into training, validation and test yet, there
            is no co-occurrence of the final fit, or somebody else wrote ids or times that kgrec would not.
    """
    users, items = database.read("project/size")[0].values()
    rows = list(counted(database.stream("project/items"), "titles", items))
    if not rows:
        raise KgrecError("The graph has no items: load interactions first, with `kgrec load amazon`.")
    item_ids = [row["item_id"] for row in rows]
    odd = next((item_id for item_id in item_ids if not isinstance(item_id, str)), None)
    if odd is not None:
        raise KgrecError(f"The graph has an item whose id is no text ({odd!r}): {CHECK}.")
    number = {item_id: number for number, item_id in enumerate(item_ids, start=1)}
    user_ids, sequences = read_sequences(database, number, counted, users)
    facts, fact_names = _facts(database, number, counted)
    texts, digest = _texts(database, number, counted) if with_texts else (torch.zeros(len(item_ids) + 1, 0), "")
    dataset = Dataset(
        item_ids=item_ids,
        titles=[row["title"] for row in rows],
        user_ids=user_ids,
        sequences=sequences,
        texts=texts,
        texts_digest=digest,
        facts=facts,
        co_occurrence={fit: _co_occurrence(database, number, sequences, fit, counted) for fit in fits},
        split=current_split(database).words,
        personas={},
        fact_names=fact_names,
    )
    for fit in fits if with_personas else ():
        if not has_personas(database, fit):
            continue
        found = current_personas(database, fit, counted)
        vectors = dict(zip(found.user_ids, found.vectors, strict=True))
        names = dict(zip(found.user_ids, found.names, strict=True))
        items = dict(zip(found.item_ids, found.items, strict=True))
        dataset = dataset.with_personas(fit, found.run_id, vectors, names, items)
    return dataset


def _facts(
    database: Database, number: dict[str, int], counted: Counted
) -> tuple[dict[str, sp.csr_matrix], dict[str, list[str]]]:
    """Which items have which facts, by kind: ``[n_items + 1, n_facts]`` each; and the facts' names, in their order."""
    seen: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    items, columns = ({kind: array("q") for kind in KINDS} for _ in range(2))
    for row in counted(database.stream("project/item_facts"), "items with facts", len(number)):
        if row["item_id"] not in number:
            continue
        for kind, met in seen.items():
            columns[kind].extend(met.setdefault(name, len(met)) for name in row[kind])
            items[kind].extend(repeat(number[row["item_id"]], len(row[kind])))
    facts = {}
    for kind, met in seen.items():
        place = np.empty(len(met), dtype=np.int64)
        place[[met[name] for name in sorted(met)]] = np.arange(len(met))
        ones = np.ones(len(items[kind]), dtype=np.float32)
        ends = np.asarray(items[kind]), place[np.asarray(columns[kind])]
        facts[kind] = sp.csr_matrix((ones, ends), (len(number) + 1, len(met)))
        facts[kind].sort_indices()
    return facts, {kind: sorted(met) for kind, met in seen.items()}


def _co_occurrence(
    database: Database, number: dict[str, int], sequences: Sequences, fit: Fit, counted: Counted
) -> sp.csr_matrix:
    """Cosines of each item with its nearest, of a fit: ``[n_items + 1, n_items + 1]``."""
    if fit is not Fit.FINAL:  # the graph has that of the fit that is served
        return nearest(sequences.known(fit).matrix(len(number)), neighbours(len(number)))
    lengths = np.zeros(len(number) + 2, dtype=np.int64)  # of the rows, each at the place where the next begins
    columns, cosines = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.float32)]
    for one in counted(nearest_items(database, Fit.FINAL), "items with co-occurrence", len(number)):
        lengths[number[one.item_id] + 1] = len(one.item_ids)
        columns.append(np.array([number[item_id] for item_id in one.item_ids], dtype=np.int32))
        cosines.append(np.array(one.cosines, dtype=np.float32))
    found = sp.csr_matrix(
        (np.concatenate(cosines), np.concatenate(columns), lengths.cumsum()), (len(number) + 1, len(number) + 1)
    )
    found.sort_indices()
    return found


def _texts(database: Database, number: dict[str, int], counted: Counted) -> tuple[Tensor, str]:
    """Text embeddings ``[n_items + 1, text_dim]``, and a digest of what they were made of."""
    digest = hashlib.sha256()
    texts = np.zeros((len(number) + 1, 0), dtype=np.float32)
    for row in counted(database.stream("project/item_texts", fetch_size=TEXTS), "texts", len(number)):
        if not texts.shape[1]:
            texts = np.zeros((len(number) + 1, len(row["embedding"])), dtype=np.float32)
        texts[number[row["item_id"]]] = row["embedding"]
        digest.update(f"{row['item_id']!r} {row['embedding_of']!r}\n".encode())
    return torch.from_numpy(texts), digest.hexdigest() if texts.shape[1] else ""
