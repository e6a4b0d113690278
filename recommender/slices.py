"""Parts of the users on which systems are compared, in plain words."""

import numpy as np
import pandas as pd

HEAD = 0.2  # this most popular part of the catalogue is the head, the others are the long tail
COLD, MEDIUM = 5, 20  # at most so many known items
RARE = 15  # learned from at most so many interactions
PERSONAS = 30
NAME_LENGTH = 80


def head_items(counts: np.ndarray) -> np.ndarray:
    """Say which items are the most popular fifth, by how often each was chosen: ``[n_items + 1]`` both.

    Padding is none of them; of two alike the one with the lower number is.
    """
    found = np.zeros(len(counts), dtype=bool)
    found[np.argsort(-counts[1:], kind="stable")[: int((len(counts) - 1) * HEAD)] + 1] = True
    return found


def slices(users: pd.DataFrame) -> dict[str, np.ndarray]:
    """Name the slices and tell who belongs to each; a slice may be empty.

    The 30 most frequent personas have a slice each, if anybody has a persona. Their names come from data: they are only
    cut to 80 characters, and stand behind ``persona:`` so that none can pass for another slice.

    Args:
        users: of `recommender.measured.Measured`.

    Returns:
        by name, whom the slice holds. ``[n_targets]``, of booleans
    """
    history, head = users["history"].to_numpy(dtype=int), users["head"].to_numpy(dtype=bool)
    learned = users["learned"].to_numpy(dtype=int)
    return {
        "all users": np.ones(len(users), dtype=bool),
        f"cold users (at most {COLD} known items)": history <= COLD,
        f"medium users ({COLD + 1} to {MEDIUM} known items)": (history > COLD) & (history <= MEDIUM),
        f"warm users (more than {MEDIUM} known items)": history > MEDIUM,
        "head items (the most popular fifth)": head,
        "tail items (all but the most popular fifth)": ~head,
        "new items (never learned from)": learned == 0,
        f"rare items (learned from 1 to {RARE} times)": (learned > 0) & (learned <= RARE),
        **_by_persona(users["persona"]),
    }


def _by_persona(personas: pd.Series) -> dict[str, np.ndarray]:
    counts = personas.value_counts()  # leaves out those without
    if counts.empty:
        return {}
    largest = sorted(counts.index, key=lambda name: (-counts[name], name))[:PERSONAS]
    chosen: dict[str, np.ndarray] = {}
    for name in largest:
        chosen[_unused(f"persona: {_short(name)}", chosen)] = (personas == name).to_numpy(dtype=bool)
    without = personas.isna().to_numpy(dtype=bool)
    if len(counts) > PERSONAS:
        chosen["other personas"] = ~personas.isin(largest).to_numpy(dtype=bool) & ~without
    return chosen | {"no persona": without}


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def _unused(name: str, taken: dict[str, np.ndarray]) -> str:
    """Two long names may be alike as far as they are shown."""
    number, unused = 1, name
    while unused in taken:
        number += 1
        unused = f"{name} ({number})"
    return unused
