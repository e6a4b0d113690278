"""Linking a title to an entity: the worked example of the score, and what must never happen."""

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from kgloader.dbpedia.linking import LONGEST_TITLE, Candidate, Work, best_link, candidate_labels, link_score
from kgloader.dbpedia.sparql import english, iri


def work(title: str, *creators: str) -> Work:
    return Work("B1", title, list(creators))


def candidate(label: str, *creators: str, is_work: bool = True, uri: str = "http://e/1") -> Candidate:
    return Candidate(uri, label, is_work, set(creators))


def test_labels_of_a_title_from_the_most_literal_on() -> None:
    assert candidate_labels("Hollow  Bell: A Novel (Paperback)") == [
        "Hollow Bell: A Novel (Paperback)",
        "Hollow Bell: A Novel",
        "Hollow Bell",
    ]
    assert candidate_labels("Winter Tide") == ["Winter Tide"]
    assert candidate_labels(" ( ) ") == ["( )"]


def test_brackets_in_brackets_are_left_out() -> None:
    assert candidate_labels("Salt (Mines [1] of (old)) Road")[-1] == "Salt Road"
    assert candidate_labels("Salt ( Road")[-1] == "Salt ( Road"


@pytest.mark.parametrize("piece", ["(", ")", "()", "([", " ", "\t(", "(a", "x ", "[)", "( )", "a)("])
def test_a_title_of_any_length_is_read_in_one_go(piece: str) -> None:
    """In quadratic time each of these would take minutes."""
    title = piece * (1_000_000 // len(piece))
    assert all(len(label) <= LONGEST_TITLE for label in candidate_labels(title))
    assert 0 <= link_score(work(title), candidate(title)) <= 1


@pytest.mark.parametrize(
    ("mine", "theirs", "score"),
    [
        (work("Winter Tide"), candidate("Winter Tide"), 0.875),  # 0.6 + 0.15 + half of 0.25
        (work("Winter Tide", "Cor Holt"), candidate("Winter Tide (novel)", "Holt, Cor"), 1.0),
        (work("Winter Tide", "Cor Holt"), candidate("Winter Tide", "Ann Orrin"), 0.75),
        (work("Winter Tide"), candidate("Winter Tide", is_work=False), 0.725),
        (work("winter tide: stories", "Cor Holt"), candidate("Winter Tide", "COR HOLT"), 1.0),
    ],
)
def test_score_by_hand(mine: Work, theirs: Candidate, score: float) -> None:
    assert link_score(mine, theirs) == pytest.approx(score)


def test_a_redirect_counts_as_a_name_of_its_target() -> None:
    target = candidate("Hollow Bell")
    assert link_score(work("The Bell That Was Hollow"), target) < 0.8
    target.aliases.add("The Bell That Was Hollow")
    assert link_score(work("The Bell That Was Hollow"), target) == pytest.approx(0.875)


def test_the_best_candidate_wins_and_ties_go_to_the_first_iri() -> None:
    right, wrong = candidate("Winter Tide", "Cor Holt", uri="http://e/2"), candidate("Winter Tide", "Ann Orrin")
    assert best_link(work("Winter Tide", "Cor Holt"), [wrong, right], 0.8) == ("http://e/2", 1.0)
    twins = [candidate("Winter Tide", uri=f"http://e/{n}") for n in (3, 1, 2)]
    assert best_link(work("Winter Tide"), twins, 0.8) == ("http://e/1", 0.875)
    assert best_link(work("Winter Tide", "Cor Holt"), [wrong], 0.8) is None
    assert best_link(work("Winter Tide"), [], 0.0) is None


@given(st.text(), st.text(), st.lists(st.text(), max_size=2), st.lists(st.text(), max_size=2), st.booleans())
def test_score_stays_between_0_and_1(title: str, label: str, own: list[str], theirs: list[str], is_work: bool) -> None:
    assert 0 <= link_score(work(title, *own), candidate(label, *theirs, is_work=is_work)) <= 1 + 1e-9


@given(st.text())
def test_no_text_ends_its_literal(text: str) -> None:
    """Read back by another parser: a title stays one literal, whatever is in it."""
    import pyoxigraph as ox

    store = ox.Store()
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    answer = store.query(f"SELECT ?x WHERE {{ VALUES ?x {{ {english(text)} }} }}")
    values = [solution["x"] for solution in answer]  # type: ignore[union-attr]
    assert [(value.value, value.language) for value in values] == [(text, "en")]


@pytest.mark.parametrize("text", ["", "no colon", "http://a b", "http://a>", 'http://a"', "http://a\n", "http://a{}"])
def test_what_is_no_iri_never_reaches_a_query(text: str) -> None:
    with pytest.raises(ValueError, match="not an IRI"):
        iri(text)


@given(st.text() | st.text().map("http://e/".__add__))
def test_an_iri_in_a_query_ends_nowhere_but_at_its_end(text: str) -> None:
    try:
        written = iri(text)
    except ValueError as refusal:
        assert "is not an IRI" in str(refusal)
    else:
        assert written == f"<{text}>" and ":" in text
        assert not any(character in '<>"{}|^`\\' or character <= " " for character in text)


@pytest.mark.parametrize(
    "text", ['"', "\\", '\\"', "a\nb\r\t", "\b\f\x01\x7f", '"@en } ?s ?p ?o #', "Café \u202e ☃ \U0001f600", "?x $y {}"]
)
def test_rdflib_reads_a_title_as_it_was_written(text: str) -> None:
    [[literal]] = rdflib.Graph().query(f"SELECT ?x WHERE {{ VALUES ?x {{ {english(text)} }} }}")  # type: ignore[misc]
    assert literal == rdflib.Literal(text, lang="en")
