"""Cards of the personas: what each says of itself, read from the graph as `kgrec train personas` wrote it."""

from dataclasses import dataclass
from difflib import get_close_matches

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.personas import CurrentRun, current_run, settled
from kgrec.results import Results
from kgrec.text import shown

TRAITS = 5  # of a card


@dataclass(frozen=True)
class Trait:
    """A feature that a persona's members choose more than others do.

    Attributes:
        label: readable name, from data.
        kind: of node, such as ``"Author"``.
        share: part of what a member chooses that has it, the mean over the members.
        lift: share over that among all users.
    """

    label: str
    kind: str
    share: float
    lift: float


@dataclass(frozen=True)
class TypicalItem:
    """An item that stands for a persona.

    Attributes:
        item_id: of the item.
        title: from data; the id where it has none.
        share: part of the members who chose it.
        lift: share over the share among all users.
    """

    item_id: str
    title: str
    share: float
    lift: float


@dataclass(frozen=True)
class CounterExample:
    """An item that members choose less than all users do.

    Attributes:
        item_id: of the item.
        title: from data; the id where it has none.
        share: part of the members who chose it.
        lift: share over the share among all users, below 1.
        typical_of: name of the near persona that it is typical of; ``None`` where it is of none.
    """

    item_id: str
    title: str
    share: float
    lift: float
    typical_of: str | None


@dataclass(frozen=True)
class PersonaCard:
    """One persona of the current run.

    Attributes:
        persona_id: key of its node.
        number: by which it is known from run to run.
        name: unlike all others'.
        users: how many have it as their strongest.
        summary: in two sentences; empty where an earlier kgrec wrote the persona.
        worded_by: name of the text model that worded the summary; ``None`` where the template did.
        x: its place on the map; ``None`` where an earlier kgrec wrote the persona.
        y: the same.
        traits: the strongest first, five at most.
        typical: the most typical items first.
        counter_example: ``None`` where nothing is known to be one.
    """

    persona_id: str
    number: int
    name: str
    users: int
    summary: str
    worded_by: str | None
    x: float | None
    y: float | None
    traits: list[Trait]
    typical: list[TypicalItem]
    counter_example: CounterExample | None


def persona_cards(database: Database) -> Results[PersonaCard]:
    """Read the cards of the current run's personas, the largest persona first.

    Raises:
        KgrecError: no run has any.
    """

    def read(run: CurrentRun) -> Results[PersonaCard]:
        rows = database.read("project/persona_cards", run_id=run.run_id, traits=TRAITS)
        return Results(_card(row, place) for place, row in enumerate(rows, start=1))

    return settled(lambda: current_run(database), read)


def find_card(cards: list[PersonaCard], wanted: str) -> PersonaCard:
    """Find the persona of a number, a name, a key, or the beginning of one name.

    Raises:
        KgrecError: there is none, or several names begin so.
    """
    text = wanted.strip().casefold()
    for card in cards:
        if text in (str(card.number), card.name.casefold(), card.persona_id.casefold()):
            return card
    begun = [card for card in cards if text and card.name.casefold().startswith(text)]
    if len(begun) == 1:
        return begun[0]
    names = [card.name for card in begun] or get_close_matches(wanted, [card.name for card in cards], cutoff=0.5)
    hint = f"did you mean {' or '.join(map(shown, names[:3]))}?" if names else "`kgrec personas list` names them all."
    raise KgrecError(f"There is no one persona {shown(wanted)!r}: {hint}")


def _card(row: Row, place: int) -> PersonaCard:
    counter = row["counter_example"]
    return PersonaCard(
        persona_id=row["persona_id"],
        number=row["number"] or place,
        name=row["name"],
        users=row["users"],
        summary=row["summary"] or "",
        worded_by=row["worded_by"],
        x=row["x"],
        y=row["y"],
        traits=[Trait(**one) for one in row["traits"]],
        typical=[TypicalItem(**one) for one in row["typical"]],
        counter_example=CounterExample(**counter) if counter else None,
    )
