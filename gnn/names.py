"""What sets a persona apart: features that its members have more often than all users do."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

MIN_SHARE = 0.1  # a feature of fewer members does not characterise the persona
MIN_MEMBERS = 3


@dataclass(frozen=True)
class Characteristic:
    """A feature node of a persona.

    Attributes:
        persona: number of the persona.
        node_id: of the feature.
        share: part of the members who have it.
        lift: share over the share among all users.
    """

    persona: int
    node_id: int
    share: float
    lift: float


def characteristics(
    user_features: sp.csr_matrix, node_ids: np.ndarray, personas: np.ndarray, n_personas: int, top: int
) -> list[Characteristic]:
    """Find the ``top`` features of each persona by ``share * log(lift)``.

    That product is the feature's part in the Kullback-Leibler divergence of the members from all users: it asks for
    features that are both frequent in the persona and rarer elsewhere.

    Args:
        user_features: whether a user has a feature. ``[n_users, n_features]``
        node_ids: of the features. ``[n_features]``
        personas: each user's strongest persona. ``[n_users]``
        n_personas: how many there are.
        top: how many features to name.
    """
    has = user_features.astype(bool).astype(np.float64)
    overall = np.asarray(has.mean(axis=0)).ravel()  # [n_features]
    found = []
    for persona in range(n_personas):
        members = has[personas == persona]
        if members.shape[0] == 0:
            continue
        counts = np.asarray(members.sum(axis=0)).ravel()
        share = counts / members.shape[0]
        lift = np.divide(share, overall, out=np.ones_like(share), where=overall > 0)
        strength = np.where(
            (share >= MIN_SHARE) & (counts >= MIN_MEMBERS) & (lift > 1), share * np.log(lift.clip(min=1.0)), 0.0
        )
        order = np.lexsort((node_ids, -strength))[:top]
        found += [
            Characteristic(persona, int(node_ids[column]), float(share[column]), float(lift[column]))
            for column in order
            if strength[column] > 0
        ]
    return found


def names(found: list[Characteristic], labels: dict[int, str], n_personas: int, words: int = 3) -> list[str]:
    """Name each persona by its strongest features, such as ``"Lighthouses · Ann Orrin · Crime"``; unique by number."""
    result: list[str] = []
    for persona in range(n_personas):
        mine = [labels[item.node_id] for item in found if item.persona == persona]
        name = " · ".join(list(dict.fromkeys(mine))[:words]) or f"Persona {persona + 1}"
        result.append(f"{name} ({persona + 1})" if name in result else name)
    return result
