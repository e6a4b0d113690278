"""Made-up histories that a peer in an environment of its own can draw as well."""

import numpy as np


def histories(users: int, items: int, full: bool = False) -> list[np.ndarray]:
    """Draw item numbers, the low ones more often, about 13 a user; ``full`` is 50 for everybody."""
    generator = np.random.default_rng(1)
    lengths = np.full(users, 50) if full else (3 + generator.exponential(10, users)).astype(int)
    drawn = np.minimum(items * generator.random(lengths.sum()) ** 2, items - 1).astype(np.int64) + 1
    return np.split(drawn, np.cumsum(lengths)[:-1])
