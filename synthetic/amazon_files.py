"""Reviews and metadata as Amazon publishes them: 2014 (Python-literal metadata), 2018 and 2023 (JSON)."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from synthetic.names import FILLERS, GENRES, SENTENCES, SUBTITLES
from synthetic.shopping import Purchase
from synthetic.world import World

NO_AUTHOR = 0.15  # part of the items whose metadata does not name the author


def asin(item: int) -> str:
    """An item's key, shaped like a book's ASIN."""
    return f"{item:09d}X"


def reviewer(user: int) -> str:
    """A user's key, shaped like an Amazon reviewer's."""
    return f"A{user:09d}SYN"


def write_amazon(
    folder: Path, world: World, purchases: list[Purchase], year: str, generator: np.random.Generator
) -> tuple[Path, Path]:
    """Write ``reviews.json.gz`` and ``metadata.json.gz`` in the format of ``year`` and return their paths."""
    reviews, metadata = folder / "reviews.json.gz", folder / "metadata.json.gz"
    _write(reviews, (json.dumps(_review(purchase, year)) for purchase in purchases))
    records = (_record(world, item, year, generator) for item in range(len(world.titles)))
    # The metadata of 2014 is a Python literal a line, not JSON.
    _write(metadata, (repr(record) if year == "2014" else json.dumps(record) for record in records))
    return reviews, metadata


def _review(purchase: Purchase, year: str) -> dict[str, Any]:
    if year == "2023":
        return {
            "rating": purchase.rating,
            "title": "",
            "text": "",
            "parent_asin": asin(purchase.item),
            "asin": asin(purchase.item),
            "user_id": reviewer(purchase.user),
            "timestamp": purchase.second * 1_000,
            "verified_purchase": True,
        }
    return {
        "reviewerID": reviewer(purchase.user),
        "asin": asin(purchase.item),
        "overall": purchase.rating,
        "reviewText": "",
        "summary": "",
        "unixReviewTime": purchase.second,
    }


def _record(world: World, item: int, year: str, generator: np.random.Generator) -> dict[str, Any]:
    genre = GENRES[world.genre[item]]
    title = world.titles[item]
    if generator.random() < 0.3:
        title += f": {generator.choice(SUBTITLES)}"
    if generator.random() < 0.1:
        title += " (Paperback)"
    sentences = [str(generator.choice(SENTENCES[genre])), *map(str, generator.choice(FILLERS, 2, replace=False))]
    author = "" if generator.random() < NO_AUTHOR else world.authors[world.author[item]]
    price = round(float(generator.uniform(3, 30)), 2)
    also = [asin(other) for other in _neighbours(world, item, generator)]
    if year == "2014":
        record: dict[str, Any] = {
            "asin": asin(item),
            "title": title,
            "description": " ".join(sentences),
            "price": price,
        }
        record |= {"categories": [["Books", genre]], "related": {"also_bought": also[:4], "also_viewed": also[4:]}}
        return record | ({"brand": f"Visit Amazon's {author} Page"} if author else {})
    if year == "2018":
        record = {"asin": asin(item), "title": title, "description": sentences, "price": f"${price}"}
        record |= {"category": ["Books", genre], "also_buy": also[:4], "also_view": also[4:]}
        return record | ({"brand": f"Visit Amazon's {author} Page"} if author else {"brand": ""})
    record = {"parent_asin": asin(item), "title": title, "main_category": "Books", "categories": ["Books", genre]}
    record |= {
        "store": f"{author} (Author)" if author else None,
        "features": sentences[:1],
        "description": sentences[1:],
    }
    return record | {
        "price": price,
        "bought_together": None,
        "details": {},
        "author": {"name": author} if author else None,
    }


def _neighbours(world: World, item: int, generator: np.random.Generator) -> list[int]:
    """Six items of the same author or genre, or any: never read off the purchases, which hold the test."""
    close = (world.author == world.author[item]) * 6.0 + (world.genre == world.genre[item]) * 2.0 + 0.2
    weights = close * world.popularity
    weights[item] = 0.0
    count = min(6, len(weights) - 1)
    return [int(other) for other in generator.choice(len(weights), count, replace=False, p=weights / weights.sum())]


def _write(path: Path, lines: Iterable[str]) -> None:
    # Without a time in the header the same seed gives the same bytes.
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
        for line in lines:
            file.write(f"{line}\n".encode())
