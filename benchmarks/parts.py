"""What single changes brought to the sequence models: each part as plain PyTorch has it, and as it is, in turn.

    python -m benchmarks.parts [--only softmax ...] [--rounds 7] [--json FILE]

Both ways get the same tensors, and what they return is compared before anything is timed, but for dropout, whose bits
differ: so its shares are. Ratios are of processor seconds, of one thread, within a round. A part is one step of the
work, not all of it: what `kgrec` gains as a whole is told by `training` and `recommending`.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from kgrec.training.device import many_small_products
from recommender.asked import Asked
from recommender.attention import CausalAttention
from recommender.dropout import Dropout
from recommender.losses import full_softmax
from recommender.ranking import best_products, retrieve, seen_items
from recommender.sasrec import SASRec
from recommender.scoring import ByModel
from recommender.sequences import PADDING, padded
from recommender.settings import SASRecSettings

Work = Callable[[], Tensor]
BATCH, DIM = 128, 64
LENGTH, HEADS = SASRecSettings().max_length, SASRecSettings().heads
SHARE = 0.3
CANDIDATES, LISTED = SASRecSettings().n_candidates, 10


def model(n_items: int) -> SASRec:
    """Of drawn weights, as it serves."""
    return SASRec(n_items, SASRecSettings()).eval()


def histories(n_items: int) -> list[list[int]]:
    """Of all lengths."""
    draw = np.random.default_rng(0)
    return [draw.integers(1, n_items + 1, size=1 + row % LENGTH).tolist() for row in range(BATCH)]


def asked(n_items: int) -> Asked:
    """A batch of questions."""
    none = np.zeros(BATCH, dtype=np.int64)
    return Asked(none, histories(n_items), none, none, torch.zeros(BATCH, 0), n_items)


def dropout() -> tuple[Work, Work]:
    """Masks of PyTorch's own bits, and of a byte a value; told is the share that is left."""
    values, ours = torch.ones(BATCH * LENGTH, 4 * DIM), Dropout(SHARE).train()
    return lambda: kept(F.dropout(values, SHARE)), lambda: kept(ours(values))


def kept(values: Tensor) -> Tensor:
    """Count what was not dropped, to a hundredth."""
    return (values.count_nonzero() / values.numel()).round(decimals=2)


def attention() -> tuple[Work, Work]:
    """A mask that keeps padding on the left out, and the causal one alone, with padding on the right."""
    attend = CausalAttention(DIM, HEADS, 0.0).eval()
    states = torch.randn(BATCH, LENGTH, DIM)
    lengths = 1 + torch.arange(BATCH) % LENGTH
    places = torch.arange(LENGTH)
    shifted = (places - (LENGTH - lengths)[:, None]).clamp(min=0)  # of each place on the left, that on the right
    left = states.gather(1, shifted[..., None].expand_as(states))
    real = places >= (LENGTH - lengths)[:, None]  # [batch, length]
    mask = (places <= places[:, None]) & real[:, None] | torch.eye(LENGTH, dtype=torch.bool)

    def heads(given: Tensor) -> Tensor:
        return given.view(BATCH, LENGTH, HEADS, -1).transpose(1, 2)

    def before() -> Tensor:
        q, (k, v) = attend.query(left), attend.key_value(left).chunk(2, dim=-1)
        with many_small_products():
            found = F.scaled_dot_product_attention(heads(q), heads(k), heads(v), attn_mask=mask[:, None])
        last: Tensor = attend.out(found.transpose(1, 2).flatten(2))[:, -1]
        return last

    def after() -> Tensor:
        last: Tensor = attend(states, states)[torch.arange(BATCH), lengths - 1]
        return last

    return before, after


def softmax() -> tuple[Work, Work]:
    """All logits at once, and a block of rows at a time with their gradient; told is that of the states."""
    states = torch.randn(BATCH * 10, DIM, requires_grad=True)
    table = torch.randn(20_001, DIM, requires_grad=True)
    targets = torch.randint(1, len(table), (len(states),))

    def plain(states: Tensor, targets: Tensor, table: Tensor) -> Tensor:
        return F.cross_entropy((states @ table.T).index_fill(1, torch.tensor([PADDING]), -torch.inf), targets)

    def gradient(loss: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
        return torch.autograd.grad(loss(states, targets, table), (states, table))[0] * len(states)

    return lambda: gradient(plain), lambda: gradient(full_softmax)


def last() -> tuple[Work, Work]:
    """States of all places, and the last block for the last place alone."""
    made, given = model(10_000), padded(histories(10_000), LENGTH)
    places = (given != PADDING).sum(dim=1) - 1
    return lambda: made(given)[torch.arange(BATCH), places], lambda: made.next_states(given)


def rerank() -> tuple[Work, Work]:
    """Scores of all items of which those of the candidates are taken, and theirs alone."""
    score, questions = ByModel(model(100_000)), asked(100_000)
    candidates = torch.randint(1, 100_001, (BATCH, CANDIDATES))
    return lambda: score(questions).gather(1, candidates), lambda: score.at(questions, candidates)


def lists() -> tuple[Work, Work]:
    """The best of the scores of all items, and of a part of the catalogue at a time; it takes less memory, too."""
    made, given = model(100_000), histories(100_000)
    states, seen = made.next_states(padded(given, LENGTH)), seen_items(given)
    return (
        lambda: retrieve(made.scores(states), seen, LISTED).float(),
        lambda: best_products(states, made.items.weight, seen, LISTED)[0].float(),
    )


PARTS: dict[str, Callable[[], tuple[Work, Work]]] = {
    "dropout": dropout,
    "attention": attention,
    "softmax": softmax,
    "last": last,
    "rerank": rerank,
    "lists": lists,
}


def ensure_same(name: str, before: Work, after: Work) -> None:
    """Refuse to time two ways that do not do the same.

    Raises:
        ClickException: they do not.
    """
    one, other = before(), after()
    far = float((one - other).abs().max() / one.abs().max())
    if far > 0.02:  # the gradient of the softmax is of bfloat16
        raise click.ClickException(f"{name}: both ways differ by {far:.3f} of the largest value")


def ratios(before: Work, after: Work, rounds: int, least: float = 0.2) -> list[float]:
    """Processor seconds of the one by those of the other, each round as often as takes some time."""
    start = time.process_time()
    after()
    times = max(1, round(least / max(time.process_time() - start, 1e-6)))

    def spent(work: Work) -> float:
        begun = time.process_time()
        for _ in range(times):
            work()
        return time.process_time() - begun

    return [spent(before) / spent(after) for _ in range(rounds)]


@click.command()
@click.option("--only", type=click.Choice(list(PARTS)), multiple=True, default=list(PARTS))
@click.option("--rounds", default=7, show_default=True)
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path))
def main(only: tuple[str, ...], rounds: int, path: Path | None) -> None:
    """Print the median ratio of each part, and the extremes."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows: list[dict[str, Any]] = []
    for name in only:
        before, after = PARTS[name]()
        with torch.set_grad_enabled(name == "softmax"):
            ensure_same(name, before, after)
            found = ratios(before, after, rounds)
        row = {"ratio_median": statistics.median(found), "ratio_min": min(found), "ratio_max": max(found)}
        rows.append({"name": f"part: {name}", **row, "rounds": rounds})
        print("{name:<20}{ratio_median:>7.2f}  ({ratio_min:.2f} to {ratio_max:.2f})".format(**rows[-1]), flush=True)
    if path is not None:
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
