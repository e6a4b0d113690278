"""Sampled softmax by hand, against the full one in the mean, and by which negatives; which loss is taken, and why."""

import numpy as np
import pytest
import torch
from torch import Tensor

from recommender import sampled_softmax
from recommender.losses import full_softmax, gbce
from recommender.objective import FULL_SOFTMAX_ITEMS, loss_for, samples, words
from recommender.sampled_softmax import NEGATIVES, SampledSoftmax, by_rows, softmax_against
from recommender.sequences import Known
from tests.unit.test_losses import N_ITEMS, given

CHOSEN = np.array([3] * 40 + [4] * 20 + [5, 6, 7] * 3, dtype=np.int64)  # most items nobody has chosen


def test_by_hand() -> None:
    """The first place draws its own target, 3, among the negatives: for it, there is one negative only."""
    states, _, items = given(2)
    correction = torch.tensor([0.3, -1.2], dtype=torch.double)
    found = softmax_against(states, torch.tensor([3, 4]), items, torch.tensor([3, 7]), correction)
    logits = (states @ items.T).detach().numpy()
    first = np.log(np.exp(logits[0, 3]) + np.exp(logits[0, 7] + 1.2)) - logits[0, 3]
    second = np.log(np.exp(logits[1, 4]) + np.exp(logits[1, 3] - 0.3) + np.exp(logits[1, 7] + 1.2)) - logits[1, 4]
    assert found.item() == pytest.approx((first + second) / 2, rel=1e-12)


def test_over_everything_once_it_is_the_full_one() -> None:
    states, targets, items = given(20)
    everything = torch.arange(1, N_ITEMS + 1)
    found = softmax_against(states, targets, items, everything, torch.zeros(N_ITEMS, dtype=torch.double))
    assert found.item() == pytest.approx(full_softmax(states, targets, items).item(), rel=1e-12)


@pytest.mark.parametrize("target", [3, 20])
def test_the_denominator_is_the_full_one_in_the_mean(target: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a popular target and for one that nobody chose; few negatives a draw, as in a large catalogue."""
    monkeypatch.setattr(sampled_softmax, "NEGATIVES", 4)
    states, _, items = given(1)
    loss, targets = SampledSoftmax(CHOSEN, N_ITEMS), torch.tensor([target])
    torch.manual_seed(1)
    with torch.no_grad():
        drawn = np.exp([loss(states, targets, items).item() for _ in range(4_000)])
        whole = np.exp(full_softmax(states, targets, items).item())
    assert abs(drawn.mean() - whole) < 4 * drawn.std() / len(drawn) ** 0.5 < 0.1 * whole


def test_negatives_are_chosen_as_often_as_users_chose_them_and_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def noted(states: Tensor, targets: Tensor, items: Tensor, negatives: Tensor, correction: Tensor) -> Tensor:
        seen.append(negatives)
        expected = (np.bincount(CHOSEN, minlength=N_ITEMS + 1) + 1) * NEGATIVES / (len(CHOSEN) + N_ITEMS)
        assert torch.allclose(correction, torch.from_numpy(expected).float().log()[negatives])
        return states.sum()

    monkeypatch.setattr(sampled_softmax, "softmax_against", noted)
    loss = SampledSoftmax(CHOSEN, N_ITEMS)
    for seed in (1, 1, 2, *range(3, 30)):
        torch.manual_seed(seed)
        loss(*given(3))
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])
    drawn = torch.bincount(torch.cat(seen[1:]), minlength=N_ITEMS + 1).double()
    expected = loss.log_expected.exp() * len(seen[1:])
    assert drawn[0] == 0 == expected[0] and ((drawn - expected).abs() <= 5 * expected.sqrt()).all()


def test_on_a_cpu_the_table_has_a_gradient_of_the_touched_rows() -> None:
    states, targets, items = given(3)
    softmax_against(states, targets, items, torch.tensor([9, 11]), torch.zeros(2)).backward()  # type: ignore[no-untyped-call]
    assert items.grad is not None and items.grad.is_sparse
    assert set(items.grad.coalesce().indices()[0].tolist()) == {9, 11, *targets.tolist()}
    assert not by_rows(torch.device("cuda"))  # NCCL sends no sparse gradients


def test_the_loss_is_chosen_by_the_size_and_told() -> None:
    known = Known(np.array([0, len(CHOSEN)]), CHOSEN)
    large = FULL_SOFTMAX_ITEMS + 1
    assert loss_for("auto", FULL_SOFTMAX_ITEMS, known) is full_softmax and not samples("auto", FULL_SOFTMAX_ITEMS)
    assert isinstance(loss_for("auto", large, known), SampledSoftmax) and samples("auto", large)
    assert loss_for("full", large, known) is full_softmax and loss_for("gbce", 10, known) is gbce
    assert words("auto", 7) == (
        "The loss is each next item against all 7 items (full softmax): there are no more than 50,000."
    )
    assert words("auto", 1_000_000) == (
        "The loss is each next item against 1,024 sampled of 1,000,000 items (softmax with logQ correction): "
        "there are more than 50,000."
    )
    assert words("gbce", 7).endswith("(gBCE), as `loss` in [sasrec] says.")
