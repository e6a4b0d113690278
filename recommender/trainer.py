"""Training SASRec on next items, stopped by NDCG@10 of the validation items ranked against all."""

from pathlib import Path

import numpy as np
import torch
from more_itertools import chunked
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.training.device import device
from kgrec.training.fingerprint import fingerprint
from kgrec.training.loop import History, fit
from recommender.conditioning import PersonaConditioning
from recommender.dataset import Dataset
from recommender.losses import loss_for
from recommender.metrics import ndcg, target_ranks
from recommender.sasrec import SASRec, text_table
from recommender.scoring import score_histories, seen_items
from recommender.sequences import PADDING, TRAIN, padded
from recommender.settings import Conditioning, SASRecSettings
from recommender.trained import identity

VALIDATION_K = 10
RANKED_AT_ONCE = 512
PARTS = 4  # of a batch
PERSONA_SETTINGS = {"conditioning", "persona_dropout", "text_init", "n_candidates"}  # the base model has none of them


class SASRecTraining:
    """One epoch goes once over all users in random order."""

    def __init__(self, dataset: Dataset, settings: SASRecSettings, way: Conditioning | None):
        self.sequences, self.settings, self.target_device = dataset.sequences, settings, device()
        torch.manual_seed(settings.seed)
        conditioning, table, self.personas = None, None, None
        if way is not None:
            dataset.require_personas()
            conditioning = PersonaConditioning(way, dataset.personas.shape[1], settings.dim, settings.persona_dropout)
            conditioning.fit_scale(dataset.personas)
            self.personas = dataset.personas.to(self.target_device)
            if settings.text_init:
                dataset.require_texts()
                table = text_table(dataset.texts, settings.dim)
        self.model = SASRec(dataset.n_items, settings, conditioning, table, objective=loss_for(dataset.n_items)).to(
            self.target_device
        )
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98)
        )
        lengths = self.sequences.lengths
        self.taught = np.flatnonzero(lengths > 1).tolist()
        validated = np.flatnonzero(self.sequences.validation != PADDING)
        self.validated = validated[np.argsort(lengths[validated], kind="stable")]  # like lengths are ranked together
        if not self.taught:
            raise KgrecError("No user has two training interactions: there is nothing to learn a sequence from.")
        if not len(self.validated):
            raise KgrecError("No user has a validation interaction: every user has fewer than three interactions.")

    def train_epoch(self, epoch: int) -> float:
        """Teach each training item from the ones before it."""
        total = count = 0.0
        order = torch.randperm(len(self.taught)).tolist()
        for batch in chunked(order, self.settings.batch_size):
            users = [self.taught[row] for row in batch]
            self.optimizer.zero_grad()
            total, count = total + self._accumulate(users) * len(users), count + len(users)
            self.optimizer.step()
        return total / count

    def _accumulate(self, users: list[int]) -> float:
        """Add the gradient of the batch's mean loss, in parts of like length: most users are short, padding is not."""
        histories = self.sequences.train
        users = sorted(users, key=lambda user: len(histories[user]))
        n_targets = sum(min(len(histories[user]) - 1, self.settings.max_length) for user in users)
        size = -(-len(users) // PARTS)
        mean = 0.0
        for part in chunked(users, size):
            # One item more than the model sees: inputs are all but the last, targets all but the first.
            items = padded([histories[user] for user in part], self.settings.max_length + 1).to(self.target_device)
            states = self.model(items[:, :-1], self._personas(part))
            targets = items[:, 1:].masked_fill(items[:, :-1] == PADDING, PADDING)
            loss = self.model.loss(states, targets) * ((targets != PADDING).sum() / n_targets)
            loss.backward()  # type: ignore[no-untyped-call]
            mean += loss.item()
        return mean

    def validate(self) -> float:
        """Return NDCG@10 of the validation items after the training sequences."""
        ranks = []
        for users in np.array_split(self.validated, -(-len(self.validated) // RANKED_AT_ONCE)):
            histories = [self.sequences.train[user] for user in users]
            scores = score_histories(self.model, histories, self._personas(users.tolist()))
            targets = torch.from_numpy(self.sequences.validation[users]).to(scores.device)
            ranks.append(target_ranks(scores, targets, seen_items(histories, scores)).cpu())
        return float(ndcg(torch.cat(ranks).numpy(), VALIDATION_K).mean())

    def _personas(self, users: list[int]) -> Tensor | None:
        return None if self.personas is None else self.personas[users]


def train(
    run: Path,
    name: str,
    dataset: Dataset,
    settings: SASRecSettings,
    way: Conditioning | None = None,
    fresh: bool = False,
) -> History:
    """Train one model into ``run/name.pt``, or go on with what is there.

    Args:
        run: folder of the checkpoint.
        name: of the file.
        dataset: test targets are neither learned from nor part of the fingerprint.
        settings: sizes and schedule.
        way: how the persona comes in; ``None`` for the base model.
        fresh: forget the checkpoint that is there.

    Raises:
        KgrecError: there is nothing to learn from, or `kgrec.training.loop.fit` refuses.
    """
    training = SASRecTraining(dataset, settings, way)
    sequences = dataset.sequences
    made_by = settings.model_dump(exclude=PERSONA_SETTINGS if way is None else {"conditioning", "n_candidates"})
    taught = sequences.items[sequences.splits == TRAIN]
    parts: list[object] = [made_by, dataset.items_digest, sequences.lengths, taught, sequences.validation]
    if way is not None:
        parts += [way, dataset.persona_run, dataset.texts_digest if settings.text_init else ""]
    return fit(
        training,
        epochs=settings.epochs,
        patience=settings.patience,
        seed=settings.seed,
        checkpoint=run / f"{name}.pt",
        fingerprint=fingerprint(*parts),
        settings=identity(dataset, settings, way),
        label=name,
        fresh=fresh,
    )
