"""Parts of a score, and what it loses without evidence: by dense sums, by hand, and against scoring anew one by one."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import Tensor

from benchmarks.reasons import KINDS, System, measure, table
from kgrec.training.fits import Fit
from recommender import asked as asking
from recommender.asked import Asked, users_asked
from recommender.dataset import Dataset, Personas
from recommender.explanations import tells
from recommender.first_stage import MODEL, Part, beside
from recommender.fusion import Fusion
from recommender.learned_order import POPULARITY, Candidates, LearnedOrder
from recommender.removal import removals
from recommender.sasrec import SASRec
from recommender.scoring import ByModel
from recommender.second_stage import BASE, SecondStage, Stages, Way
from recommender.settings import SASRecSettings
from recommender.shared_facts import cosine_losses
from recommender.sources import FROM_FACTS, FROM_INTERACTIONS, PERSONA
from recommender.tables import NEAR, profile_table
from tests.unit.datasets import shop

DIM, RECENCY = 5, 0.8
SOURCES = (PERSONA, *FROM_INTERACTIONS, *FROM_FACTS.values())
WEIGHTS = dict(zip(SOURCES, (0.7, 0.4, 0.2, 0.5, 0.3, 0.0), strict=True))
PARTS = [MODEL, *SOURCES, BASE]
ORDER = LearnedOrder(PARTS, (0.1 * np.arange(1, 3 * len(PARTS) + 3) % 0.7).tolist(), [1.0, 0.5], [1.0, 0.7])


def known() -> Dataset:
    """The shop, with items in the space of its personas and personas of what the test fit knows."""
    data = shop()
    items = torch.randn(data.n_items + 1, DIM, generator=torch.Generator().manual_seed(3))
    items[0] = 0.0
    bare = Personas("run", torch.zeros(len(data.user_ids), DIM), [None] * len(data.user_ids), items)
    histories = data.sequences.known(Fit.TEST).histories
    vectors = torch.stack([bare.of_items(history) for history in histories])
    return dataclasses.replace(data, personas={Fit.TEST: dataclasses.replace(bare, vectors=vectors)})


def systems(data: Dataset, weights: dict[str, float] | None = None, new_items: float | None = None) -> Stages:
    """Models that have learned nothing, behind every source."""
    torch.manual_seed(5)
    settings = SASRecSettings(dim=8, heads=1, max_length=6)
    model, base = (ByModel(SASRec(data.n_items, settings).eval()) for _ in range(2))
    chosen = Fusion(WEIGHTS if weights is None else weights, RECENCY, 0.0, 0.0, new_items)
    return Stages(beside(model, chosen, data, Fit.TEST), Part(lambda: base), data.counts(Fit.TEST), 12)


def everything(n: int, n_items: int) -> Tensor:
    return torch.arange(1, n_items + 1).expand(n, -1)


@torch.no_grad()
@pytest.mark.parametrize("new_items", [None, 1.5])
def test_the_parts_of_the_first_stage_add_up_to_its_score(new_items: float | None) -> None:
    data = known()
    asked, first = users_asked(data, Fit.TEST), systems(data, new_items=new_items).first
    terms = first.terms(asked, everything(len(asked.users), data.n_items))
    assert list(terms) == [MODEL, *(name for name in SOURCES if WEIGHTS[name])]
    assert torch.allclose(torch.stack(list(terms.values())).sum(0), first(asked)[:, 1:], atol=1e-5)


@torch.no_grad()
def test_a_model_alone_is_all_of_its_score() -> None:
    data = known()
    asked, first = users_asked(data, Fit.TEST), systems(data, dict.fromkeys(SOURCES, 0.0)).first
    terms = first.terms(asked, everything(len(asked.users), data.n_items))
    assert list(terms) == [MODEL] and torch.allclose(terms[MODEL], first(asked)[:, 1:], atol=1e-5)


@torch.no_grad()
def test_the_term_of_a_source_is_its_weight_times_the_standard_score() -> None:
    """Of what co-occurs, and of the persona, in dense NumPy."""
    data = known()
    asked = users_asked(data, Fit.TEST)
    terms = systems(data).first.terms(asked, everything(len(asked.users), data.n_items))
    cosines, items = data.co_occurrence[Fit.TEST].toarray(), data.personas[Fit.TEST].items.numpy()
    for row, history in enumerate(asked.histories[:20]):
        together = sum(cosines[own] for own in set(history))[1:]
        near = items[1:] @ asked.personas[row].numpy()
        for name, scores in (("co-occurrence", together), (PERSONA, near)):
            expected = WEIGHTS[name] * (scores - scores.mean()) / scores.std()
            assert terms[name][row].numpy() == pytest.approx(expected, abs=1e-4)


def test_the_parts_of_the_learned_order_by_hand() -> None:
    """Three candidates of a history of four, and one part beside popularity."""
    order = LearnedOrder(["a"], [0.5, 0.3, 0.2, -0.1, 0.4], [1.0, 2.0], [1.0, 0.5])
    popularity, length = [0.0, 3.0, 1.0], math.log(4.0)
    known = Candidates(
        torch.tensor([[5, 6, 7]]),
        torch.tensor([[[1.0], [2.0], [3.0]]]),
        torch.tensor([popularity], dtype=torch.float64),
        torch.tensor([length], dtype=torch.float64),
    )
    found, long = order.terms(known), (length - 1.0) / 0.5
    for place, part in enumerate((-math.sqrt(1.5), 0.0, math.sqrt(1.5))):
        popular = (popularity[place] - 1.0) / 2.0
        assert float(found["a"][0, place]) == pytest.approx(part * (0.5 + 0.2 * popular - 0.1 * long))
        assert float(found[POPULARITY][0, place]) == pytest.approx(popular * (0.3 + 0.4 * long))
    assert torch.allclose(found["a"] + found[POPULARITY], order(known))


def test_the_parts_of_the_learned_order_add_up_to_its_scores() -> None:
    data = known()
    asked, stages = users_asked(data, Fit.TEST), systems(data)
    with torch.no_grad():
        items, _ = stages.candidates(asked)
        candidates = stages.known(asked, items, PARTS)
    terms = ORDER.terms(candidates)
    assert list(terms) == [*PARTS, POPULARITY]
    assert torch.allclose(torch.stack(list(terms.values())).sum(0), ORDER(candidates).masked_fill(items == 0, 0.0))


HISTORY = [4, 9, 4, 17, 22, 9, 1]


def alone(stages: Stages, way: Way, history: list[int], persona: Tensor, items: Tensor) -> Tensor:
    """The score of some items for one history, which is asked for alone: ``[n]``."""
    nothing = np.zeros(1, dtype=np.int64)
    asked = Asked(nothing, [history], nothing, nothing, persona[None], len(stages.counts) - 1)
    if way == "learned":
        return ORDER(stages.known(asked, items[None], PARTS))[0]
    return (stages.base if way == "base" else stages.first)(asked)[0, items]


@torch.no_grad()
@pytest.mark.parametrize("way", ["none", "base", "learned"])
@pytest.mark.parametrize(("moves", "stated"), [(True, False), (True, True), (False, False)])
def test_every_item_of_the_history_is_really_taken_away(
    way: Way, moves: bool, stated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches that do not come out even; the persona follows where it is that of the items, else it stays.

    Also where interests are in it, which stay in it.
    """
    monkeypatch.setattr(asking, "SCORES_AT_ONCE", 2 * 31)
    data = known()
    stages, personas = systems(data), data.personas[Fit.TEST]
    of_interests = personas.items[[2, 3]].mean(dim=0) if stated else None
    persona = personas.of_items(HISTORY, of_interests) if moves else personas.of_items([2, 3])
    stage = SecondStage("base", way, ORDER, {})
    scored = removals(stages, stage, personas, HISTORY, persona, k=3, in_persona=of_interests)
    assert scored.removed == [1, 9, 22, 17, 4] and not set(scored.items.tolist()) & set(HISTORY)
    whole = alone(stages, way, HISTORY, persona, scored.items)
    assert len(scored.items) == 12 and torch.allclose(scored.scores[0], whole, atol=1e-5)
    for number, item in enumerate(scored.removed):
        rest = [other for other in HISTORY if other != item]
        own = personas.of_items(rest, of_interests) if moves else persona
        without = alone(stages, way, rest, own, scored.items)
        assert torch.allclose(scored.losses[number], whole - without, atol=1e-4), item
        ranks = [1 + sum(float(other) > float(own) + 1e-9 for other in without) for own in without]
        assert scored.ranks[1 + number].tolist() == ranks
    retrieved = torch.stack(list(scored.retrieved.values())).sum(dim=0)
    assert torch.allclose(retrieved, alone(stages, "none", HISTORY, persona, scored.items), atol=1e-5)


