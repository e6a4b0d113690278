"""Logs of the service: a JSON object a line on standard error, without ids, titles, queries or addresses."""

import json
import logging
import traceback
from datetime import UTC, datetime

from kgrec.terminal import say


def log(event: str, level: str = "info", **fields: object) -> None:
    """Write one line."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    say(json.dumps({"time": time, "level": level, "event": event} | fields), err=True)


def raised(error: BaseException) -> dict[str, object]:
    """Tell of an exception what has no data in it: its class, and where it was raised. Its message may name users."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno}" for frame in frames[-3:]]}


class Lines(logging.Handler):
    """Writes in the same way what uvicorn and the driver of Neo4j have to say."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; of an exception what `raised` tells."""
        error = record.exc_info[1] if record.exc_info else None
        log(record.getMessage().strip(), record.levelname.lower(), **(raised(error) if error else {}))
