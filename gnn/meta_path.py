"""Meta-paths, as they are written in the settings."""

from dataclasses import dataclass
from typing import Self

START = "INTERACTED"


@dataclass(frozen=True)
class MetaPath:
    """The outward half of a symmetric meta-path; ``steps[k]`` are the relationship types allowed at hop k."""

    steps: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"INTERACTED > SAME_AS > GENRE|AUTHOR"``.

        Raises:
            ValueError: it does not begin with INTERACTED, or a step is no relationship type.
        """
        steps = tuple(tuple(part.strip() for part in step.split("|")) for step in text.split(">"))
        if steps[0] != (START,):
            raise ValueError(f"meta-path {text!r} must begin with {START}: it leads away from a user")
        if not all(name.replace("_", "").isalnum() for step in steps for name in step):
            raise ValueError(f"meta-path {text!r}: write relationship types as A > B|C > D")
        return cls(steps)

    @property
    def types(self) -> set[str]:
        """Every relationship type on the way."""
        return {name for step in self.steps for name in step}

    def __str__(self) -> str:
        return " > ".join("|".join(step) for step in self.steps)
