"""Vectors as parameters of a statement: as bytes where the server takes them, elsewhere as lists of numbers."""

from typing import TYPE_CHECKING

import numpy as np
from neo4j.vector import Vector

if TYPE_CHECKING:
    from kgrec.graph.database import Database

BOLT = (6, 0)  # brought vectors; Neo4j 2025.10 and later speak it
LONGEST = 4_096  # numbers of a vector; a longer one goes as a list


def vector_parameters(database: "Database", vectors: np.ndarray) -> list[Vector] | list[list[float]]:
    """Turn vectors into what a statement gives to ``db.create.setNodeVectorProperty``, which stores both alike.

    Args:
        database: whose connection decides.
        vectors: single precision. ``[n, dim]``
    """
    if database.protocol < BOLT or not 0 < vectors.shape[1] <= LONGEST:
        numbers: list[list[float]] = vectors.tolist()
        return numbers
    return [Vector(row.tobytes(), "f32") for row in vectors.astype(">f4")]
