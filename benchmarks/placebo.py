"""A placebo in the place of the personas."""

import torch
from torch import Tensor


def shuffled(vectors: Tensor, seed: int) -> Tensor:
    """Give each user who has a vector ``[n_users, dim]`` that of another, or by chance the own one: a placebo."""
    known = vectors.any(dim=1).nonzero().squeeze(1)
    order = torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))
    placebo = vectors.clone()
    placebo[known] = vectors[known[order]]
    return placebo
