"""The three fits of everything that is trained: what each learns from, what it is judged by, and where it is kept."""

from enum import StrEnum
from pathlib import Path


class Fit(StrEnum):
    """One fit of personas and sequence models.

    - ``VALIDATION`` learns from training interactions; by the validation interactions it chooses the epochs, the
      weights and the second stage.
    - ``TEST`` learns from training and validation interactions, with what was chosen; it is judged by the test
      interactions. So both are asked for the interaction that follows all that they learned from.
    - ``FINAL`` learns from everything, with what was chosen; it is served, and nothing judges it.

    The first two are the evaluation, the last is the product, and neither reads the other.
    """

    VALIDATION = "validation"
    TEST = "test"
    FINAL = "final"

    @property
    def splits(self) -> tuple[str, ...]:
        """Values of ``INTERACTED.split`` that it learns from."""
        return ("train", "validation", "test")[: list(Fit).index(self) + 1]

    def folder(self, run: Path) -> Path:
        """Folder of its weights inside a run folder."""
        return run / "final" if self is Fit.FINAL else run / "evaluation" / self.value
