"""The password of the managed Neo4j: kept where its owner alone reads it, and in force before any port opens."""

import hashlib
import os
import secrets
from pathlib import Path

from kgrec.files import replacing

ITERATIONS = 1024  # as Neo4j's own command has it
SALT = 32  # bytes
LONGEST = 1_000  # characters that anybody means as a password


def initial_user(user: str, password: str) -> str:
    """Return the line of ``data/dbms/auth.ini`` from which Neo4j makes its first user, in place of ``neo4j/neo4j``.

    It is what ``neo4j-admin dbms set-initial-password`` writes, a salted SHA-256, hashed again and again; that command
    would show the password to all who list processes.
    """
    salt = secrets.token_bytes(SALT)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(ITERATIONS - 1):
        digest = hashlib.sha256(digest).digest()
    return f"{user}:SHA-256,{digest.hex().upper()},{salt.hex().upper()},{ITERATIONS}:\n"


def read_secret(path: Path) -> str:
    """Read a password from a file, without what is blank around it.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty, too long, of several lines or not UTF-8.
    """
    with path.open("rb") as file:
        secret = file.read(4 * LONGEST + 8).decode("utf-8").strip()
    if not 0 < len(secret) <= LONGEST or not secret.isprintable():
        raise ValueError("no password")
    return secret


def write_secret(path: Path, secret: str) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    with replacing(path) as draft:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret)
