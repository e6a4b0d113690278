"""The table of keys that have come: it may take a new key for an old one, and never an old one for new."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kgloader.writers.seen import Seen

BITS = 64


@given(st.lists(st.lists(st.integers(0, 2**63 - 1), max_size=20), max_size=10))
def test_a_key_is_new_if_no_key_of_its_place_came_before(calls: list[list[int]]) -> None:
    seen, before = Seen(BITS), set()
    for keys in calls:
        told = seen.new(np.array(keys, dtype=np.int64)).tolist()
        for key, is_new in zip(keys, told, strict=True):
            assert is_new == (key % BITS not in before)
            before.add(key % BITS)


def test_few_of_ten_million_keys_are_asked_for_in_vain() -> None:
    """A tenth of the keys in a tenth of the table: each later key finds its place taken with a chance of 3.7%."""
    draw = np.random.default_rng(0)
    seen = Seen(2**24)
    keys = draw.integers(2**63, size=625_000)
    assert seen.new(keys[:600_000]).mean() > 0.97
    assert abs(seen.new(keys[600_000:]).mean() - np.exp(-600_000 / 2**24)) < 0.01