def test_what_is_disliked_is_no_candidate() -> None:
    data = known()
    personas, stage = data.personas[Fit.TEST], SecondStage("base", "none", None, {})
    whole, rest = (
        removals(systems(data), stage, personas, HISTORY, personas.of_items(HISTORY), 30, hidden).items.tolist()
        for hidden in (None, [5, 12])
    )
    assert {5, 12} < set(whole) and rest == [item for item in whole if item not in {5, 12}]


def test_nothing_is_left_of_a_history_of_one_item() -> None:
    data = known()
    personas = data.personas[Fit.TEST]
    scored = removals(systems(data), SecondStage("base", "none", None, {}), personas, [7], personas.of_items([7]), 3)
    assert scored.removed == [7] and torch.isfinite(scored.losses).all() and bool(scored.losses.any())


def test_a_fact_is_really_taken_away() -> None:
    """The item's row of the table is made again without it, in dense NumPy, by an item and a history with repeats."""
    generator = np.random.default_rng(4)
    facts = (generator.random((21, 9)) < 0.4).astype(np.float32)
    facts[0] = 0.0
    profiles = profile_table(sp.csr_matrix(facts))
    dense = profiles.toarray().astype(np.float64)
    history, item = [3, 8, 3, 11], 6
    profile = sum(dense[own] for own in set(history))
    profile = profile / np.linalg.norm(profile)
    own = profiles[[item]].sorted_indices()
    expected = []
    for column in own.indices:
        rest = dense[item].copy()
        rest[column] = 0.0
        expected.append(profile @ dense[item] - profile @ rest / np.linalg.norm(rest))
    assert cosine_losses(profiles, history, own) == pytest.approx(expected, abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("way", ["none", "base", "learned"])
def test_a_history_without_items_has_nothing_to_take_away(way: Way) -> None:
    """As of who only said what is liked."""
    data = known()
    personas = data.personas[Fit.TEST]
    scored = removals(systems(data), SecondStage("base", way, ORDER, {}), personas, [], personas.of_items([2, 3]), 3)
    assert scored.removed == [] and scored.losses.shape == (0, 12) and torch.isfinite(scored.scores).all()


@pytest.mark.parametrize(
    "name",
    [
        "Articles containing video clips", "All articles needing additional references", "Year of work missing",
        "Literature articles needing expert attention", "Harold B. Lee Library-related 21st century articles",
        "Date of birth unknown", "1970s novel stubs", "CS1 maint: archived copy", "Use dmy dates from May 2013",
        "Wikipedia articles with VIAF identifiers", "Pages using infobox book", "Short description matches Wikidata",
    ],
)  # fmt: skip
def test_what_wikipedia_keeps_house_by_is_no_reason(name: str) -> None:
    assert not tells(name, 0.01)


@pytest.mark.parametrize(
    "name", ["The New Yorker articles", "Novels about missing people", "Wikipedia", "Useful arts", "Missing, presumed"]
)
def test_what_people_know_is_one_below_half_of_all_items(name: str) -> None:
    assert tells(name, 0.49) and not tells(name, 0.5)


def test_named_evidence_takes_more_than_other_evidence() -> None:
    """At small size what `benchmarks.reasons` measures on real data; the other system names nothing, and is asked."""
    data = known()
    personas, near = data.personas[Fit.TEST], data.tables(Fit.TEST)[NEAR]
    own = System(systems(data), SecondStage("base", "none", None, {}), personas, near)
    torch.manual_seed(8)
    other = System(systems(data), SecondStage("base", "learned", ORDER, {}), personas, near)
    measured = measure(own, other, data, n=60)
    assert list(measured) == ["score", "rank", "score, other seed", "rank, other seed"]
    rows = {(row["measure"], row["evidence"]): row for row in table(measured, "shop")}
    assert rows["score", "named"]["users"] == 30 and rows["score", "named"]["mean"] > 0
    for kind in KINDS[1:]:
        assert rows["score", kind]["low"] > 0, kind
    for kind in ("random", "as popular"):
        assert rows["rank", kind]["low"] > 0, kind
