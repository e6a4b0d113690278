"""Self-attentive sequential recommendation, SASRec (Kang and McAuley 2018, arXiv 1808.09781)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recommender.blocks import Block, MakeBlock
from recommender.conditioning import PersonaConditioning
from recommender.losses import FullSoftmax, Loss
from recommender.sequences import PADDING
from recommender.settings import SASRecSettings

INITIAL_STD = 0.02


class SASRec(nn.Module):
    """Predicts the next item of a sequence; with ``conditioning``, of this user's sequence.

    Args:
        n_items: items are numbered 1 to ``n_items``; 0 is padding.
        settings: sizes.
        conditioning: how the persona comes in; ``None`` for the base model.
        item_table: first values of the item embeddings ``[n_items + 1, dim]``; random when ``None``.
        block: makes one block.
        objective: what `loss` computes; scoring does not need it.
    """

    def __init__(
        self,
        n_items: int,
        settings: SASRecSettings,
        conditioning: PersonaConditioning | None = None,
        item_table: Tensor | None = None,
        block: MakeBlock = Block,
        objective: Loss | None = None,
    ):
        super().__init__()
        self.objective = objective or FullSoftmax()
        self.n_items, self.heads = n_items, settings.heads
        self.max_length = settings.max_length
        self.items = nn.Embedding(n_items + 1, settings.dim, padding_idx=PADDING)
        self.positions = nn.Embedding(settings.max_length, settings.dim)
        self.dropout = nn.Dropout(settings.dropout)
        self.blocks = nn.ModuleList(
            block(settings.dim, settings.heads, settings.dropout) for _ in range(settings.blocks)
        )
        self.norm = nn.LayerNorm(settings.dim)
        self.conditioning = conditioning
        with torch.no_grad():
            nn.init.normal_(self.items.weight, std=INITIAL_STD)
            nn.init.normal_(self.positions.weight, std=INITIAL_STD)
            if item_table is not None:
                self.items.weight.copy_(item_table)
            self.items.weight[PADDING] = 0.0

    def forward(self, sequences: Tensor, personas: Tensor | None = None) -> Tensor:
        """State after each item.

        Args:
            sequences: item numbers, padded on the left with 0. ``[batch, length]``
            personas: zeros for a user without one. ``[batch, persona_dim]``

        Returns:
            ``[batch, length, dim]``; what stands at padded places means nothing.
        """
        length = sequences.shape[1]
        # Counted from the end, so that the amount of padding does not matter.
        places = torch.arange(length - 1, -1, -1, device=sequences.device)
        states = self.items(sequences) * math.sqrt(self.items.embedding_dim) + self.positions(places)
        states = self.dropout(states) * (sequences != PADDING)[..., None]  # [batch, length, dim]
        visible = sequences != PADDING  # [batch, length]
        projected: Tensor | None = None
        if self.conditioning is not None:
            if personas is None:
                raise ValueError("a persona-conditioned SASRec needs personas")
            projected = self.conditioning(personas)  # [batch, dim]
            states = self.conditioning.enter(states, projected)
            added = states.shape[1] - length
            visible = F.pad(visible, (added, 0), value=True)
        hidden = _hidden(visible, self.heads)
        for transform in self.blocks:
            states = transform(states, hidden)
        states = self.norm(states)
        if self.conditioning is not None and projected is not None:
            states = self.conditioning.leave(states, projected)
        result: Tensor = states
        return result

    def scores(self, states: Tensor) -> Tensor:
        """Score all items: ``[..., dim]`` to ``[..., n_items + 1]``, minus infinity for padding."""
        scores: Tensor = states @ self.items.weight.T
        scores[..., PADDING] = -torch.inf
        return scores

    def next_scores(self, sequences: Tensor, personas: Tensor | None = None) -> Tensor:
        """Score all items as the next of each sequence: ``[batch, n_items + 1]``."""
        return self.scores(self(sequences, personas)[:, -1])

    def loss(self, states: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over the places whose next item is known.

        Args:
            states: ``[batch, length, dim]``
            targets: next item at each place, 0 where there is none. ``[batch, length]``
        """
        known = targets != PADDING
        return self.objective(states[known], targets[known], self.items.weight)


def text_table(texts: Tensor, dim: int) -> Tensor:
    """Reduce text embeddings ``[n_items + 1, text_dim]`` to a first item table ``[n_items + 1, dim]``.

    Principal components of the items that have a text, scaled to the usual spread; the others start at random.
    """
    table = torch.randn(len(texts), dim) * INITIAL_STD
    known = texts.abs().sum(dim=1) > 0
    centred = texts[known] - texts[known].mean(dim=0)
    _, _, components = torch.linalg.svd(centred, full_matrices=False)
    reduced = centred @ components[:dim].T  # [n_known, at most dim]
    table[known, : reduced.shape[1]] = reduced / reduced.std().clamp(min=1e-6) * INITIAL_STD
    return table


def _hidden(visible: Tensor, heads: int) -> Tensor:
    """Mask of later and padded places ``[batch * heads, length, length]``; every place may look at itself."""
    length = visible.shape[1]
    later = torch.ones(length, length, dtype=torch.bool, device=visible.device).triu(1)
    hidden = later | ~visible[:, None]  # [batch, length, length]
    hidden = hidden & ~torch.eye(length, dtype=torch.bool, device=visible.device)
    return hidden.repeat_interleave(heads, dim=0)
