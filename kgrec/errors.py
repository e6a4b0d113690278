"""The one exception that a user is meant to read."""


class KgrecError(Exception):
    """Something the user can mend: its message is one sentence saying what is wrong and where.

    The command line prints it without a traceback and exits with status 1.
    """
