"""What is in the shop, and what each customer likes about it.

Themes, series and countries are told by DBpedia alone; title, text, author and category tell the rest.
"""

from dataclasses import dataclass

import numpy as np

from synthetic.names import COUNTRIES, GENRES, THEMES, distinct, person, title

POPULARITY_EXPONENT = 0.5
ACTIVITY_EXPONENT = 1.6


@dataclass(frozen=True)
class World:
    """Items, their facts, and the customers' tastes, all as indices.

    Attributes:
        titles: ``[n_items]``
        authors: names ``[n_authors]``; author: of each item ``[n_items]``
        genre: ``[n_items]``; series: number or -1 ``[n_items]``
        themes: two of each item, perhaps the same ``[n_items, 2]``; country: ``[n_items]``
        popularity: weights that sum to 1, a power law ``[n_items]``
        appeal: log-odds that a customer's taste adds to an item ``[n_users, n_items]``
        activity: interactions of each customer ``[n_users]``
    """

    titles: list[str]
    authors: list[str]
    author: np.ndarray
    genre: np.ndarray
    series: np.ndarray
    themes: np.ndarray
    country: np.ndarray
    popularity: np.ndarray
    appeal: np.ndarray
    activity: np.ndarray


def make_world(n_users: int, n_items: int, generator: np.random.Generator) -> World:
    """Draw a world; the same generator state gives the same one."""
    n_authors = max(2, n_items // 7)
    author = _zipf_choice(n_authors, n_items, 0.7, generator)
    author_genre = generator.integers(len(GENRES), size=n_authors)
    keeps_genre = generator.random(n_items) < 0.7
    genre = np.where(keeps_genre, author_genre[author], generator.integers(len(GENRES), size=n_items))
    themes = generator.integers(len(THEMES), size=(n_items, 2))
    country = generator.integers(len(COUNTRIES), size=n_items)
    popularity = np.arange(1, n_items + 1) ** -POPULARITY_EXPONENT
    generator.shuffle(popularity)
    return World(
        titles=[title(generator) for _ in range(n_items)],
        authors=distinct(lambda: person(generator), n_authors),
        author=author,
        genre=genre,
        series=_series(author, generator),
        themes=themes,
        country=country,
        popularity=popularity / popularity.sum(),
        appeal=_appeal(n_users, author, genre, themes, country, generator),
        activity=_activity(n_users, min(60, n_items // 4), generator),
    )


def _appeal(
    n_users: int, author: np.ndarray, genre: np.ndarray, themes: np.ndarray, country: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """One to three favourite themes weigh most, then a genre or two, an author or two, a country."""
    appeal = np.zeros((n_users, len(author)))
    for user in range(n_users):
        loved = generator.choice(len(THEMES), size=generator.integers(1, 4), replace=False)
        appeal[user] += 4.5 * np.isin(themes, loved).any(axis=1)
        appeal[user] += 1.5 * np.isin(genre, generator.choice(len(GENRES), size=generator.integers(1, 3)))
        appeal[user] += 2.0 * np.isin(author, generator.choice(author, size=generator.integers(1, 3)))
        appeal[user] += 0.7 * (country == generator.integers(len(COUNTRIES)))
    return appeal


def _series(author: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Runs of three to five items of one author, for about every third item."""
    series = np.full(len(author), -1)
    number = 0
    for writer in np.unique(author):
        mine = np.flatnonzero(author == writer)
        if len(mine) >= 4 and generator.random() < 0.6:
            series[mine[: generator.integers(3, 6)]] = number
            number += 1
    return series


def _activity(n_users: int, most: int, generator: np.random.Generator) -> np.ndarray:
    return np.minimum(5 + generator.pareto(ACTIVITY_EXPONENT, size=n_users) * 7, most).astype(int)


def _zipf_choice(n: int, size: int, exponent: float, generator: np.random.Generator) -> np.ndarray:
    weights = np.arange(1, n + 1) ** -exponent
    return generator.choice(n, size=size, p=weights / weights.sum())
