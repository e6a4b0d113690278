"""What is made of the evidence: sentences, paths, and a picture that titles cannot harm."""

import json
import re
from pathlib import Path as File

import pytest

from kgrec.errors import KgrecError
from recommender import picture
from recommender.evidence import Evidence, Relation, in_words
from recommender.explained import Explanation
from recommender.paths import Node, Path, Tie
from recommender.picture import draw

USER, OWN, ITEM = Node("User", "u", "u"), Node("Item", "i1", "Dune"), Node("Item", "i2", "Emma")
MAKER = Node("Brand", "Ace", "Ace")


def evidence(
    relation: Relation | None, rank: int, users: int | None = None, *shared: str, also: Relation | None = None
) -> Evidence:
    return Evidence("i1", "Dune", 0.75, rank, {"sequence model": 0.75}, relation, also, users, list(shared))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            evidence("chosen together", 4, 12),
            "Because of “Dune”: 12 users chose both. Without it the score falls from 2.50 to 1.75, and the rank from 2 "
            "to 4.",
        ),
        (
            evidence("chosen next", 2, 3),
            "Because of “Dune”: 3 users chose both, this one soon after. Without it the score falls from 2.50 to 1.75.",
        ),
        (
            evidence("shared facts", 2, None, "Ace", "Deserts"),
            "Because of “Dune”: both have Ace and Deserts. Without it the score falls from 2.50 to 1.75.",
        ),
        (
            evidence("persona", 2, None, "Ace"),
            "Because of “Dune”: it shapes the persona “Sailors”, which this fits by Ace. Without it the score falls "
            "from 2.50 to 1.75.",
        ),
        (
            evidence("order of choices", 3),
            "Because of “Dune”: after it the sequence model expects this. Without it the score falls from 2.50 to "
            "1.75, and the rank from 2 to 3.",
        ),
        (
            evidence("order of choices", 2, 5, also="chosen together"),
            "Because of “Dune”: after it the sequence model expects this, and 5 users chose both. Without it the score "
            "falls from 2.50 to 1.75.",
        ),
        (
            evidence("persona", 2, None, "Ace", also="shared facts"),
            "Because of “Dune”: it shapes the persona “Sailors”, which this fits, and both have Ace. Without it the "
            "score falls from 2.50 to 1.75.",
        ),
        (
            evidence("order of choices", 2, None, "Ace", also="persona"),
            "Because of “Dune”: after it the sequence model expects this, and it shapes the persona “Sailors”, which "
            "this fits by Ace. Without it the score falls from 2.50 to 1.75.",
        ),
        (evidence(None, 1), "Because of “Dune”. Without it the score falls from 2.50 to 1.75."),
        (None, "No item of the history carries it alone: most of the score of 2.50 is the persona's."),
    ],
)
def test_a_sentence_or_two(found: Evidence | None, text: str) -> None:
    parts = {"sequence model": 1.0, "persona": 1.5}
    assert in_words(found, "Sailors", 2.5, 2, parts, [], 0.0) == text
    stated = in_words(found, "Sailors", 2.5, 2, parts | {"interests": 0.8}, ["Ships", "Salt"], 0.75)
    assert stated == f"{text} It has what was stated as an interest, Ships and Salt: 0.75 of the score."


@pytest.mark.parametrize(
    ("part", "owner"),
    [("interests", "interests'"), ("facts of DBpedia", "facts of DBpedia's"), ("followers", "followers'")],
)
def test_whose_most_of_a_score_is(part: str, owner: str) -> None:
    text = f"No item of the history carries it alone: most of the score of 2.50 is the {owner}."
    assert in_words(None, "", 2.5, 1, {"persona": 1.0, part: 1.5}, [], 0.0) == text


def test_a_path_has_every_node_and_tie_once_and_ends_in_the_item() -> None:
    ties = [(USER, "INTERACTED", OWN), (OWN, "BY", MAKER), (ITEM, "BY", MAKER), (OWN, "BY", MAKER)]
    assert Path.of(USER, ties, ITEM) == Path(
        [USER, OWN, MAKER, ITEM], [Tie(0, "INTERACTED", 1), Tie(1, "BY", 2), Tie(3, "BY", 2)]
    )
    assert Path.of(USER, [], ITEM) == Path([USER, ITEM], [])


def explanation(path: Path) -> Explanation:
    return Explanation("u", 1, "i2", "Emma", 2.5, "first stage", {}, 2.5, {}, "", [], [], path, "")


def test_a_picture_is_one_file_in_which_titles_are_data(tmp_path: File) -> None:
    """Two lines over the same item: every node is there once, and the page names no file or server besides."""
    hostile = Node("Item", "i3", "</script><script>alert(1)</script>\u2028\"'\x00")
    paths = [Path.of(USER, [(USER, "INTERACTED", OWN), (OWN, "leads to", end)], end) for end in (ITEM, hostile)]
    draw([explanation(path) for path in paths], tmp_path / "why.html")
    page = (tmp_path / "why.html").read_text()
    (content,) = re.findall(r'<script type="application/json" id="neo4j-viz-data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(content)
    assert [node["caption"] for node in data["nodes"]] == ["u", "Dune", "Emma", hostile.name]
    assert [(tie["from"], tie["to"], tie["caption"]) for tie in data["relationships"]] == [
        ("0", "1", "INTERACTED"), ("1", "2", "leads to"), ("1", "3", "leads to"),
    ]  # fmt: skip
    assert "alert(1)" in content and page.count("alert(1)") == content.count("alert(1)")
    assert not re.search(r"""<(script|link|img|iframe)[^>]*(src|href)=""", page)


def test_too_many_nodes_or_no_place_for_it_are_said(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [explanation(Path.of(USER, [], ITEM))]
    (tmp_path / "file").touch()
    with pytest.raises(KgrecError, match="cannot be written to"):
        draw(found, tmp_path / "file" / "why.html")
    monkeypatch.setattr(picture, "LARGEST", 1)
    with pytest.raises(KgrecError, match="2 nodes shows nothing: ask for fewer users"):
        draw(found, tmp_path / "why.html")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
