"""Ways of conditioning a sequence model on the user's persona (arXiv 2604.06928, second stage)."""

import torch
from torch import Tensor, nn

from recommender.settings import Conditioning


class PersonaConditioning(nn.Module):
    """Lets a persona into a sequence model.

    - ``prefix``: the projected persona is a first token that all items attend to.
    - ``add``: the projected persona is added to every output state: a long-term offset to the short-term intent.
    - ``gate``: a learned gate weighs, per dimension, the output state against the projected persona.

    There is none for ``late``: the persona then stays outside (`recommender.sources.affinity`).

    The persona was learned from the same training interactions that the sequence model is taught to predict, so in
    training it tells more than it will about an unseen item. Whole personas are therefore dropped at random, most of
    the time; the zero vector that remains is also the state of a user without a persona.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, way: Conditioning, persona_dim: int, dim: int, dropout: float):
        super().__init__()
        self.way, self.dropout = way, dropout
        self.project = nn.Linear(persona_dim, dim, bias=False)
        if way == "gate":
            self.gate = nn.Linear(2 * dim, dim)
        self.register_buffer("mean", torch.zeros(persona_dim))
        self.register_buffer("scale", torch.ones(persona_dim))

    def fit_scale(self, personas: Tensor) -> None:
        """Take mean and spread from the training users' personas ``[n_users, persona_dim]``; zero rows are none."""
        known = personas[personas.abs().sum(dim=1) > 0]
        if len(known):
            self.mean.copy_(known.mean(dim=0))
            self.scale.copy_(known.std(dim=0, correction=0).clamp(min=1e-6))

    def forward(self, personas: Tensor) -> Tensor:
        """Standardise and project ``[batch, persona_dim]`` to ``[batch, dim]``; none stays zero."""
        known = (personas.abs().sum(dim=1, keepdim=True) > 0).float()  # [batch, 1]
        if self.training:
            known = known * (torch.rand_like(known) >= self.dropout)
        projected: Tensor = self.project((personas - self.mean) / self.scale * known)
        return projected

    def enter(self, tokens: Tensor, projected: Tensor) -> Tensor:
        """Change the input of the blocks ``[batch, length, dim]``; ``prefix`` makes it one token longer."""
        return torch.cat([projected[:, None], tokens], dim=1) if self.way == "prefix" else tokens

    def leave(self, states: Tensor, projected: Tensor) -> Tensor:
        """Change the output of the blocks, back to ``[batch, length, dim]``."""
        if self.way == "prefix":
            return states[:, 1:]
        offset = projected[:, None].expand_as(states)
        if self.way == "add":
            return states + offset
        gate = torch.sigmoid(self.gate(torch.cat([states, offset], dim=-1)))
        result: Tensor = gate * states + (1 - gate) * offset
        return result
