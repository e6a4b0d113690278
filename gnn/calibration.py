"""The temperature of soft memberships, chosen so that a weight says how often a persona stays the same.

A user's vector has the direction of the sum of the items' vectors, so half of the items give another vector of the same
user. A weight is right where it is the share of such halves whose nearest persona is the one that it is of. The
temperature has the least Brier score, which is least for true probabilities (Brier 1950; Guo et al. 2017 scale
temperatures alike), over half of the users; what is reported is measured on the others.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar

from kgrec.graph.memberships import TEMPERATURE, directions, memberships, softmax

USERS = 20_000  # of whom halves are taken
HALVES = 2  # of each user
FEWEST = 100  # users of two items or more; of fewer the halves say too little
BINS = 10
BOUNDS = (0.005, 2.0)  # of the temperature


@dataclass(frozen=True)
class Calibration:
    """How far the weights of memberships are to be believed.

    Attributes:
        temperature: that was chosen.
        error: expected calibration error of the strongest membership: between its weight and how often the persona
            stays the same when half of a user's items are hidden, on users who chose nothing of the temperature.
        error_before: the same at the temperature that is taken without a choice.
        same: how often the persona stays the same.
    """

    temperature: float
    error: float
    error_before: float
    same: float


def calibrate(
    chosen: sp.csr_array, items: np.ndarray, centres: np.ndarray, per_user: int, seed: int
) -> Calibration | None:
    """Choose the temperature.

    Args:
        chosen: which users have which items, 1 or 0. ``[n_users, n_items]``
        items: their vectors. ``[n_items, dim]``
        centres: of the personas, of length 1. ``[n_personas, dim]``
        per_user: memberships of a user.
        seed: of the halves.

    Returns:
        ``None`` where too few users have two items, or there is one persona.
    """
    generator = np.random.default_rng(seed)
    able = generator.permutation(np.flatnonzero(np.diff(chosen.indptr) > 1))[:USERS]
    if len(able) < FEWEST or len(centres) < 2:
        return None
    mine = sp.csr_array(chosen[able])
    whole = directions(mine @ items)
    nearest, _ = memberships(whole, centres, per_user)
    cosines = np.take_along_axis(whole @ centres.T, nearest, axis=1)
    halves = [np.argmax(directions(_half(mine, generator) @ items) @ centres.T, axis=1) for _ in range(HALVES)]
    stays = np.stack([nearest == half[:, None] for half in halves])  # [halves, n, per_user]
    choosing, judging = np.arange(len(able)) % 2 == 0, np.arange(len(able)) % 2 == 1
    found = minimize_scalar(
        lambda power: _brier(softmax(cosines[choosing], float(np.exp(power))), stays[:, choosing]),
        bounds=tuple(np.log(BOUNDS)),
        method="bounded",
    )
    temperature = round(float(np.exp(found.x)), 4)

    def error(value: float) -> float:
        return calibration_error(softmax(cosines[judging], value)[:, 0], stays[:, judging, 0].mean(axis=0))

    return Calibration(temperature, error(temperature), error(TEMPERATURE), float(stays[:, judging, 0].mean()))


def calibration_error(weights: np.ndarray, happened: np.ndarray) -> float:
    """Expected calibration error over bins of as many users each (Naeini et al. 2015, adaptive bins).

    Args:
        weights: what was said. ``[n]``
        happened: how often it came true. ``[n]``
    """
    order = np.argsort(weights, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return float(sum(len(part) * abs(weights[part].mean() - happened[part].mean()) for part in parts) / len(weights))


def _brier(weights: np.ndarray, stays: np.ndarray) -> float:
    return float(((weights[None] - stays) ** 2).sum(axis=2).mean())


def _half(chosen: sp.csr_array, generator: np.random.Generator) -> sp.csr_array:
    """Keep half of the items of each row, the smaller half of an odd number."""
    rows = np.repeat(np.arange(chosen.shape[0]), np.diff(chosen.indptr))
    order = np.lexsort((generator.random(chosen.nnz), rows))
    rank = np.arange(chosen.nnz) - chosen.indptr[rows]
    kept = order[rank < (np.diff(chosen.indptr) // 2)[rows]]
    return sp.csr_array((np.ones(len(kept)), (rows[kept], chosen.indices[kept])), shape=chosen.shape)
