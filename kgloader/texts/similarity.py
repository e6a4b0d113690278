"""SIMILAR_TO between items of near texts, by the k-nearest-neighbours algorithm of GDS."""

import hashlib

from kgloader.report import Report
from kgrec.graph.database import Database

NEIGHBOURS = 10
MIN_COSINE = 0.3  # below, two texts have little more in common than their language
ROWS_PER_STATEMENT = 10_000


def tie_similar_items(database: Database, report: Report) -> None:
    """Replace SIMILAR_TO by the neighbours of the present embeddings, unless they are those already.

    All in one transaction, with a note of the embeddings it stands for, so an interruption leaves the old ones and
    the next load notices.
    """
    found = database.read("load/embeddings_state")[0]
    state = hashlib.sha256("\n".join(found["parts"]).encode()).hexdigest()
    if found["built"] == state or len(found["parts"]) < 2:
        return
    rows = _neighbours(database)
    statements = [
        ("load/similar", {"rows": rows[i : i + ROWS_PER_STATEMENT]}) for i in range(0, len(rows), ROWS_PER_STATEMENT)
    ]
    summaries = database.write_together(
        [("load/similar_forget", {}), *statements, ("load/similar_built", {"state": state})]
    )
    report.removed["SIMILAR_TO of earlier texts"] += summaries[0].counters.relationships_deleted
    report.relationships["SIMILAR_TO"] += sum(one.counters.relationships_created for one in summaries)


def _neighbours(database: Database) -> list[dict[str, float]]:
    with database.projection("load/similar_projection") as (gds, graph):
        # One thread and a seed: the algorithm samples, and a repeated load is to find the same neighbours.
        frame = gds.knn.stream(
            graph,
            node_properties={"embedding": "COSINE"},
            top_k=NEIGHBOURS,
            similarity_cutoff=(MIN_COSINE + 1) / 2,  # GDS scales the cosine to [0, 1]
            sample_rate=1.0,
            random_seed=7,
            concurrency=1,
        )
    return [
        {"item": int(item), "neighbour": int(neighbour), "score": 2 * float(score) - 1}
        for item, neighbour, score in frame[["node1", "node2", "similarity"]].itertuples(index=False)
    ]
