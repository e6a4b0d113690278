"""Links into Neo4j Browser, taken apart as Browser takes them apart."""

import re
import webbrowser
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from kgrec.errors import KgrecError
from kgrec.explore.browser import Browser, open_link, query_text
from kgrec.explore.queries import queries
from kgrec.graph import statements
from kgrec.settings import Neo4jSettings

LONGEST_REQUEST = 8_000  # what Jetty, Neo4j's web server, takes at least
# As Cypher reads a string.
ESCAPES = {"\\\\": "\\", "\\'": "'"}
ESCAPE = re.compile(r"\\u[0-9a-f]{4}|\\\\|\\'")


def another(**given: str) -> Neo4jSettings:
    return Neo4jSettings(**({"uri": "bolt://graph.example:17687", "password": SecretStr("s3cret")} | given))


def link_of(query: str, settings: Neo4jSettings | None = None) -> str:
    link = Browser(settings or another()).link(query)
    assert link is not None
    return link


def in_the_editor(link: str) -> str | None:
    """What Browser 5.24 puts there: it takes the unescaped link apart by a regular expression."""
    assert re.findall("[?&]cmd=([^&#]*)", link) == ["edit"]
    found = re.findall("[?&]arg=([^&#]*)", unquote(link.replace("+", " ")))
    return found[0] if found else None


def unquoted(literal: str) -> str:
    """The string that a literal of Cypher means."""
    assert literal[0] == literal[-1] == "'"
    text = ESCAPE.sub(lambda found: ESCAPES.get(found[0]) or chr(int(found[0][2:], 16)), literal[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


@pytest.mark.parametrize("name", queries())
def test_every_query_stands_in_the_editor_whole(name: str) -> None:
    text = statements.file_of(f"explore/{name}.cypher").read_text(encoding="utf-8").rstrip()
    link = link_of(query_text(name, {}))
    assert in_the_editor(link) == text and len(link) < LONGEST_REQUEST


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_values_are_typed_in_as_strings_that_nothing_leaves(value: str) -> None:
    text = query_text("why-item", {"user_id": value})
    assert in_the_editor(link_of(text)) == text
    (line,) = (line for line in text.split("\n") if line.startswith("WITH '"))
    found = re.fullmatch(r"WITH ('.*') AS user_id, null AS item_id", line)
    assert found and unquoted(found[1]) == value and not re.search(r"(?<!\\)(\\\\)*'", found[1][1:-1])


@pytest.mark.parametrize(
    ("given", "address", "asked"),
    [
        ({}, "http://graph.example:7474/browser/", {"dbms": "bolt://neo4j@graph.example:17687", "db": "neo4j"}),
        (
            {"uri": "neo4j+s://[::1]", "user": "a@b/c", "database": "books&more"},
            "https://[::1]:7473/browser/",
            {"dbms": "neo4j+s://a%40b%2Fc@[::1]", "db": "books&more"},
        ),
    ],
)
def test_a_link_names_user_and_database_and_no_password(
    given: dict[str, str], address: str, asked: dict[str, str]
) -> None:
    link = link_of("RETURN 1", another(**given))
    assert link.startswith(f"{address}?") and "s3cret" not in link
    found = {key: value[0] for key, value in parse_qs(urlsplit(link).query).items()}
    found["dbms"] = unquote(found["dbms"])  # Browser unescapes it once more
    assert found == asked | {"cmd": "edit", "arg": "RETURN 1"}


def test_a_link_is_opened_or_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def opens(link: str) -> bool:
        opened.append(link)
        return len(opened) == 1

    monkeypatch.setattr(webbrowser, "open", opens)
    open_link("http://graph.example:7474/browser/")
    assert opened == ["http://graph.example:7474/browser/"]
    with pytest.raises(KgrecError, match="open the link yourself"):
        open_link("http://graph.example:7474/browser/")
