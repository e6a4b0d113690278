"""Amazon reviews and metadata of 2014, 2018 and 2023, told apart line by line by their keys.

The files are those of McAuley et al. (2014, 5-core), Ni et al. (2018) and Hou et al. (2023, "Bridging Language and
Items for Retrieval and Recommendation"). Lines are JSON, or Python literals as in the metadata of 2014.
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

from kgloader.readers import fields
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.records import Interaction, ItemRecord

AUTHOR_PAGE = re.compile(r"Visit Amazon's (.+?)(?:'s?)? Page")  # the brand of a book in 2018
CREDIT = re.compile(r"\s*,?\s*([^()]+?)\s*\(([^()]*)\)")  # the store of a book in 2023: "A. Name (Author), ..."
SECOND = 1_000  # milliseconds
LONGEST_LITERAL = 2**20  # characters; the syntax tree of a literal takes hundreds of bytes for each


def read_reviews(lines: Lines, after: int = 0) -> Iterator[tuple[int, Interaction]]:
    """Yield (line number, interaction) for every line behind line ``after``.

    Raises:
        KgrecError: a line is broken, or the file is empty or cut off; names file and line.
    """
    return lines.parsed(lambda line, number: _interaction(_record(line), number), after)


def read_metadata(lines: Lines, after: int = 0) -> Iterator[tuple[int, ItemRecord]]:
    """Yield (line number, item) for every line behind line ``after``.

    Raises:
        KgrecError: a line is broken, or the file is empty or cut off; names file and line.
    """
    return lines.parsed(lambda line, _: _item(_record(line)), after)


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except RecursionError as error:
        raise Malformed("nested too deeply") from error
    except ValueError as error:
        record = _literal(line, str(error))
    if not isinstance(record, dict):
        raise Malformed(f"{fields.shown(record)} is not an object with keys")
    return record


def _literal(line: str, json_problem: str) -> object:
    if len(line) > LONGEST_LITERAL:
        raise Malformed(f"not JSON ({json_problem}), and too long for a Python literal")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\/" and the like in the descriptions
            return ast.literal_eval(line)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise Malformed(f"neither JSON nor a Python literal ({json_problem})") from error


def _interaction(record: dict[str, Any], position: int) -> Interaction:
    user_key, user = fields.required(record, "user_id", "reviewerID")
    if user_key == "user_id":  # 2023
        item_key, item = fields.required(record, "parent_asin", "asin")
        rating_key, time_key, unit = "rating", "timestamp", 1
    else:  # 2014 and 2018
        item_key, item = fields.required(record, "asin")
        rating_key, time_key, unit = "overall", "unixReviewTime", SECOND
    _, rating = fields.required(record, rating_key)
    _, time = fields.required(record, time_key)
    return Interaction(
        user_id=fields.identifier(user_key, user),
        item_id=fields.identifier(item_key, item),
        rating=fields.number(rating_key, rating),
        timestamp=fields.milliseconds(time_key, time, unit),
        position=position,
    )


def _item(record: dict[str, Any]) -> ItemRecord:
    item_key, item = fields.required(record, "parent_asin", "asin")
    authors, brand = _makers(record)
    related = record.get("related")
    related = related if isinstance(related, dict) else {}
    return ItemRecord(
        item_id=fields.identifier(item_key, item),
        title=fields.text(record.get("title")),
        description=fields.text([record.get("features"), record.get("description")]),
        price=fields.price(record.get("price")),
        brand=brand,
        authors=authors,
        categories=fields.names(
            [record.get("main_category"), record.get("main_cat"), *_flat(record), record.get("category")]
        ),
        also_bought=_items(
            related.get("also_bought"),
            related.get("bought_together"),
            record.get("also_buy"),
            record.get("bought_together"),
        ),
        also_viewed=_items(related.get("also_viewed"), record.get("also_view")),
    )


def _flat(record: dict[str, Any]) -> list[Any]:
    """``categories`` as lists of names: paths in 2014, one path in 2023."""
    categories = record.get("categories")
    return list(categories) if isinstance(categories, list | tuple) else []


def _items(*lists: Any) -> tuple[str, ...]:
    """Distinct item ids; anything else in the lists is no product and is passed over."""
    given = [item for some in lists if isinstance(some, list | tuple) for item in some]
    usable = (item for item in given if isinstance(item, str) and item.isascii() and 0 < len(item) <= 100)
    return tuple(dict.fromkeys(usable))


def _makers(record: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    """Who made the item: (authors, ``""``) of a book, else ((), brand)."""
    author = record.get("author")
    store = fields.name(record.get("store") or record.get("brand"))
    authors = [fields.name(author.get("name"))] if isinstance(author, dict) else []
    if ")" in store:
        authors += [match[1] for match in CREDIT.finditer(store) if "author" in match[2].lower()]
    page = AUTHOR_PAGE.fullmatch(store)
    if page:
        authors.append(page[1])
    found = fields.names(authors)
    return found, "" if found else store
