"""The driver of Neo4j's protocol: one that asks the members of a cluster in turn, or one that asks a single member."""

import logging
import time
from typing import Any

from neo4j import Driver, GraphDatabase, NotificationDisabledClassification
from neo4j.exceptions import ConfigurationError, ServiceUnavailable

from kgrec.errors import KgrecError, first_line
from kgrec.terminal import note

ROUTED = "neo4j"  # begins the schemes of addresses at which a driver asks for the members of a cluster

# Of the server's remarks only those on deprecation are for us: they become Python warnings, and errors in the tests.
REMARKS_PASSED_OVER = [
    kind for kind in NotificationDisabledClassification if kind is not NotificationDisabledClassification.DEPRECATION
]

OUTAGE = 120.0  # seconds: what is tried again within them is of the outage that was told


class Outages(logging.Handler):
    """Tells once an outage that the driver tries again, which it does in silence for half a minute and more.

    All else that it warns of, who asked is told in one sentence. Logs that are set up have its own words instead.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told = -OUTAGE

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of a record that the server does not answer and is asked again."""
        causes = record.args if isinstance(record.args, tuple) else ()
        again = "retried" in str(record.msg) and any(isinstance(cause, ServiceUnavailable) for cause in causes)
        if not again or logging.getLogger().handlers or time.monotonic() - self._told < OUTAGE:
            return
        self._told = time.monotonic()
        note("Neo4j does not answer: trying again, for about a minute.")


logging.getLogger("neo4j").addHandler(Outages())


def open_driver(uri: str, login: tuple[str, str], patience: float | None = None) -> Driver:
    """Open a driver; it connects when it is first asked.

    Args:
        uri: such as ``neo4j+s://graph.example:7687``, for a cluster or Aura, or ``bolt://127.0.0.1:7687``.
        login: user name and password.
        patience: seconds for which it tries to connect, and again on passing faults; the driver's own, of half a
            minute and more, where ``None``.

    Raises:
        KgrecError: that is no address.
    """
    waits: dict[str, Any] = {}
    if patience is not None:
        names = ("connection_timeout", "connection_acquisition_timeout", "max_transaction_retry_time")
        waits = dict.fromkeys(names, patience) | {"initial_retry_delay": patience / 10}
    try:
        return GraphDatabase.driver(
            uri,
            auth=login,
            notifications_disabled_classifications=REMARKS_PASSED_OVER,
            warn_notification_severity="INFORMATION",
            **waits,
        )
    except (ConfigurationError, ValueError) as error:
        raise KgrecError(f"{uri!r} is no Neo4j address: {first_line(error)}.") from error


def direct(uri: str, member: str) -> str:
    """Return the address of one member, ``host:port``, of the cluster at ``uri``, as secure as that one."""
    return f"{uri.partition('://')[0].replace(ROUTED, 'bolt')}://{member}"
