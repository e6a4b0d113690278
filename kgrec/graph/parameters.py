"""What a statement is given, so that the driver need not write it all out.

It makes a text of all parameters for its debug log before it asks whether anybody reads that: half of what sending
vectors costs it.
"""

from typing import Any


class Listed(list[Any]):
    """A list that says no more of itself than its length."""

    def __repr__(self) -> str:
        """Return it for a log."""
        return f"<{len(self):,} values>"


def briefly(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the same parameters, whose lists are told by their length."""
    return {name: Listed(value) if isinstance(value, list) else value for name, value in parameters.items()}
