"""Self-attentive sequential recommendation, SASRec (Kang and McAuley 2018, arXiv 1808.09781)."""

import math

import torch
from torch import Tensor, nn

from recommender.blocks import BLOCKS
from recommender.conditioning import PersonaConditioning
from recommender.dropout import Dropout
from recommender.losses import Loss, full_softmax
from recommender.sequences import PADDING
from recommender.settings import SASRecSettings

INITIAL_STD = 0.02
BLOCK = 2**13  # rows at once


class SASRec(nn.Module):
    """Predicts the next item of a sequence; with ``conditioning``, of this user's sequence.

    Args:
        n_items: items are numbered 1 to ``n_items``; 0 is padding.
        settings: sizes and block.
        conditioning: how the persona comes in; ``None`` for the base model.
        item_table: first values of the item embeddings ``[n_items + 1, dim]``; random when ``None``.
    """

    def __init__(
        self,
        n_items: int,
        settings: SASRecSettings,
        conditioning: PersonaConditioning | None = None,
        item_table: Tensor | None = None,
    ):
        super().__init__()
        self.objective: Loss = full_softmax  # until a trainer gives it another
        self.n_items, self.max_length = n_items, settings.max_length
        self.unlearned: Tensor | None = None  # items that came later, whose rows are encoded: [n_items + 1]
        self.items = nn.Embedding(n_items + 1, settings.dim, padding_idx=PADDING)
        self.positions = nn.Embedding(settings.max_length, settings.dim)
        self.dropout = Dropout(settings.dropout)
        make = BLOCKS[settings.block]
        self.blocks = nn.ModuleList(
            make(settings.dim, settings.heads, settings.dropout) for _ in range(settings.blocks)
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
            sequences: item numbers, padded on the right with 0. ``[batch, length]``
            personas: zeros for a user without one. ``[batch, persona_dim]``

        Returns:
            ``[batch, length, dim]``; what stands at padded places means nothing.
        """
        states, projected = self._enter(sequences, personas)
        for transform in self.blocks:
            states = transform(states)
        return self._leave(self.norm(states), projected)

    def next_states(self, sequences: Tensor, personas: Tensor | None = None) -> Tensor:
        """State after the last item of each sequence, without computing the last block for the others.

        Returns:
            ``[batch, dim]``
        """
        states, projected = self._enter(sequences, personas)
        added = states.shape[1] - sequences.shape[1]
        last = (sequences != PADDING).sum(dim=1).clamp(min=1) - 1 + added  # [batch]
        for transform in self.blocks[:-1]:
            states = transform(states)
        states = self.norm(self.blocks[-1](states, last))  # [batch, 1, dim]
        if self.conditioning is not None and projected is not None and not added:
            states = self.conditioning.leave(states, projected)
        return states[:, 0]

    def _enter(self, sequences: Tensor, personas: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Input of the blocks ``[batch, length or one more, dim]``, and the projected personas ``[batch, dim]``."""
        real = sequences != PADDING  # [batch, length]
        # Counted from the end of each sequence, so that its last item always stands at the same place.
        places = real.sum(dim=1, keepdim=True) - 1 - torch.arange(sequences.shape[1], device=sequences.device)
        embedded = self.items(sequences) * math.sqrt(self.items.embedding_dim) + self.positions(places.clamp(min=0))
        states = self.dropout(embedded) * real[..., None]
        if self.conditioning is None:
            return states, None
        if personas is None:
            raise ValueError("a persona-conditioned SASRec needs personas")
        projected = self.conditioning(personas)  # [batch, dim]
        return self.conditioning.enter(states, projected), projected

    def _leave(self, states: Tensor, projected: Tensor | None) -> Tensor:
        if self.conditioning is None or projected is None:
            return states
        return self.conditioning.leave(states, projected)

    def scores(self, states: Tensor) -> Tensor:
        """Score all items: ``[..., dim]`` to ``[..., n_items + 1]``, minus infinity for padding."""
        scores: Tensor = states @ self.items.weight.T
        scores[..., PADDING] = -torch.inf
        return scores

    def next_scores(self, sequences: Tensor, personas: Tensor | None = None) -> Tensor:
        """Score all items as the next of each sequence: ``[batch, n_items + 1]``."""
        return self.scores(self.next_states(sequences, personas))

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

    Principal components of the items that have a text, scaled to the usual spread; the others start at random. The
    components are those of the covariance, which is added up by blocks: a large catalogue's texts are not copied.
    """
    table = torch.randn(len(texts), dim) * INITIAL_STD
    known = texts.any(dim=1)
    n_known = int(known.sum())
    total = torch.zeros(texts.shape[1], dtype=torch.float64)
    products = torch.zeros(texts.shape[1], texts.shape[1], dtype=torch.float64)
    for block in torch.split(texts, BLOCK):  # items without a text are zeros, and add nothing
        total += block.sum(dim=0)
        products += block.T @ block
    mean = total / n_known
    _, components = torch.linalg.eigh(products - n_known * torch.outer(mean, mean))  # the least first
    main = components.flip(1)[:, : min(dim, n_known)]  # [text_dim, at most dim]
    reduced = (texts @ main.float() - (mean @ main).float())[known]
    table[known, : main.shape[1]] = reduced.mul_(INITIAL_STD / reduced.std().clamp(min=1e-6))
    return table
