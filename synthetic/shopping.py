"""Who buys what, when: taste, popularity, the mood of the session, and noise."""

from dataclasses import dataclass

import numpy as np

from synthetic.world import World

GIFT = 0.12  # part of the interactions that follow popularity alone
SERIES_PULL = 4.0
AUTHOR_PULL = 2.0
DAY = 86_400
OPENING = 1_262_304_000  # 2010-01-01, in seconds
YEARS = 4


@dataclass(frozen=True)
class Purchase:
    """One interaction; ``second`` is the Unix time."""

    user: int
    item: int
    rating: float
    second: int


def shop(world: World, generator: np.random.Generator) -> list[Purchase]:
    """Let every customer buy, and return all purchases in order of time."""
    purchases: list[Purchase] = []
    for user in range(len(world.activity)):
        purchases += _customer(world, user, generator)
    return sorted(purchases, key=lambda purchase: (purchase.second, purchase.user))


def _customer(world: World, user: int, generator: np.random.Generator) -> list[Purchase]:
    log_popularity = np.log(world.popularity)
    taste = world.appeal[user] + log_popularity
    bought = np.zeros(len(log_popularity), dtype=bool)
    second = OPENING + int(generator.integers(YEARS * 365 * DAY))
    purchases: list[Purchase] = []
    last = -1
    for _ in range(world.activity[user]):
        within_session = last >= 0 and generator.random() < 0.45
        second += int(generator.integers(60, 3_600)) if within_session else int(generator.exponential(40 * DAY)) + DAY
        gift = generator.random() < GIFT
        logits = log_popularity.copy() if gift else taste.copy()
        if within_session and not gift:
            logits += AUTHOR_PULL * (world.author == world.author[last])
            logits += SERIES_PULL * ((world.series == world.series[last]) & (world.series[last] >= 0))
        logits[bought] = -np.inf
        last = int(np.argmax(logits + generator.gumbel(size=len(logits))))  # a draw from the softmax
        bought[last] = True
        liking = world.appeal[user, last] + generator.normal(0, 1.2)
        purchases.append(Purchase(user, last, float(np.clip(round(3 + liking / 2), 1, 5)), second))
    return purchases
