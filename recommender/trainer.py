"""Training SASRec on next items, stopped by NDCG@10 of the validation items ranked against all."""

import dataclasses
from pathlib import Path

import numpy as np
import torch
from more_itertools import chunked
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.training.device import device
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from kgrec.training.loop import History, fit
from recommender.asked import ranks, users_asked
from recommender.conditioning import PersonaConditioning
from recommender.dataset import Dataset
from recommender.metrics import ndcg
from recommender.sasrec import SASRec, text_table
from recommender.scoring import by_model
from recommender.sequences import PADDING, padded
from recommender.settings import SASRecSettings
from recommender.trained import Variant, identity

VALIDATION_K = 10
PARTS = 4  # of a batch
NOT_LEARNED = {"conditioning", "n_candidates"}  # settings that choose among models, or come after them
BY_PERSONA = {"persona_dropout"}  # what a base model has nothing of
ARITHMETIC = "2"  # raised when the same seed gives other weights: a training of before is not gone on with


class SASRecTraining:
    """One epoch goes once over all users in random order."""

    def __init__(self, dataset: Dataset, settings: SASRecSettings, variant: Variant, of: Fit):
        self.settings, self.target_device = settings, device()
        torch.manual_seed(settings.seed)
        conditioning, table, self.personas = None, None, None
        if variant.conditioning is not None:
            found = dataset.require_personas(of).vectors
            conditioning = PersonaConditioning(
                variant.conditioning, found.shape[1], settings.dim, settings.persona_dropout
            )
            conditioning.fit_scale(found)
            self.personas = found.to(self.target_device)
        if variant.text:
            dataset.require_texts()
            table = text_table(dataset.texts, settings.dim)
        self.model = SASRec(dataset.n_items, settings, conditioning, table).to(self.target_device)
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98)
        )
        known = dataset.sequences.known(of)
        self.histories = known.histories
        self.taught = np.flatnonzero(known.lengths > 1).tolist()
        if not self.taught:
            raise KgrecError("No user has two interactions to learn from: there is no sequence.")
        if of is Fit.VALIDATION:
            self.asked = users_asked(dataset, of).by_length()

    def train_epoch(self, epoch: int) -> float:
        """Teach each item that is known from the ones before it."""
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
        users = sorted(users, key=lambda user: len(self.histories[user]))
        n_targets = sum(min(len(self.histories[user]) - 1, self.settings.max_length) for user in users)
        size = -(-len(users) // PARTS)
        mean = 0.0
        for part in chunked(users, size):
            histories = [self.histories[user] for user in part]
            before = padded([history[:-1] for history in histories], self.settings.max_length).to(self.target_device)
            targets = padded([history[1:] for history in histories], self.settings.max_length).to(self.target_device)
            states = self.model(before, self._personas(part))
            loss = self.model.loss(states, targets) * ((targets != PADDING).sum() / n_targets)
            loss.backward()  # type: ignore[no-untyped-call]
            mean += loss.item()
        return mean

    def validate(self) -> float:
        """Return NDCG@10 of the validation items, asked for after what was learned."""
        return float(ndcg(ranks(self.asked, by_model(self.model)).numpy(), VALIDATION_K).mean())

    def _personas(self, users: list[int]) -> Tensor | None:
        return None if self.personas is None else self.personas[users]


def train(
    run: Path,
    variant: Variant,
    dataset: Dataset,
    settings: SASRecSettings,
    of: Fit = Fit.VALIDATION,
    epochs: int | None = None,
    fresh: bool = False,
) -> History:
    """Train one model into the folder of its fit, or go on with what is there.

    Args:
        run: folder of the run.
        variant: which model.
        dataset: interactions of later splits than the fit's are neither learned from nor part of the fingerprint.
        settings: sizes and schedule.
        of: the validation fit chooses its number of epochs; the others are given it.
        epochs: what the validation fit chose.
        fresh: forget the checkpoint that is there.

    Raises:
        KgrecError: there is nothing to learn from, or `kgrec.training.loop.fit` refuses.
        ValueError: the number of epochs is missing, or given to the fit that chooses it.
    """
    if (epochs is None) != (of is Fit.VALIDATION):
        raise ValueError("the validation fit chooses the number of epochs, the other fits are given it")
    training = SASRecTraining(dataset, settings, variant, of)
    known = dataset.sequences.known(of)
    made_by = settings.model_dump(exclude=NOT_LEARNED | (BY_PERSONA if variant.conditioning is None else set()))
    parts: list[object] = [ARITHMETIC, made_by, dataclasses.astuple(variant), of.value, epochs]
    parts += [dataset.items_digest, known.offsets, known.items, dataset.texts_digest if variant.text else ""]
    if of is Fit.VALIDATION:
        parts += [training.asked.users, training.asked.targets]
    if variant.conditioning is not None:
        parts.append(dataset.require_personas(of).run_id)
    return fit(
        training,
        epochs=epochs or settings.epochs,
        patience=None if epochs else settings.patience,
        seed=settings.seed,
        checkpoint=of.folder(run) / f"{variant.name}.pt",
        fingerprint=fingerprint(*parts),
        settings=identity(dataset, settings, variant, of),
        label=f"{variant.name}, {of} fit",
        fresh=fresh,
    )
