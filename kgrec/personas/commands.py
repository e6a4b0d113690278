"""``kgrec personas``."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.options import with_database
from kgrec.personas.cards import CounterExample, PersonaCard, Trait, TypicalItem, find_card, persona_cards
from kgrec.personas.comparison import Comparison
from kgrec.personas.comparison import compare as compared
from kgrec.personas.picture import draw
from kgrec.personas.places import PersonaMap, persona_map
from kgrec.records import FORMAT, write_records
from kgrec.terminal import DataTable, say, show

CARD = (
    "number", "name", "users", "summary", "worded_by", "traits", "typical", "counter_example", "x", "y", "persona_id",
)  # fmt: skip
EVIDENCE = ("what", "name", "kind", "share", "lift")
SIDE_BY_SIDE = ("what", "name", "first_share", "first_lift", "second_share", "second_lift")
PLACES = ("what", "name", "persona", "users", "x", "y")
USERS = 2_000  # on a map


@click.group("personas")
def personas() -> None:
    """Read the personas: all of them, one, two beside each other, and on a map."""


@personas.command("list")
@FORMAT
@with_database()
def list_(database: Database, format: str) -> None:
    """List the personas, the largest first, with what their members choose more than others.

    Example: kgrec personas list --format json
    """
    cards = persona_cards(database)
    if format != "table":
        write_records(format, CARD, cards.records() if format == "json" else [_flat(card) for card in cards])
        return
    _show_list(cards)


@personas.command("show")
@click.argument("persona")
@FORMAT
@with_database()
def show_(database: Database, persona: str, format: str) -> None:
    """Show one PERSONA, given by its number or name: its summary, and the evidence that it is made of.

    \b
    Examples:
      kgrec personas show 3
      kgrec personas show "Science fiction"
    """
    card = find_card(persona_cards(database), persona)
    if format == "json":
        write_records(format, CARD, [asdict(card)])
    elif format == "csv":
        write_records(format, EVIDENCE, list(_evidence(card)))
    else:
        _show_card(card)


@personas.command("compare")
@click.argument("first")
@click.argument("second")
@FORMAT
@with_database()
def compare(database: Database, first: str, second: str, format: str) -> None:
    """Show two personas beside each other: what they have in common, and what each has of its own.

    Example: kgrec personas compare 1 4
    """
    cards = persona_cards(database)
    one, other = find_card(cards, first), find_card(cards, second)
    found = compared(database, one, other)
    if format == "json":
        document = {"first": asdict(one), "second": asdict(other), **asdict(found)}
        write_records(format, (), [document])
    elif format == "csv":
        write_records(format, SIDE_BY_SIDE, _side_by_side(one, other))
    else:
        _show_both(one, other, found)


@personas.command("map")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("personas.html"),
    show_default=True,
    help="Where the page is written.",
)
@click.option("--users", "n_users", type=click.IntRange(min=0), default=USERS, show_default=True, help="Users drawn.")
@click.option(
    "--format",
    type=click.Choice(["html", "json", "csv"]),
    default="html",
    show_default=True,
    help="A page to look at, or records on standard output.",
)
@with_database()
def map_(database: Database, file: Path, n_users: int, format: str) -> None:
    """Draw personas and some of the users in the plane that shows most of how users differ, as one HTML file.

    The file needs no network. A point tells who it is when the mouse is over it; the wheel zooms.

    Example: kgrec personas map --file personas.html
    """
    found = persona_map(database, n_users)
    if any(card.x is None for card in found.personas):
        raise KgrecError("The personas have no places on a map: run `kgrec train personas` again.")
    if format == "html":
        draw(found, file)
        say(f"{len(found.personas)} personas and {len(found.users):,} users are drawn in {file}.")
    else:
        write_records(format, PLACES, list(_places(found)))


def _show_list(cards: Iterable[PersonaCard]) -> None:
    table = DataTable("No.", "Persona", "Users", "Typical", title="Personas, by the strongest membership of each user")
    for card in cards:
        table.add_row(card.number, card.name, f"{card.users:,}", "; ".join(one.title for one in card.typical[:2]))
    show(table)


def _show_card(card: PersonaCard) -> None:
    say(f"{card.number}. {card.name}", card.summary)
    if card.worded_by:
        say(f"Worded by the model {card.worded_by}.")
    table = DataTable("What", "Name", "Share", "Times all users'")
    for row in _evidence(card):
        table.add_row(row["what"], row["name"], f"{row['share']:.1%}", f"{row['lift']:.2f}")
    show(table)


def _show_both(one: PersonaCard, other: PersonaCard, found: Comparison) -> None:
    table = DataTable("What", "Name", str(one.number), str(other.number), title="Share, and times that of all users")
    for row in _side_by_side(one, other):
        table.add_row(row["what"], row["name"], *(_told(row, side) for side in ("first", "second")))
    say(*(f"{card.number}. {card.name}: {card.users:,} users" for card in (one, other)))
    show(table)
    say(f"{found.both:,} users belong to both by some weight. The cosine of the centres is {found.cosine:.2f}.")


def _flat(card: PersonaCard) -> dict[str, Any]:
    """A card as a row of texts and numbers."""
    names = {
        "traits": "; ".join(one.label for one in card.traits),
        "typical": "; ".join(one.title for one in card.typical),
        "counter_example": card.counter_example.title if card.counter_example else "",
    }
    return asdict(card) | names


def _evidence(card: PersonaCard) -> Iterable[dict[str, Any]]:
    for trait in card.traits:
        yield _row("trait", trait.label, trait.kind, trait)
    for item in card.typical:
        yield _row("typical", item.title, "Item", item)
    if card.counter_example:
        yield _row("seldom", card.counter_example.title, "Item", card.counter_example)


def _row(what: str, name: str, kind: str, found: Trait | TypicalItem | CounterExample) -> dict[str, Any]:
    return {"what": what, "name": name, "kind": kind, "share": found.share, "lift": found.lift}


def _side_by_side(one: PersonaCard, other: PersonaCard) -> list[dict[str, Any]]:
    """Evidence of two cards, what both have in one row."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for side, card in (("first", one), ("second", other)):
        for found in _evidence(card):
            row = rows.setdefault((found["what"], found["name"]), dict.fromkeys(SIDE_BY_SIDE))
            row |= {"what": found["what"], "name": found["name"]}
            row |= {f"{side}_share": found["share"], f"{side}_lift": found["lift"]}
    kinds = ["trait", "typical", "seldom"]
    return sorted(rows.values(), key=lambda row: kinds.index(row["what"]))


def _told(row: dict[str, Any], side: str) -> str:
    share, lift = row[f"{side}_share"], row[f"{side}_lift"]
    return "" if share is None else f"{share:.1%}, {lift:.2f}"


def _places(found: PersonaMap) -> Iterable[dict[str, Any]]:
    for card in found.personas:
        yield {
            "what": "persona",
            "name": card.name,
            "persona": card.name,
            "users": card.users,
            "x": card.x,
            "y": card.y,
        }
    for user in found.users:
        yield {"what": "user", "name": user.user_id, "persona": user.persona, "users": 1, "x": user.x, "y": user.y}
