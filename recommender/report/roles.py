"""Which of the measured systems is the one in question, and what it is compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recommender.measured import Measured

# As benchmarks/experiment.py calls the ablations, and what a system's name holds that is one of them.
KNOWN_ABLATIONS = {
    "no persona": ("no persona", "without persona"),
    "neither vector nor profile of the persona": ("neither vector nor profile",),
    "no facts among the sources": ("no facts", "without facts"),
    "no co-occurrence among the sources": ("no co-occurrence", "without co-occurrence"),
    "no sources": ("no sources", "without sources"),
    "no DBpedia": ("no dbpedia", "without dbpedia"),
    "no text in the sequence model": ("no text", "without text"),
    "truncated SVD": ("svd",),
    "no rerank": ("no rerank", "without rerank", "not reranked"),
    "personas shuffled (placebo)": ("shuffled", "placebo"),
}


@dataclass(frozen=True)
class Roles:
    """Names of systems, all of them measured in every run.

    Attributes:
        baselines: plain ones.
        models: trained ones that are whole.
        ablations: with something taken away.
        dropped: measured in some runs only.
        judged: the main system.
        base: the one that ``judged`` is compared with; ``None`` where nothing else was measured.
        best_baseline: the one with the highest main metric on these targets; ``None`` without baselines.
    """

    baselines: list[str]
    models: list[str]
    ablations: list[str]
    dropped: list[str]
    judged: str
    base: str | None
    best_baseline: str | None

    @property
    def whole(self) -> list[str]:
        """Baselines first, then models."""
        return self.baselines + self.models

    @property
    def missing_ablations(self) -> list[str]:
        """Those of the known ablations that no system is."""
        names = [name.lower() for name in self.ablations]
        return [
            ablation
            for ablation, marks in KNOWN_ABLATIONS.items()
            if not any(mark in name for mark in marks for name in names)
        ]


def roles(runs: Sequence[Measured], values: dict[str, float]) -> Roles:
    """Tell the systems apart: ``about`` names the judged one and its base, otherwise the names and kinds tell.

    Args:
        runs: at least one.
        values: main metric of each system that all runs have, over all users.
    """
    named = {system.name: system.kind for run in runs for system in run.systems}
    kinds = {name: kind for name, kind in named.items() if name in values}
    baselines, models, ablations = ([name for name in kinds if kinds[name] == kind] for kind in _KINDS)
    about = runs[0].about
    judged = _named(about.get("judged"), kinds) or _judged(models or baselines or ablations)
    others = [name for name in models or baselines if name != judged]
    base = _named(about.get("base"), [name for name in kinds if name != judged]) or _base(others)
    best = max((name for name in baselines if name != judged), key=lambda name: values[name], default=None)
    return Roles(baselines, models, ablations, [name for name in named if name not in kinds], judged, base, best)


_KINDS = ("baseline", "model", "ablation")


def _named(name: object, names: Iterable[str]) -> str | None:
    return next((one for one in names if one == name), None)


def _judged(names: list[str]) -> str:
    """Return the last in the order of tables that does not call itself a base."""
    return next((name for name in reversed(names) if "base" not in name.lower()), names[-1])


def _base(names: list[str]) -> str | None:
    """Return the base with text, else a base, else the first."""
    marks = [("base", "text"), ("base",), ()]
    return next((name for mark in marks for name in names if all(part in name.lower() for part in mark)), None)
