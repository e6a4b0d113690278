"""The driver writes all parameters out for its debug log: of long lists it is to know the length alone."""

from kgrec.graph.parameters import briefly


def test_lists_are_told_by_their_length() -> None:
    given = {"rows": [["a", 1.5], ["b", None]] * 600, "name": "x", "more": {"beside": [1]}, "none": []}
    brief = briefly(given)
    assert brief == given
    assert repr(brief) == "{'rows': <1,200 values>, 'name': 'x', 'more': {'beside': [1]}, 'none': <0 values>}"
