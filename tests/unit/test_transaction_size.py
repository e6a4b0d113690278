"""How large a transaction may be, by what a server tells: sizes as Neo4j writes them, and one that tells nothing."""

from typing import cast

import pytest

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.transaction_size import UNKNOWN, rows_at_once, transaction_limit


class Telling:
    """A server with these settings."""

    def __init__(self, *values: str | None):
        self.values = values

    def read(self, name: str) -> list[Row]:
        assert name == "memory/transaction"
        if not self.values:
            raise KgrecError("Neo4j refused a statement: Permission denied.")
        return [{"value": value} for value in self.values]


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        (("0B", "0B", "716.80MiB"), int(716.8 * 2**20)),
        (("32.00MiB", "0B", "1.50GiB"), 32 * 2**20),
        (("4096B", None), 4_096),
        (("0B", "0B"), UNKNOWN),
        (("many",), UNKNOWN),
        ((), UNKNOWN),
    ],
)
def test_the_smallest_limit_counts(values: tuple[str | None, ...], limit: int) -> None:
    assert transaction_limit(cast(Database, Telling(*values))) == limit


def test_a_transaction_takes_a_quarter_of_it() -> None:
    database = cast(Database, Telling("1.00MiB"))
    assert rows_at_once(database, 1_024, 10_000) == 256
    assert rows_at_once(database, 1_024, 100) == 100
    assert rows_at_once(database, 2**30, 100) == 1
