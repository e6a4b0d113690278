"""Links that open Neo4j Browser with the user, the database and a query in the editor; never a password."""

import webbrowser
from urllib.parse import quote, quote_plus, urlsplit

from kgrec.errors import KgrecError
from kgrec.graph import statements
from kgrec.settings import Neo4jSettings

# What a link may show as it is. Browser cuts a query at "&" and at "#", even at those that the link has as escapes:
# it takes the link apart once all of it is unescaped.
PLAIN = "/:,;=*"
IN_STRINGS = {"\\": "\\\\", "'": "\\'", "&": "\\u0026", "#": "\\u0023"}
HTTP_PORT, HTTPS_PORT = 7474, 7473  # Neo4j's own


class Browser:
    """Neo4j Browser as the server of the settings brings it.

    Attributes:
        address: of its page; ``None`` where the managed server does not run.
        told: a sentence on where it is and how to sign in.
    """

    def __init__(self, settings: Neo4jSettings):
        self.address: str | None = None
        if settings.uri is None:
            self._of_managed()
        else:
            self._of_another(settings, settings.uri)

    def link(self, query: str = "") -> str | None:
        """Return the link that opens Browser with a query in the editor, or ``None`` where there is no Browser.

        Args:
            query: Cypher without ``&`` and ``#`` (see `query_text`); without one the editor stays empty.
        """
        if self.address is None:
            return None
        editor = f"&cmd=edit&arg={quote_plus(query, safe=PLAIN)}" if query else ""
        bolt = quote(quote(self._bolt, safe=":/@[]"), safe=":/@[]")  # Browser unescapes it twice
        return f"{self.address}?dbms={bolt}{self._database}{editor}"

    def _of_managed(self) -> None:
        from kgrec.server.managed import ManagedServer  # it brings Java, which help and other servers do without

        server = ManagedServer()
        connection = server.connection()
        if connection is None:
            self.told = "not running; start it with `kgrec db start`"
            return
        self.address = connection.browser
        self.told = f"{connection.browser} (user {connection.user}, password in {server.password_file})"
        self._bolt = _with_user(connection.uri, connection.user)
        # Its Browser takes 2026.08 for no version and asks for no databases: it would not find the one there is.
        self._database = ""

    def _of_another(self, settings: Neo4jSettings, uri: str) -> None:
        parts = urlsplit(uri)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        scheme, port = ("https", HTTPS_PORT) if "+s" in parts.scheme else ("http", HTTP_PORT)
        self.address = f"{scheme}://{host}:{port}/browser/"
        self.told = f"usually {self.address} (user {settings.user})"
        self._bolt = _with_user(uri, settings.user)
        self._database = f"&db={quote(settings.database, safe='')}"


def query_text(name: str, given: dict[str, str]) -> str:
    """Return a ready query for Browser's editor, with values typed in place of ``null``.

    Args:
        name: of the query.
        given: values of its parameters; those left out stay ``null``.
    """
    lines = statements.file_of(f"explore/{name}.cypher").read_text(encoding="utf-8").rstrip().split("\n")
    return "\n".join(_typed(line, given) if statements.INPUTS.fullmatch(line) else line for line in lines)


def open_link(link: str) -> None:
    """Open a link in the user's web browser.

    Raises:
        KgrecError: there is none.
    """
    if not webbrowser.open(link):
        raise KgrecError("No web browser can be opened from here: open the link yourself.")


def _typed(line: str, given: dict[str, str]) -> str:
    return statements.INPUT.sub(lambda found: f"{_literal(given.get(found[1]))} AS {found[1]}", line)


def _literal(value: str | None) -> str:
    """A string as Cypher writes it."""
    return "null" if value is None else f"'{''.join(_escaped(character) for character in value)}'"


def _escaped(character: str) -> str:
    return IN_STRINGS.get(character) or (character if character.isprintable() else _code_units(character))


def _code_units(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def _with_user(uri: str, user: str) -> str:
    scheme, _, host = uri.partition("://")
    return f"{scheme}://{quote(user, safe='')}@{host}"
