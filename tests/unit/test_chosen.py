"""The text that a run of CO_OCCURS_WITH is named by: that of a plain reference, so that runs keep their names."""

from hypothesis import given
from hypothesis import strategies as st

from kgrec.graph.chosen import Chosen
from kgrec.training.fits import Fit

NAMES = st.sampled_from(["", "B1", "B10", "it's", 'a "b"', "é", "\uffff", "𐀀", "line\nbreak"])
SPLITS = st.sampled_from(["train", "validation", "test", "feedback", ""])


@given(st.dictionaries(NAMES, st.lists(st.tuples(NAMES, SPLITS), min_size=1), min_size=1))
def test_lines_are_those_of_a_plain_reference(users: dict[str, list[tuple[str, str]]]) -> None:
    flat = [(user_id, item_id, split) for user_id, own in users.items() for item_id, split in own]
    chosen = Chosen(dict(zip(("user_ids", "item_ids", "splits"), map(list, zip(*flat, strict=True)), strict=True)))
    assert chosen.user_ids == list(users)
    for fit in Fit:
        items = {
            user_id: sorted({item for item, split in own if split in fit.splits}) for user_id, own in users.items()
        }
        lines = "".join(f"{user_id!r} {own!r}\n" for user_id, own in items.items() if own)
        assert chosen.lines(fit.splits) == (lines, sum(map(len, items.values())))
