"""SIMILAR_TO between items of near texts, by the k-nearest-neighbours algorithm of GDS.

The relationships of all embeddings together are a run, named by what the embeddings were made of. A run is written in
batches, then made the current one, then the others are removed in batches: whoever reads the relationships of the
current run alone sees the old one or the new one, never half.
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from more_itertools import chunked

from kgloader.report import Report, progress_bar
from kgrec.graph.database import Database, Row
from kgrec.graph.jobs import watched

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS = 10
MIN_COSINE = 0.3  # below, two texts have little more in common than their language
ROWS_PER_BATCH = 10_000


def tie_similar_items(database: Database, report: Report) -> None:
    """Write SIMILAR_TO for the present embeddings, unless the current run is theirs already.

    A load that was stopped leaves the old run the current one, or the new one once it is whole; the next load removes
    what is of no use and goes on to the same end.

    Raises:
        KgrecError: the server has no Graph Data Science library, or too little memory to compare the embeddings.
    """
    items, run_id = _run_of_embeddings(database)
    if items < 2:
        return
    found = database.read("load/similar_run")
    current = found[0]["run_id"] if found else ""
    _remove_others(database, current, report)
    if current == run_id:
        return
    neighbours = _neighbours(database)
    with progress_bar("tying similar items", "relationships", len(neighbours)) as advance:
        for batch in chunked(_rows(neighbours), ROWS_PER_BATCH):
            summary = database.write("load/similar", rows=batch, run_id=run_id)
            report.relationships["SIMILAR_TO"] += summary.counters.relationships_created
            advance(len(batch))
    database.write("load/similar_current", run_id=run_id)
    _remove_others(database, run_id, report)


def _run_of_embeddings(database: Database) -> tuple[int, str]:
    """Count the embeddings, and name their run: a digest of the items and of what each embedding was made of."""
    items, digest = 0, hashlib.sha256()
    for row in database.stream("load/embedding_hashes"):
        items += 1
        digest.update(f"{row['item_id']}\0{row['embedding_of']}\n".encode())
    return items, digest.hexdigest()


def _remove_others(database: Database, run_id: str, report: Report) -> None:
    summary = database.run("load/similar_forget", run_id=run_id)
    report.removed["SIMILAR_TO of other texts"] += summary.counters.relationships_deleted


def _neighbours(database: Database) -> "pd.DataFrame":
    """Node numbers of both items and their similarity, scaled to [0, 1], in ``node1``, ``node2``, ``similarity``."""
    with (
        watched(database, "Finding similar items") as job_id,
        database.projection("load/similar_projection", job_id) as (gds, graph),
    ):
        # One thread and a seed: the algorithm samples, and a repeated load is to find the same neighbours.
        return gds.knn.stream(
            graph,
            node_properties={"embedding": "COSINE"},
            top_k=NEIGHBOURS,
            similarity_cutoff=(MIN_COSINE + 1) / 2,
            sample_rate=1.0,
            random_seed=7,
            concurrency=1,
            job_id=job_id,
        )


def _rows(neighbours: "pd.DataFrame") -> Iterator[Row]:
    # A row at a time: as dicts, the neighbours of a large shop do not fit into memory.
    for item, neighbour, similarity in neighbours[["node1", "node2", "similarity"]].itertuples(index=False):
        yield {"item": int(item), "neighbour": int(neighbour), "score": 2 * float(similarity) - 1}
