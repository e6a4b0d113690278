"""Events: what a user did or said, one by one or a line each of a JSON file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from kgrec.errors import KgrecError

LONGEST_KEY = 1_000  # characters of an id, as the loaders take them
LONGEST_LINE = 2**20  # bytes
SECONDS_BELOW = 1e11  # as seconds the year 5138, as milliseconds 1973: the loaders tell them apart so too
FIRST_TIME, LAST_TIME = -62_135_596_800_000, 253_402_300_799_999  # epoch milliseconds, of the years 1 to 9999

Kind = Literal["interaction", "like", "dislike", "interest"]


def _text(value: Any) -> Any:
    """Take a whole number as an id, as the loaders do."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _usable(value: str) -> str:
    if not value.strip():
        raise ValueError("it is blank")
    if len(value) > LONGEST_KEY:
        raise ValueError(f"it is longer than {LONGEST_KEY:,} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("it is not valid Unicode")
    return value


def milliseconds(value: Any) -> Any:
    """Return epoch milliseconds of a time: a number of seconds, or of milliseconds from 1e11 up, or ISO 8601 in text.

    A text without a zone is in UTC.

    Raises:
        ValueError: it is no time of the years 1 to 9999.
    """
    if value is None:
        return None
    found: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = value * 1_000 if abs(value) < SECONDS_BELOW else value
    elif isinstance(value, str):
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("it is no time, such as 2026-11-27T10:30:00Z") from None
        found = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1_000
    if found is None or not FIRST_TIME <= found <= LAST_TIME:  # NaN is neither
        raise ValueError("it is no time of the years 1 to 9999")
    return round(found)


Key = Annotated[str, BeforeValidator(_text), AfterValidator(_usable)]
Time = Annotated[int, BeforeValidator(milliseconds)]


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False))
class Event:
    """What a user did or said.

    Attributes:
        user_id: who; a user who is not in the graph yet is one from now on.
        kind: ``"interaction"``, ``"like"`` or ``"dislike"`` of an item, or ``"interest"``.
        item_id: of an item of the graph; not of an interest.
        interest: in an entity, by its IRI, ``dbr:Name`` or label, in a maker, a category or another feature, by its
            name, or by kind and name where several have it: ``"Category Fantasy"``.
        timestamp: epoch milliseconds, of whatever `milliseconds` takes; now where it is ``None``.
        rating: of an interaction.

    Raises:
        ValueError: a part is missing, is no text or number as it should be, or belongs to another kind.
    """

    user_id: Key
    kind: Kind
    item_id: Key | None = None
    interest: Key | None = None
    timestamp: Time | None = None
    rating: float | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Event":
        wanted, other = ("interest", "item_id") if self.kind == "interest" else ("item_id", "interest")
        if getattr(self, wanted) is None:
            raise ValueError(f"an event of kind '{self.kind}' needs '{wanted}'")
        if getattr(self, other) is not None:
            raise ValueError(f"an event of kind '{self.kind}' has no '{other}'")
        if self.rating is not None and self.kind != "interaction":
            raise ValueError(f"an event of kind '{self.kind}' has no 'rating'")
        return self


EVENT = TypeAdapter(Event)


def event(where: str, **parts: Any) -> Event:
    """Make an event of parts that somebody typed.

    Args:
        where: they stand, for an error.
        **parts: those of an `Event`.

    Raises:
        KgrecError: they make none.
    """
    try:
        return Event(**parts)
    except ValidationError as error:
        raise _refused(where, error) from error


def read_events(path: Path, told: Callable[[int], None] | None = None) -> Iterator[tuple[str, Event]]:
    """Yield the events of a file of JSON, a line each, with the place of each as an error names it; blank lines pass.

    Args:
        path: of the file.
        told: how many bytes are read, at each line.

    Raises:
        KgrecError: a line holds none; names file and line.
    """
    with path.open("rb") as file:
        number = read = 0
        while line := file.readline(LONGEST_LINE + 1):
            number, read = number + 1, read + len(line)
            if told:
                told(read)
            where = f"{path}, line {number:,}"
            if len(line) > LONGEST_LINE:
                raise KgrecError(f"{where}: longer than 1 MiB: one event per line is expected.")
            if line.isspace():
                continue
            try:
                yield where, EVENT.validate_json(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            except ValidationError as error:
                raise _refused(where, error) from error


def _refused(where: str, error: ValidationError) -> KgrecError:
    """Say what is wrong with the first part that is."""
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return KgrecError(f"{where}: {f'{name!r}: ' if name else ''}{message}.")
