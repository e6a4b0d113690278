"""A persona in two sentences, of its evidence and nothing else."""

from collections.abc import Sequence

from gnn.evidence import Evidence, named, percent
from gnn.names import Characteristic


def summary(evidence: Evidence) -> str:
    """Tell how many have the persona, what they choose more than others, what is typical, and what is seldom."""
    who = _who(evidence.size, evidence.n_users, evidence.traits)
    return f"{who} {_what(evidence.typical, evidence.counter)}".rstrip()


def _who(size: int, n_users: int, traits: Sequence[tuple[str, Characteristic]]) -> str:
    users = f"{size:,} of {n_users:,} users"
    if not traits:
        return f"{users} have this persona, and no fact of their items sets them apart."
    (label, first), *others = traits
    text = (
        f"{users} have this persona: {named(label)} is in {percent(first.share)} of what they choose, "
        f"{first.lift:.1f} times its part of all users' choices"
    )
    more = [named(name) for name, _ in others[:2]]
    return f"{text}, and more than elsewhere {' and '.join(more)}." if more else f"{text}."


def _what(typical: Sequence[str], counter: tuple[str, float, str | None] | None) -> str:
    titles = [f"“{named(title)}”" for title in typical[:2]]
    parts = [f"{'Typical are' if len(titles) > 1 else 'Typical is'} {' and '.join(titles)}"] if titles else []
    if counter:
        title, lift, of = counter
        typical_of = f", typical of {of}," if of else ""
        often = f"{lift:.1g} times as often as all users" if lift > 0 else "never"
        parts.append(f"“{named(title)}”{typical_of} they choose {often}")
    return f"{'; '.join(parts)}." if parts else ""
