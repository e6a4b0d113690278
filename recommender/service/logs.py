"""Logs of the service: a JSON object a line on standard error, without ids, titles, queries or addresses."""

import logging
import threading
import traceback
from datetime import UTC, datetime

from kgrec.records import write_line
from kgrec.terminal import tell_notes


def log(event: str, level: str = "info", **fields: object) -> None:
    """Write one line."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    write_line({"time": time, "level": level, "event": event} | fields, err=True)


def raised(error: BaseException) -> dict[str, object]:
    """Tell of an exception what has no data in it: its class, and where it was raised. Its message may name users."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno}" for frame in frames[-3:]]}


def begin() -> None:
    """Have whatever is said on standard error from now on be lines of the log: notes, warnings, what threads raise."""
    tell_notes(log)
    logging.getLogger().handlers = [Lines()]
    logging.captureWarnings(True)
    threading.excepthook = lambda of: log("failed", level="error", **(raised(of.exc_value) if of.exc_value else {}))


class Lines(logging.Handler):
    """Writes in the same way what uvicorn and the driver of Neo4j have to say."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; of an exception what `raised` tells."""
        error = record.exc_info[1] if record.exc_info else None
        log(record.getMessage().strip(), record.levelname.lower(), **(raised(error) if error else {}))
