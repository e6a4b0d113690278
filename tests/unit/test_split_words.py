from kgrec.graph.splits import Split


def test_borders_are_told_as_dates_where_there_are_such() -> None:
    years = Split("time", -62_135_596_800_000, 253_402_300_799_999).words
    assert "validation from 0001-01-01T00:00:00+00:00 and test from 9999-12-31T23:59:59.999000+00:00" in years
    beyond = Split("time", -253_402_300_799_000, 2**62).words  # which a graph of an older load may have
    assert f"validation from -253402300799000 ms after 1970 and test from {2**62} ms after 1970" in beyond
