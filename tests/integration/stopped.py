"""The statements that change the graph: watched, or stopped in their midst."""

from typing import Any

import pytest

from kgrec.graph.database import Database


def watch(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of each statement that changes something, in order."""
    taken: list[str] = []
    for method in ("write", "run"):
        real = getattr(Database, method)

        def watched(self: Database, name: str, real: Any = real, **parameters: Any) -> Any:
            taken.append(name)
            return real(self, name, **parameters)

        monkeypatch.setattr(Database, method, watched)
    return taken


def stop(step: int, monkeypatch: pytest.MonkeyPatch, behind: bool = False) -> None:
    """Raise KeyboardInterrupt in place of such a statement, numbered from 0, or behind it."""
    number = -1
    for method in ("write", "run"):
        real = getattr(Database, method)

        def cut(self: Database, name: str, real: Any = real, **parameters: Any) -> Any:
            nonlocal number
            number += 1
            if number == step:
                if behind:
                    real(self, name, **parameters)
                raise KeyboardInterrupt
            return real(self, name, **parameters)

        monkeypatch.setattr(Database, method, cut)
