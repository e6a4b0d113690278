"""HDGI's loss together with its gradient, by blocks of users that stay in the processor's cache.

All that follows the convolution of a user, activation, semantic attention and discriminator, is a chain of small
operations on ``[n_users, dim]``, each bound by the memory that it reads and writes. Only two sums go over all users,
the scores of the meta-paths and the summary. So three passes over the users do, and besides the gradient of the
convolved features, which the convolution's own backward needs, nothing of that size is kept: no activation, no combined
state.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gnn.hdgi import HDGI
from kgrec.training.device import at_once

BLOCK = 2_048  # users at a time; their states of one meta-path are 1 MiB at 128 numbers
HELD = 2**18  # users at a time on CUDA


def infomax_loss(
    model: HDGI, positive: list[Tensor], negative: list[Tensor], chosen: Tensor, summarised: Tensor
) -> Tensor:
    """Binary cross-entropy of telling true users from corrupted ones (Ren et al. 2019, equation 9).

    Args:
        model: whose activations, semantic attention and discriminator follow the convolution.
        positive: what `HDGI.convolve` makes of the true graph, one a meta-path. ``[n_users, dim]`` each
        negative: the same of the corrupted graph.
        chosen: rows that count in the loss. ``[n]``
        summarised: rows that make the summary. ``[m]``
    """
    attention = model.attention
    parameters = [attention.query.weight, attention.project.weight, attention.project.bias, model.discriminator]
    slopes = [activation.weight for activation in model.activations]
    learning = torch.is_grad_enabled()
    loss: Tensor = _Loss.apply(learning, chosen, summarised, *parameters, *slopes, *positive, *negative)
    return loss


@dataclass
class _Side:
    """The true or the corrupted graph: what the first pass over its users sums up.

    Attributes:
        convolved: ``[n_users, dim]`` a meta-path
        gradients: of those, where they are wanted; at first of the scores alone. ``[n_users, dim]`` a meta-path
        tanh: sums of ``tanh(W h + b)``. ``[n_paths, semantic_dim]``
        states: weighted sums of the states by what each user is of the summary. ``[n_paths, dim]``
        outer: gradients of the scores by W. ``[n_paths, semantic_dim, dim]``
        inner: gradients of the scores by b. ``[n_paths, semantic_dim]``
    """

    convolved: list[Tensor]
    gradients: list[Tensor]
    tanh: Tensor
    states: Tensor
    outer: Tensor
    inner: Tensor


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, learning: bool, chosen: Tensor, summarised: Tensor, *tensors: Tensor) -> Tensor:
        query, weight, bias, discriminator, *rest = tensors
        n_paths, n_users = len(rest) // 3, len(rest[-1])
        slopes, convolved = rest[:n_paths], (rest[n_paths : 2 * n_paths], rest[2 * n_paths :])
        size = at_once(query.device, BLOCK, HELD)
        blocks = [slice(start, start + size) for start in range(0, n_users, size)]
        part = query.new_zeros(n_users)  # of the summary that each user is
        part[summarised] = 1.0 / len(summarised)
        sides = [_attended(one, slopes, part, query, weight, bias, blocks, learning) for one in convolved]
        weights = [torch.softmax(side.tanh @ query[0] / n_users, dim=0) for side in sides]  # [n_paths] each
        summary = torch.sigmoid(weights[0] @ sides[0].states)  # [dim]
        towards = discriminator @ summary  # a user's logit is its state times this
        count = query.new_zeros(n_users)
        count[chosen] = 0.5 / len(chosen)
        losses = query.new_zeros(2)
        errors, moments = [], []  # of the logits [n_users]; their products with the states [n_paths, dim]
        for truth, (side, mine) in enumerate(zip(sides, weights, strict=True)):
            error, moment = torch.empty_like(count), torch.zeros_like(side.states)
            for rows in blocks:
                states = [F.prelu(one[rows], slope) for one, slope in zip(side.convolved, slopes, strict=True)]
                logits = sum(share * (one @ towards) for share, one in zip(mine, states, strict=True))
                assert isinstance(logits, Tensor)
                sign = logits if truth else -logits  # the true graph comes first
                losses[truth] += (count[rows] * F.softplus(sign)).sum()
                error[rows] = count[rows] * (torch.sigmoid(logits) - (1 - truth))
                if learning:
                    for path, one in enumerate(states):
                        moment[path] += error[rows] @ one
            errors.append(error)
            moments.append(moment)
        if not learning:
            return losses.sum()
        of_towards = weights[0] @ moments[0] + weights[1] @ moments[1]  # [dim]
        of_mean = (discriminator.T @ of_towards) * summary * (1.0 - summary)
        of_weights = [moments[0] @ towards + sides[0].states @ of_mean, moments[1] @ towards]
        of_scores = [
            mine * (found - mine @ found) / n_users for mine, found in zip(weights, of_weights, strict=True)
        ]  # [n_paths] each
        of_query, of_weight, of_bias = torch.zeros_like(query), torch.zeros_like(weight), torch.zeros_like(bias)
        of_slopes = [torch.zeros_like(slope) for slope in slopes]
        for side, mine, score, error, of_summary in zip(
            sides, weights, of_scores, errors, (of_mean, torch.zeros_like(of_mean)), strict=True
        ):
            of_query += score @ side.tanh
            of_weight += torch.einsum("p,psd->sd", score, side.outer)
            of_bias += score @ side.inner
            by = torch.stack([error, part], dim=1)  # [n_users, 2]
            for path, slope in enumerate(slopes):
                along = mine[path] * torch.stack([towards, of_summary])  # [2, dim]
                negative = slope.item()
                for rows in blocks:
                    one, gradient = side.convolved[path][rows], side.gradients[path][rows]
                    gradient.mul_(score[path]).addmm_(by[rows], along)
                    of_slopes[path] += torch.dot(gradient.flatten(), one.clamp(max=0.0).flatten())
                    # Many times as fast as PReLU's own backward, which chooses number by number.
                    torch.ops.aten.leaky_relu_backward(gradient, one, negative, False, grad_input=gradient)
        made = [of_query, of_weight, of_bias, torch.outer(of_towards, summary), *of_slopes]
        ctx.made = [*made, *sides[0].gradients, *sides[1].gradients]
        return losses.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        made: list[Tensor] = ctx.made
        ctx.made = None
        if gradient.item() != 1.0:
            made = [one * gradient for one in made]
        return None, None, None, *made


def _attended(
    convolved: list[Tensor],
    slopes: list[Tensor],
    part: Tensor,
    query: Tensor,
    weight: Tensor,
    bias: Tensor,
    blocks: list[slice],
    learning: bool,
) -> _Side:
    """Sum up what the scores of the meta-paths and the summary need, and the scores' gradients, which are linear."""
    n_paths, dim, semantic = len(convolved), weight.shape[1], len(bias)
    side = _Side(
        convolved,
        [torch.empty_like(one) for one in convolved] if learning else [],
        weight.new_zeros(n_paths, semantic),
        weight.new_zeros(n_paths, dim),
        weight.new_zeros(n_paths, semantic, dim),
        weight.new_zeros(n_paths, semantic),
    )
    for path, slope in enumerate(slopes):
        for rows in blocks:
            states = F.prelu(convolved[path][rows], slope)
            tanh = torch.addmm(bias, states, weight.T).tanh_()
            side.tanh[path] += tanh.sum(dim=0)
            side.states[path] += part[rows] @ states
            if learning:
                # d score / d (W h + b), but for the score's own gradient, which is known when all are there
                scored = tanh.square_().neg_().add_(1.0).mul_(query[0])
                side.outer[path] += scored.T @ states
                side.inner[path] += scored.sum(dim=0)
                torch.mm(scored, weight, out=side.gradients[path][rows])
    return side
