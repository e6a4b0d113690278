"""The hash that orders interactions of the same time: stable, seeded, and without a liking for any item."""

from hypothesis import given
from hypothesis import strategies as st

from kgloader.writers.ties import tie_break

DAY = 1_390_000_000_000


def test_it_is_the_same_on_every_machine() -> None:
    # printf '7\x001390000000000\x00Zo\xc3\xab\x00B1' | b2sum -l 64
    assert tie_break(7, "Zoë", "B1", DAY) == 0xF6C522E7E76F93DC // 2


@given(st.integers(), st.text(), st.text(), st.integers())
def test_it_fits_an_integer_of_neo4j(seed: int, user: str, item: str, time: int) -> None:
    assert 0 <= tie_break(seed, user, item, time) < 2**63


def test_seed_user_item_and_time_all_count() -> None:
    given = [(7, "U", "B", DAY), (8, "U", "B", DAY), (7, "V", "B", DAY), (7, "U", "C", DAY), (7, "U", "B", DAY + 1)]
    assert len({tie_break(*one) for one in given}) == len(given)


def test_no_item_is_mostly_first() -> None:
    """Of 10,000 fair throws the share lies within 0.025 of a half but once in a million times."""
    users = range(10_000)
    for first, second in (("B1", "B2"), ("0", "zzz"), ("B1", "B1 ")):
        before = sum(tie_break(7, f"U{n}", first, DAY) < tie_break(7, f"U{n}", second, DAY) for n in users)
        assert abs(before / len(users) - 0.5) < 0.025


def test_another_seed_is_another_order() -> None:
    def before(seed: int, user: int) -> bool:
        return tie_break(seed, f"U{user}", "B1", DAY) < tie_break(seed, f"U{user}", "B2", DAY)

    same = sum(before(7, user) == before(8, user) for user in range(10_000))
    assert abs(same / 10_000 - 0.5) < 0.025
