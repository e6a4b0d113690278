"""A persona in two sentences, of its evidence and nothing else."""

from collections.abc import Sequence

from gnn.names import Characteristic, shortened

LONGEST = 60  # characters of a feature or a title


def summary(
    size: int,
    n_users: int,
    traits: Sequence[tuple[str, Characteristic]],
    typical: Sequence[str],
    counter: tuple[str, float, str | None] | None,
) -> str:
    """Tell how many have the persona, what they choose more than others, what is typical, and what they seldom choose.

    Args:
        size: users whose strongest persona it is.
        n_users: of all.
        traits: readable features, the strongest first.
        typical: titles, the most typical first.
        counter: title of an item that they seldom choose, its lift, and the name of the persona that it is typical of.
    """
    return f"{_who(size, n_users, traits)} {_what(typical, counter)}".rstrip()


def _who(size: int, n_users: int, traits: Sequence[tuple[str, Characteristic]]) -> str:
    users = f"{size:,} of {n_users:,} users"
    if not traits:
        return f"{users} have this persona, and no fact of their items sets them apart."
    (label, first), *others = traits
    share = f"{first.share:.0%}" if first.share >= 0.1 else f"{first.share:.1%}"
    text = (
        f"{users} have this persona: {_named(label)} is in {share} of what they choose, {first.lift:.1f} times its "
        "part of all users' choices"
    )
    more = [_named(name) for name, _ in others[:2]]
    return f"{text}, and more than elsewhere {' and '.join(more)}." if more else f"{text}."


def _what(typical: Sequence[str], counter: tuple[str, float, str | None] | None) -> str:
    titles = [f"“{_named(title)}”" for title in typical[:2]]
    parts = [f"{'Typical are' if len(titles) > 1 else 'Typical is'} {' and '.join(titles)}"] if titles else []
    if counter:
        title, lift, of = counter
        typical_of = f", typical of {of}," if of else ""
        often = f"{lift:.1g} times as often as all users" if lift > 0 else "never"
        parts.append(f"“{_named(title)}”{typical_of} they choose {often}")
    return f"{'; '.join(parts)}." if parts else ""


def _named(text: str) -> str:
    return shortened(text, LONGEST)
