"""Unsure links as a csv file for a person, and that person's decisions read back."""

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from kgloader.dbpedia.kinds import kinds_of_label
from kgloader.dbpedia.linking import WEIGHTS
from kgloader.dbpedia.links import Doubt
from kgloader.dbpedia.sparql import iri
from kgloader.dbpedia.titles import LONGEST_TITLE
from kgloader.labels import guessed_label
from kgloader.report import Report
from kgloader.writers.interactions import known_items
from kgrec.errors import KgrecError
from kgrec.files import draft_of, replacing
from kgrec.graph.database import Database
from kgrec.spreadsheets import text_of, write_csv
from kgrec.text import shown, visible

COLUMNS = (
    "item_id", "title", "makers", "year", "candidate", "label", "kind", "score", "linked", "evidence", "decision",
)  # fmt: skip
NEEDED = ("item_id", "candidate", "decision")
SAVE_SO = "Save it anew as CSV UTF-8 with commas between the cells."


@dataclass(frozen=True)
class Review:
    """What a file says: its rows as they stand, and the decisions in them.

    Attributes:
        rows: cells by column.
        chosen: IRIs by item id; ``refused`` are pairs of item id and IRI.
        lines: the line of an item's first decision.
    """

    rows: list[dict[str, str]]
    chosen: dict[str, str]
    refused: list[tuple[str, str]]
    lines: dict[str, int]


def read_review(path: Path) -> Review:
    """Read a file that `write_review` wrote and a person edited; one that does not exist yet says nothing.

    ``decision`` is ``yes``, ``no``, another IRI, or empty.

    Raises:
        KgrecError: the file cannot be written later; it is not comma-separated UTF-8; a column is missing or there
            twice; a row has too many cells or too few; a candidate is no IRI; a decision is none of these; an item has
            two entities by decision, or an entity is both chosen for it and refused.
    """
    _check_writable(path)
    if not path.exists():
        return Review([], {}, [], {})
    chosen: dict[str, str] = {}
    refused: dict[tuple[str, str], None] = {}  # in their order
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = []
            _check_names(path, reader.fieldnames or ())
            for cells in reader:
                where = f"{path}, line {reader.line_num}"
                if None in cells or None in cells.values():
                    raise KgrecError(f"{where}: it does not have the {len(cells) - (None in cells)} cells of the head.")
                row = {name: text_of(cell) for name, cell in cells.items()}
                if row["decision"].strip():
                    lines.setdefault(row["item_id"], reader.line_num)
                    _decide(where, row, chosen, refused)
                rows.append(row)
    except UnicodeDecodeError as error:
        raise KgrecError(
            f"The review file {path} is not comma-separated UTF-8: it has bytes of another encoding. {SAVE_SO}"
        ) from error
    except (csv.Error, OSError) as error:
        raise KgrecError(f"The review file {path} cannot be read: {error}.") from error
    return Review(rows, chosen, list(refused), lines)


def write_decisions(database: Database, path: Path, review: Review, report: Report) -> None:
    """Write what was decided: it holds on this and on every later load, whatever the score says.

    Raises:
        KgrecError: a decision is about an item that the graph does not have; nothing is written then.
    """
    unknown = review.lines.keys() - known_items(database, set(review.lines))
    if unknown:
        first_unknown = min(unknown, key=review.lines.__getitem__)
        where = f"{path}, line {review.lines[first_unknown]}"
        raise KgrecError(f"{where}: the graph has no item {first_unknown!r}.")
    chosen = [{"item_id": item, "uri": uri, "label": guessed_label(uri)} for item, uri in review.chosen.items()]
    refused = [{"item_id": item, "uri": uri} for item, uri in review.refused]
    first, second = database.write_together(
        [("load/refused_links", {"rows": refused}), ("load/decided_links", {"rows": chosen})]
    )
    report.read["decisions"] += len(chosen) + len(refused)
    report.nodes["Entity"] += second.counters.nodes_created
    report.relationships["SAME_AS"] += second.counters.relationships_created
    deleted = first.counters.relationships_deleted + second.counters.relationships_deleted
    report.removed["SAME_AS by decision"] += deleted


