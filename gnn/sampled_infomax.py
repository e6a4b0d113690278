"""Training HDGI on sampled subgraphs: a block of users at a time, with all that its meta-paths reach.

A block's subgraph has the block's interactions and everything behind the items. An item weighs by its popularity in the
whole graph, so the features of a block are those of the whole graph to the last user; only neighbours outside the block
are missing from the convolution. One block of all users is the whole graph, and gives what `gnn.infomax` gives. The
vectors, when all is learned, are those of the whole graph in any case: what crosses from user to user goes through the
items, where it is summed up block by block.
"""

import math
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import psutil
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.adjacency import MetaPathAdjacency, compressed_rows, multiplied, transposed
from gnn.contrast import Contrast
from gnn.features import of_one_item, of_users
from gnn.hdgi import HDGI
from gnn.infomax import centred_directions, new_model, new_optimizer, step
from gnn.item_rows import back_to_itself, behind, convolved, placed, popularity
from gnn.settings import HDGISettings
from gnn.training_graph import TrainingGraph
from gnn.user_blocks import UserBlock, UserBlocks, ahead
from kgrec.training.device import device

STATES = (
    8  # numbers [n_users, dim] a meta-path that a step holds: features, convolved ones and gradients, true and false
)
MEMORY = 0.5  # part of the machine's that a step may take


class SampledHDGITraining:
    """One epoch of sampled HDGI takes a step a block, in an order that is drawn anew, the next ones read ahead.

    Users are held out in the first block alone, which is kept: validation costs one block's encoding and no reading.

    Args:
        graph: what is learned from; of its users only their number is looked at.
        settings: how.
        held_out: part of the first block's users whose loss is the validation score; 0 where nothing is validated.
        blocks: the users.
    """

    def __init__(self, graph: TrainingGraph, settings: HDGISettings, held_out: float, blocks: UserBlocks):
        target = device()
        torch.manual_seed(settings.seed)
        self.graph, self.items, self.blocks, self.seed = graph, _ItemSide(graph, target), blocks, settings.seed
        self.paths = list(map(str, graph.paths))
        width = sum(table.shape[1] for table in graph.tables)
        self.model = new_model(width, len(graph.paths), settings).to(target)
        self.optimizer = new_optimizer(self.model, settings)
        self.first = self.items.contrast(blocks.read(0), held_out)
        self._weights = torch.zeros(0)

    def train_epoch(self, epoch: int) -> float:
        """Take one step a block; return the mean of their losses, each by its users."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.blocks.n_blocks)
        losses, sizes = [], []
        with closing(ahead(self.blocks.read, [int(number) for number in order if number])) as others:
            for number in order:
                contrast = self.items.contrast(next(others), 0.0) if number else self.first
                losses.append(step(self.model, self.optimizer, contrast))
                sizes.append(len(contrast.taught))
                self.first.forget()  # what validation has left to it is of other weights now
        return float(np.average(losses, weights=sizes))

    def validate(self) -> float:
        """Return the negative loss of the held-out users against a corruption that stays the same."""
        return -self.first.validation_loss(self.model)

    @torch.no_grad()
    def vectors(self) -> tuple[Tensor, Tensor]:
        """Vectors of the users ``[n_users, dim]`` and of the items ``[n_items, dim]``, centred and of length 1."""
        states, of_items, self._weights = encoded(self.model, self.items, self.blocks)
        return centred_directions(states), placed(of_items, self.graph)

    def shares(self) -> dict[str, float]:
        """Semantic attention of each meta-path, as it is written; after `vectors`, which finds it."""
        return dict(zip(self.paths, self._weights.tolist(), strict=True))


def blocks_needed(n_users: int, in_dim: int, n_paths: int, settings: HDGISettings) -> int:
    """Say in how many blocks the users are to be learned from; 1 is the whole graph.

    As many as ``users_at_once`` asks for; without it, as let a step over one fit into half of the machine's memory.

    Args:
        n_users: of the graph.
        in_dim: width of their features.
        n_paths: meta-paths that are walked.
        settings: how HDGI is learned.
    """
    if not settings.by_blocks:
        return 1
    if settings.users_at_once is not None:
        return -(-n_users // settings.users_at_once)
    return math.ceil(step_bytes(n_users, in_dim, n_paths, settings) / (MEMORY * psutil.virtual_memory().total))


def step_bytes(n_users: int, in_dim: int, n_paths: int, settings: HDGISettings) -> int:
    """Estimate what a step over so many users takes, in single precision."""
    return 4 * n_users * (in_dim + STATES * n_paths * settings.dim)


class _ItemSide:
    """What all blocks share: what lies behind the items.

    Attributes:
        tables: what each item hands on to its users' features. ``[n_items, width]`` each
        behind: of each meta-path, the hops from the items outwards and back, which follow one another. ``[n, m]`` each
        back: of each meta-path, the weight of the ways from an item back to it. ``[n_items, 1]`` each
    """

    def __init__(self, graph: TrainingGraph, target: torch.device):
        self.target = target
        self.popularity = popularity(graph.purchases)[:, 0].numpy()
        self.tables = [table.to(target) for table in graph.tables]
        self.behind = [behind([hop.normalised().to(target) for hop in hops[1:]]) for hops in graph.paths.values()]
        self.back = [back_to_itself(hops).to(target) for hops in graph.paths.values()]

    def weights(self, chosen: sp.csr_array) -> Tensor:
        """Weigh a block's interactions as `Hop.normalised` does, by the items' popularity in the whole graph."""
        degree = np.diff(chosen.indptr)
        both = np.repeat(degree, degree) * self.popularity[chosen.indices]
        values = torch.from_numpy(chosen.data) * torch.from_numpy(both).float().rsqrt()
        rows, columns = (torch.from_numpy(part) for part in (chosen.indptr, chosen.indices))
        return compressed_rows(rows, columns, values, chosen.shape[1]).to(self.target)

    def contrast(self, block: UserBlock, held_out: float) -> Contrast:
        """Make a block's subgraph."""
        first = self.weights(block.chosen)
        back = transposed(first)
        ones = torch.ones(first.shape[0], device=self.target)
        related = [MetaPathAdjacency([first, *behind, back], ones) for behind in self.behind]
        return Contrast(of_users(first, self.tables), related, held_out)

    def reached(self, path: int, at_items: Tensor) -> Tensor:
        """Carry what users have sent to their items ``[n_items, dim]`` along a meta-path and back to the items."""
        for matrix in reversed(self.behind[path]):
            at_items = multiplied(matrix, at_items)
        return at_items


