"""What sets a persona apart, and a name unlike the others' made of it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from rapidfuzz import fuzz

MIN_PART = 0.1  # of the members; a feature of fewer does not characterise the persona
MIN_MEMBERS = 3
ROUNDING = 1e-9  # of a lift that is 1
WORDS = 3  # features in a name
LONGEST = 48  # characters of a feature in a name
ALIKE = 80  # of 100, from which two features say the same
_ARTICLES = {"the", "a", "an"}

SEPARATOR = " · "  # of the features in a name
Strengths = Sequence[tuple[str, float]]  # readable features, and how much each tells; the strongest first


@dataclass(frozen=True)
class Characteristic:
    """A feature node of a persona.

    Attributes:
        node_id: of the feature.
        share: part of what a member chooses that has it, the mean over the members.
        lift: share over that among all users.
    """

    node_id: int
    share: float
    lift: float

    @property
    def strength(self) -> float:
        """How much it tells: ``share * log(lift)``."""
        return self.share * float(np.log(self.lift))


def characteristics(
    parts: sp.csr_array,
    node_ids: np.ndarray,
    personas: np.ndarray,
    n_personas: int,
    top: int,
    least_part: float = MIN_PART,
    least_members: int = MIN_MEMBERS,
    least_lift: float = 1.0,
) -> list[list[Characteristic]]:
    """Find the ``top`` features of each persona by ``share * log(lift)``, the strongest first.

    That product is the feature's part in the Kullback-Leibler divergence of what the members choose from what all users
    do: it asks for features that are both frequent in the persona and rarer elsewhere. Parts of choices tell tastes
    apart also where everybody has chosen something of everything.

    Args:
        parts: part of a user's choices that has a feature, 0 to 1. ``[n_users, n_features]``
        node_ids: of the features. ``[n_features]``
        personas: each user's strongest persona. ``[n_users]``
        n_personas: how many there are.
        top: how many features to find.
        least_part: of the members who have a feature.
        least_members: who have it.
        least_lift: which its lift has to be above.
    """
    overall = np.asarray(parts.mean(axis=0)).ravel()  # [n_features]
    found = []
    for persona in range(n_personas):
        members = parts[np.flatnonzero(personas == persona)]
        n_members = max(members.shape[0], 1)
        counts = np.bincount(members.indices[members.data > 0], minlength=len(node_ids))
        share = np.asarray(members.sum(axis=0)).ravel() / n_members
        lift = np.divide(share, overall, out=np.ones_like(share), where=overall > 0)
        able = np.flatnonzero((counts >= max(least_part * n_members, least_members)) & (lift > least_lift + ROUNDING))
        strength = share[able] * np.log(lift[able].clip(min=1.0))
        order = able[np.lexsort((node_ids[able], -share[able], -strength))[:top]]
        found.append(
            [
                Characteristic(int(node_ids[column]), float(share[column]), float(lift[column]))
                for column in order.tolist()
            ]
        )
    return found


def names(telling: Sequence[Sequence[Strengths]], numbers: Sequence[int]) -> list[str]:
    """Name each persona by what tells most of it, such as ``"Lighthouses · Ann Orrin · Crime"``.

    The first feature of a name is the persona's own: all personas' features are taken in the order of their strength,
    each by the persona that it tells most of, and none begins with a word that another name begins with. It is in no
    other name. What begins with a number, such as a year, comes last: it says when and not what.

    Args:
        telling: of each persona, kinds of features in the order in which they are turned to: one of the next kind where
            those before leave nothing of its own. ``[n_personas][n_kinds]``
        numbers: of the personas; a persona of which nothing tells is called by its own.
    """
    heads = _heads(telling)
    own = {head.casefold() for head in heads if head}
    found = []
    for head, kinds, number in zip(heads, telling, numbers, strict=True):
        if head is None:
            found.append(f"Persona {number}")
            continue
        words = [head]
        for label in (label for kind in kinds for label, _ in sorted(kind, key=lambda one: dated(one[0]))):
            if len(words) == WORDS:
                break
            if label.strip() and label.casefold() not in own and not any(_alike(label, word) for word in words):
                words.append(label)
        found.append(SEPARATOR.join(shortened(word, LONGEST) for word in words))
    return found


def shortened(text: str, longest: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def dated(label: str) -> bool:
    """Tell whether a feature begins with a number, such as a year."""
    return label[:1].isdigit()


def _heads(telling: Sequence[Sequence[Strengths]]) -> list[str | None]:
    """Give each persona a first feature of its own, ``None`` where nothing is left of what tells of it."""
    heads: list[str | None] = [None] * len(telling)
    taken: dict[Callable[[str], str], set[str]] = {_first_word: set(), str.casefold: set()}
    n_kinds = max(map(len, telling), default=0)
    for key in taken:  # a first word that another has as well is better than a number
        for kind in range(n_kinds):
            for with_date in (False, True):
                for label, persona in _strongest((kinds[kind], with_date) for kinds in telling):
                    if heads[persona] is None and key(label) not in taken[key]:
                        heads[persona] = label
                        for of, used in taken.items():
                            used.add(of(label))
    return heads


def _strongest(found: Iterable[tuple[Strengths, bool]]) -> list[tuple[str, int]]:
    """Features of all personas, the strongest first, each with the persona's place."""
    pairs = [
        (-strength, persona, label)
        for persona, (strengths, with_date) in enumerate(found)
        for label, strength in strengths
        if label.strip() and dated(label) is with_date
    ]
    return [(label, persona) for _, persona, label in sorted(pairs)]


def _first_word(label: str) -> str:
    words = re.findall(r"\w+", label.casefold())
    return next((word for word in words if word not in _ARTICLES), label.casefold())


def _alike(one: str, other: str) -> bool:
    return bool(fuzz.token_set_ratio(one.casefold(), other.casefold()) >= ALIKE)
