"""What the Python API returns: a list of typed rows that also reads as a table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

Result = TypeVar("Result")


class Results(list[Result]):
    """A list of frozen dataclasses, all of one class."""

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dicts, as JSON and csv writers take them."""
        return [asdict(row) for row in self]  # type: ignore[call-overload]

    def frame(self) -> "pd.DataFrame":
        """Return the rows as a pandas frame, one column a field."""
        import pandas as pd  # the command line need not wait for it

        return pd.DataFrame(self.records())