def encoded(model: HDGI, items: _ItemSide, blocks: UserBlocks) -> tuple[Tensor, Tensor, Tensor]:
    """Encode all users by the whole graph's operators, a block at a time; the blocks are read four times.

    Returns:
        States of the users ``[n_users, dim]``, of the items, each as one more row (see `gnn.item_rows`)
        ``[n_items, dim]``, and the meta-path weights ``[n_paths]``, as `HDGI.forward`.
    """
    paths, n_items = range(len(items.behind)), len(items.popularity)
    visits = torch.zeros(n_items, 1, device=items.target)
    for _, first in _walked(items, blocks):
        visits += multiplied(transposed(first), torch.ones(first.shape[0], 1, device=items.target))
    degrees = [items.reached(path, visits) for path in paths]

    def scaled(first: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Scale of each user, and the projected features, scaled: ``[n, 1]`` and ``[n, dim]`` a meta-path."""
        for degree, projected in zip(degrees, model.project(of_users(first, items.tables)), strict=True):
            scale = (multiplied(first, degree) + 1.0).rsqrt()
            yield scale, projected * scale

    width = model.discriminator.shape[0]
    sums = [torch.zeros(n_items, width, device=items.target) for _ in paths]
    for _, first in _walked(items, blocks):
        back = transposed(first)
        for at_items, (_, rows) in zip(sums, scaled(first), strict=True):
            at_items += multiplied(back, rows)
    sums = [items.reached(path, at_items) for path, at_items in enumerate(sums)]

    def states(first: Tensor) -> Tensor:
        """States of a block's users: ``[n_paths, n, dim]``."""
        return torch.stack(
            [
                model.activations[path]((multiplied(first, sums[path]) + rows) * scale + model.biases[path])
                for path, (scale, rows) in enumerate(scaled(first))
            ]
        )

    scores = sum(model.attention.scores(states(first)) for _, first in _walked(items, blocks))
    assert isinstance(scores, Tensor)
    weights = torch.softmax(scores / blocks.n_users, dim=0)
    found = torch.empty(blocks.n_users, width)
    for block, first in _walked(items, blocks):
        found[torch.from_numpy(block.users)] = torch.einsum("p,pnd->nd", weights, states(first)).cpu()
    of_items = torch.zeros_like(sums[0])
    step_to_item = torch.from_numpy(items.popularity)[:, None].to(items.target).rsqrt()
    for path, rows in enumerate(model.project(of_one_item(items.tables))):
        own = items.back[path] * step_to_item.square()
        row = convolved(sums[path] * step_to_item, degrees[path] * step_to_item, own, rows) + model.biases[path]
        of_items += weights[path] * model.activations[path](row)
    return found, of_items, weights


def _walked(items: _ItemSide, blocks: UserBlocks) -> Iterator[tuple[UserBlock, Tensor]]:
    """All blocks in turn, each with its weighed interactions ``[n, n_items]``."""
    with closing(ahead(blocks.read, range(blocks.n_blocks))) as found:
        for block in found:
            yield block, items.weights(block.chosen)