def write_review(path: Path, review: Review, doubts: dict[str, list[Doubt]], report: Report) -> None:
    """Write the doubts of the items that were looked up, beside the rows that are decided or of other items.

    The report tells how many rows are doubts of now, and how many doubts could not be read back and are left out.
    """
    decided = {(row["item_id"], row["candidate"]) for row in review.rows if row["decision"].strip()}
    settled = doubts.keys() | review.chosen.keys()
    kept = [row for row in review.rows if row["decision"].strip() or row["item_id"] not in settled]
    open_ones = [
        doubt
        for item_id in sorted(doubts)
        for doubt in doubts[item_id]
        if (item_id, doubt.link.candidate.uri) not in decided
    ]
    new = [_row(doubt) for doubt in open_ones if _is_shown(doubt)]
    by_item = itemgetter("item_id")
    columns = dict.fromkeys([*COLUMNS, *(name for row in kept for name in row)])
    try:
        with replacing(path.resolve()) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            write_csv(file, list(columns), sorted(kept + new, key=by_item))
    except OSError as error:
        error.add_note("What was sure enough is linked; once this is mended, the same command writes the others there.")
        raise
    report.notes.append(f"{path} has {len(new):,} new rows to decide.")
    left_out = len(open_ones) - len(new)
    report.skipped["unsure links that the review file cannot show"] += left_out
    if left_out:
        report.notes.append(
            f"{left_out:,} unsure links are not in {path}, as it cannot show their item's id or IRI whole: "
            "--links takes a file of your own for those."
        )


def _is_shown(doubt: Doubt) -> bool:
    """Whether a row of it can be read back: a csv shows some characters otherwise."""
    keys = doubt.work.item_id + doubt.link.candidate.uri
    return visible(keys) == keys


def _check_writable(path: Path) -> None:
    """Refuse before the work what could not be written after it."""
    target = Path(os.path.realpath(path))  # Path.resolve raises at a link to itself, or does not: by Python's version
    try:
        if target.is_symlink():
            raise KgrecError(f"The review file {path} cannot be written: it is a link to itself.")
        if not target.parent.is_dir():
            raise KgrecError(f"The review file {path} cannot be written: there is no folder {target.parent}.")
        if target.exists() and not target.is_file():
            raise KgrecError(f"The review file {path} cannot be written: it is no file.")
        draft = draft_of(target)
        draft.touch()
        draft.unlink()
    except OSError as error:
        raise KgrecError(f"The review file {path} cannot be written: {error.strerror}.") from error


def _check_iri(where: str, what: str, text: str) -> None:
    try:
        iri(text)
    except ValueError as error:
        raise KgrecError(f"{where}: the {what} {error}.") from error


def _check_names(path: Path, names: Sequence[str]) -> None:
    missing = [column for column in NEEDED if column not in names]
    if missing and len(names) == 1 and any(mark in names[0] for mark in ";\t"):
        mark = "semicolons" if ";" in names[0] else "tabs"
        raise KgrecError(f"The review file {path} is not comma-separated UTF-8: it has {mark}. {SAVE_SO}")
    if missing:
        raise KgrecError(f"The review file {path} has no column {missing[0]!r}: it needs {', '.join(NEEDED)}.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise KgrecError(f"{path}, line 1: in the header the name {twice[0]!r} stands there twice.")


def _decide(where: str, row: dict[str, str], chosen: dict[str, str], refused: dict[tuple[str, str], None]) -> None:
    item_id, candidate, decision = row["item_id"], row["candidate"], row["decision"].strip()
    _check_iri(where, "candidate", candidate)
    word = decision.casefold()
    entity = candidate if word in ("yes", "no") else decision
    if word == "no":
        refused[item_id, candidate] = None
    else:
        if word != "yes" and "://" not in entity:
            raise KgrecError(f"{where}: the decision {decision!r} is none of yes, no, an IRI, or nothing.")
        _check_iri(where, "decision", entity)
        if chosen.setdefault(item_id, entity) != entity:
            raise KgrecError(f"{where}: the item {item_id!r} has another entity by a decision above.")
    if chosen.get(item_id) == entity and (item_id, entity) in refused:
        raise KgrecError(
            f"{where}: the item {item_id!r} is given {entity!r} by one decision and refused it by another."
        )


def _row(doubt: Doubt) -> dict[str, str]:
    work, candidate = doubt.work, doubt.link.candidate
    parts = (f"{name} {WEIGHTS[name] * value:+.2f}" for name, value in doubt.link.evidence.items())
    values = {
        "item_id": work.item_id,
        "title": shown(work.title, LONGEST_TITLE),
        "makers": shown("; ".join(work.creators), LONGEST_TITLE),
        "year": str(work.year or ""),
        "candidate": candidate.uri,
        "label": shown(candidate.label, LONGEST_TITLE),
        "kind": ", ".join(sorted(candidate.kinds or kinds_of_label(candidate.label))),
        "score": f"{doubt.link.probability:.4f}",
        "linked": "yes" if doubt.linked else "no",
        "evidence": "; ".join(parts),
    }
    return values | {"decision": ""}
