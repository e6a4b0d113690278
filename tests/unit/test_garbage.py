"""Python looks for garbage seldom while records are read, and as before afterwards, whatever happened."""

import gc

import pytest

from kgloader.garbage import RECORDS, rarely_collected


def test_garbage_is_looked_for_seldom_and_then_as_before() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="broken"), rarely_collected():
        assert gc.isenabled() and gc.get_threshold() == (RECORDS, *before[1:])
        raise ValueError("broken")
    assert gc.get_threshold() == before
