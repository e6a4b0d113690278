"""A list for somebody of whom nothing is known while the graph is away: what most users chose."""

import numpy as np

from recommender.explanations import ENOUGH
from recommender.recommend import Recommendation
from recommender.service.loaded import Loaded


def most_chosen(loaded: Loaded, user_id: str, k: int) -> list[Recommendation]:
    """List the items that were chosen most, without those that the user is known to dislike.

    Args:
        loaded: whose snapshot has counted.
        user_id: whom the list is for.
        k: how many.

    Returns:
        The score is how often each was chosen.
    """
    snapshot = loaded.recommender.snapshot
    counts = snapshot.frequency[1:].astype(np.int64)
    disliked = np.array(loaded.memory.disliked(user_id), dtype=np.int64)
    order = np.argsort(-counts, kind="stable")[: k + len(disliked)]
    found = []
    for rank, place in enumerate(order[~np.isin(order + 1, disliked)][:k].tolist(), start=1):
        item_id, chosen = snapshot.item_ids[place], int(counts[place])
        reason = f"chosen {chosen:,} times" if chosen >= ENOUGH else ""  # so that nobody is told of
        found.append(Recommendation(user_id, rank, item_id, loaded.titles.of(item_id), float(chosen), rank, "", reason))
    return found
