"""Personas keep their number from one run to the next where they have the same members."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

SAME = 0.5  # Jaccard index from which a cluster counts as found again; below it is dissolved (Hennig 2007)


@dataclass(frozen=True)
class Numbers:
    """Numbers of a run's personas.

    Attributes:
        numbers: of each; of those that match one of the run before, its number. ``[n_personas]``
        overlaps: Jaccard index of the members with those of the matched persona, 0 where none is. ``[n_personas]``
        before: how many personas the run before had; 0 where there was none.
        highest: number that any persona of any run had so far.
    """

    numbers: list[int]
    overlaps: list[float]
    before: int
    highest: int

    @property
    def matched(self) -> int:
        """How many personas keep their number."""
        return sum(overlap > 0 for overlap in self.overlaps)


def numbered(
    user_ids: list[str], personas: np.ndarray, n_personas: int, before: Mapping[str, int], highest: int
) -> Numbers:
    """Number personas as those of the run before that have the same members, and the others anew, the largest first.

    The assignment of all together has the largest sum of overlaps (Kuhn 1955), each the Jaccard index over the users of
    both runs.

    Args:
        user_ids: ``[n_users]``
        personas: each user's strongest persona. ``[n_users]``
        n_personas: how many there are.
        before: number of each user's strongest persona in the run before, by user id.
        highest: number that was given so far.
    """
    old_numbers = sorted(set(before.values()))
    place = {number: row for row, number in enumerate(old_numbers)}
    common = [
        (place[before[user_id]], persona)
        for user_id, persona in zip(user_ids, personas, strict=True)
        if user_id in before
    ]
    numbers, overlaps = [0] * n_personas, [0.0] * n_personas
    if common:
        shared = np.zeros((len(old_numbers), n_personas))
        np.add.at(shared, tuple(np.array(common).T), 1)
        union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
        jaccard = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        for old, new in zip(*linear_sum_assignment(-jaccard), strict=True):
            if jaccard[old, new] >= SAME:
                numbers[new], overlaps[new] = old_numbers[old], float(jaccard[old, new])
    highest = max([highest, *old_numbers])
    sizes = np.bincount(personas, minlength=n_personas)
    for persona in np.argsort(-sizes, kind="stable").tolist():
        if not numbers[persona]:
            highest += 1
            numbers[persona] = highest
    return Numbers(numbers, overlaps, len(old_numbers), highest)
