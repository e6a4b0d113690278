"""The one exception that a user is meant to read, and what others say."""

import os


class KgrecError(Exception):
    """Something the user can mend: its message is one sentence saying what is wrong and where.

    The command line prints it without a traceback and exits with status 1.
    """


class Unknown(KgrecError):  # noqa: N818 - a kind of it
    """What was asked for by its name or id is not there; the service answers it with 404."""


class Ambiguous(KgrecError):  # noqa: N818 - a kind of it
    """A word may mean several things, and its message names them; the service answers it with 422."""


def told(error: BaseException) -> str:
    """Return the message of an error, and the notes that were added to it on its way."""
    return " ".join([str(error), *getattr(error, "__notes__", [])]).strip()


def first_line(error: Exception) -> str:
    """Return what an exception of others says first, to stand within a sentence."""
    text = str(getattr(error, "message", "") or error)
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__


def fault(error: Exception) -> str:
    """Return what the system says of a file that cannot be written, in front of which libraries put words of theirs."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None:
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    return first_line(error)
