"""What is said of clusters, on examples worked by hand: traits, names, typical items, summaries, memberships."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from gnn.evidence import LONGEST, Evidence
from gnn.names import Characteristic, Strengths, characteristics, names
from gnn.personas import told
from gnn.summaries import summary
from gnn.typical import Choices, ChosenItem
from kgrec.graph.memberships import memberships


def test_characteristics_by_hand() -> None:
    # Eight users, two personas of four. Feature 100: half of what three of persona 0 choose; 101: what everybody does.
    table = np.zeros((8, 3))
    table[:3, 0] = 0.5
    table[:, 1] = 1.0
    table[4, 2] = 1.0  # one member only: below the minimum
    parts, nodes, personas = sp.csr_array(table), np.array([100, 101, 102]), np.array([0] * 4 + [1] * 4)
    found = characteristics(parts, nodes, personas, 2, top=5)
    assert [[one.node_id for one in some] for some in found] == [[100], []]
    assert found[0][0].share == pytest.approx(0.375) and found[0][0].lift == pytest.approx(0.375 / (1.5 / 8))
    weak = characteristics(parts, nodes, personas, 2, 5, 0.0, 1)
    assert [one.node_id for one in weak[1]] == [102]
    assert [one.node_id for one in characteristics(parts, nodes, personas, 2, 5, 0.0, 1, 0.0)[1]] == [102, 101]


def test_strongest_feature_is_by_share_times_log_lift() -> None:
    table = np.zeros((40, 2))
    table[:4, 0] = 1  # share 0.4, lift 4: 0.4 log 4 = 0.55
    table[:9, 1] = 1  # share 0.9, lift 0.9 / (18 / 40) = 2: 0.9 log 2 = 0.62
    table[10:19, 1] = 1
    found = characteristics(sp.csr_array(table), np.array([7, 8]), np.array([0] * 10 + [1] * 30), 2, top=2)
    assert [one.node_id for one in found[0]] == [8, 7]
    assert found[0][0].strength == pytest.approx(0.9 * math.log(2))


def named(*telling: list[Strengths]) -> list[str]:
    return names(telling, range(7, 7 + len(telling)))


def test_every_name_begins_with_a_word_of_its_own() -> None:
    """The persona that a feature tells most of has it; another takes its next one, and never that one again."""
    first: Strengths = [("Crime novels", 0.9), ("Sea", 0.5), ("Crime novelists", 0.4), ("Maps", 0.1)]
    second: Strengths = [("Crime novels", 1.2), ("The crime of the year", 0.6), ("Ann Orrin", 0.3)]
    third: Strengths = [("Crime scenes", 2.0), ("Sea", 0.4), ("Ann Orrin", 0.2)]
    assert named([first], [second], [third]) == [
        "Sea · Crime novels · Maps",  # "Crime novelists" says the same as what stands there already
        "Ann Orrin · Crime novels · The crime of the year",
        "Crime scenes",  # what is left begins other names
    ]


def test_a_name_is_looked_for_in_one_kind_after_the_other_and_a_number_comes_last() -> None:
    nothing: list[Strengths] = [[(" ", 1.0)], [], [("", 1.0)], []]
    by_title: list[Strengths] = [[("Sea", 0.1)], [("Sea Wolf, The", 0.5), ("Kon-Tiki", 0.3)], [("Maps", 0.1)], []]
    by_date: list[Strengths] = [[("1999 novels", 9.0), ("Salt", 0.1)], [], [], []]
    assert named([[("Sea", 0.2)], [], [], []], by_title, by_date, nothing) == [
        "Sea", "Kon-Tiki · Sea Wolf, The · Maps", "Salt · 1999 novels", "Persona 10",
    ]  # fmt: skip
    assert named([[("Sea view", 0.2)]], [[("Sea", 0.1)]]) == ["Sea view", "Sea"]  # rather than a number
    (long,) = named([[("x" * 500, 1.0)]])
    assert len(long) == 48


def test_typical_items_and_counter_examples_by_hand() -> None:
    """Twelve users each of two tastes; the third item is everybody's, the fourth of one user."""
    table = np.zeros((24, 5))
    table[:12, 0] = table[12:, 1] = table[:, 2] = 1
    table[0, 3] = 1
    table[12, 0] = 1  # one of the others as well
    table[:6, 4] = 1  # half of them, and of a vector that is far from theirs
    centres = np.array([[1.0, 0.0], [0.0, 1.0]])
    items = np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [1.0, 0.0], [-1.0, 0.1]])
    choices = Choices(sp.csr_array(table), list("abcde"), np.array([0] * 12 + [1] * 12), centres, items)
    assert choices.typical(0) == [ChosenItem("a", 1.0, 1 / (13 / 24))]
    assert choices.typical(0)[0].strength == pytest.approx(math.log(24 / 13))
    counter = choices.counter_example(0)
    assert counter is not None and counter.typical_of == 1 and counter.chosen == ChosenItem("b", 0.0, 0.0)
    other = choices.counter_example(1)
    assert other is not None and other.chosen == ChosenItem("a", 1 / 12, 1 / 12 / (13 / 24))
    without = Choices(sp.csr_array(table), list("abcde"), np.array([0] * 12 + [1] * 12), centres, items[:0])
    assert [one.item_id for one in without.typical(0)] == ["a", "e"]


def test_summary_says_its_evidence_in_two_sentences() -> None:
    found = characteristics(
        sp.csr_array(np.array([[0.5]] * 3 + [[0.0]] * 3)), np.array([5]), np.repeat([0, 1], 3), 2, 1
    )
    told = Evidence("Salt", 3, 1_006, [("Salt mines", found[0][0])], ["A day", "B"], ("C", 0.25, "Sea"))
    assert summary(told) == (
        "3 of 1,006 users have this persona: Salt mines is in 50% of what they choose, 2.0 times its part of all "
        "users' choices. Typical are “A day” and “B”; “C”, typical of Sea, they choose 0.2 times as often as all users."
    )
    nothing = Evidence("Persona 3", 0, 6, [], [], None)
    assert summary(nothing) == "0 of 6 users have this persona, and no fact of their items sets them apart."
    long = Evidence("x", 3, 6, [("x" * 900, found[0][0])] * 30, ["y" * 900] * 30, ("z" * 900, 0.0, None))
    assert len(summary(long)) < 10 * LONGEST and len("".join(long.facts)) < 30 * LONGEST


def test_of_features_called_alike_the_strongest_is_told_and_what_the_name_begins_with_comes_first() -> None:
    traits = [
        (label, Characteristic(place, 0.5, 2.0))
        for place, label in enumerate(["1984", "Ann Orrin", "Sea", "ANN ORRIN"])
    ]
    assert [(label, one.node_id) for label, one in told(traits, "Sea · Ann Orrin")] == [
        ("Sea", 2),
        ("Ann Orrin", 1),
        ("1984", 0),
    ]


def test_memberships_by_hand() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0]])
    centres = np.array([[0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    nearest, weights = memberships(vectors, centres, 2, temperature=0.5)
    assert nearest[0].tolist() == [1, 0] and nearest[1, 0] == 0
    strong = 1 / (1 + math.exp(-1 / 0.5))
    assert weights == pytest.approx(np.tile([strong, 1 - strong], (2, 1)))
