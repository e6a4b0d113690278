"""Training SASRec on next items, stopped by NDCG@10 of the validation items ranked against all."""

import dataclasses
from pathlib import Path

import numpy as np
import torch
from more_itertools import chunked
from torch import Tensor, nn

from kgrec.errors import KgrecError
from kgrec.training import distributed
from kgrec.training.device import compile_where_possible, device, in_bf16
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from kgrec.training.loop import History, fit
from kgrec.training.row_adam import RowAdam
from recommender.asked import ranks, users_asked
from recommender.catalogue import keep_items
from recommender.conditioning import PersonaConditioning
from recommender.dataset import Dataset
from recommender.metrics import ndcg
from recommender.objective import loss_for, samples
from recommender.sampled_softmax import by_rows
from recommender.sasrec import SASRec, text_table
from recommender.scoring import ByModel
from recommender.sequences import PADDING, padded
from recommender.settings import SASRecSettings
from recommender.trained import Variant, identity

VALIDATION_K = 10
PARTS = 4  # of a batch
SCORED = 2 * 10**10  # item scores that a validation computes at most: on a CPU, some minutes
QUESTIONS = 20_000  # validation targets that are looked at however large the catalogue is
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
        known = dataset.sequences.known(of)
        self.model = SASRec(dataset.n_items, settings, conditioning, table).to(self.target_device)
        self.model.objective = loss_for(settings.loss, dataset.n_items, known)
        self.model.items.sparse = samples(settings.loss, dataset.n_items) and by_rows(self.target_device)
        compile_where_possible(self.model, self.target_device)
        self.lesson = distributed.replicated(_Lesson(self.model))
        self.optimizer: torch.optim.Optimizer = RowAdam(
            self.model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98)
        )
        self.histories = known.histories
        self.taught = np.flatnonzero(known.lengths > 1).tolist()
        if not self.taught:
            raise KgrecError("No user has two interactions to learn from: there is no sequence.")
        if of is Fit.VALIDATION:
            most = max(QUESTIONS, SCORED // dataset.n_items)
            self.asked = users_asked(dataset, of).sample(most).by_length()

    def train_epoch(self, epoch: int) -> float:
        """Teach each item that is known from the ones before it."""
        total = count = 0.0
        order = torch.randperm(len(self.taught)).tolist()
        distributed.own_randomness()
        for batch in chunked(order, self.settings.batch_size):
            users = [self.taught[row] for row in batch]
            self.optimizer.zero_grad()
            total, count = total + self._accumulate(users) * len(users), count + len(users)
            self.optimizer.step()
        total, of_all = distributed.summed(total, count / distributed.processes())
        return total / of_all

    def _accumulate(self, users: list[int]) -> float:
        """Add the gradient of the batch's mean loss, in parts of like length: most users are short, padding is not."""
        users = sorted(users, key=lambda user: len(self.histories[user]))
        n_targets = sum(min(len(self.histories[user]) - 1, self.settings.max_length) for user in users)
        own = distributed.share(users)
        parts = list(chunked(own, -(-len(own) // PARTS))) if own else [users[:1]]
        mean = 0.0
        for part in parts:
            histories = [self.histories[user] for user in part]
            before = padded([history[:-1] for history in histories], self.settings.max_length).to(self.target_device)
            targets = padded([history[1:] for history in histories], self.settings.max_length).to(self.target_device)
            share = (targets != PADDING).sum() / n_targets if own else 0.0  # who has nothing has to take part
            with distributed.averaging(self.lesson, now=part is parts[-1]):
                loss = self.lesson(before, self._personas(part), targets) * share
                (loss * distributed.processes()).backward()  # the average of the processes is to be the sum
            mean += loss.item()
        return mean

    def validate(self) -> float:
        """Return NDCG@10 of the validation items, asked for after what was learned."""
        own = self.asked.share(distributed.rank(), distributed.processes())
        return distributed.mean(ndcg(ranks(own, ByModel(self.model)).numpy(), VALIDATION_K))

    def _personas(self, users: list[int]) -> Tensor | None:
        return None if self.personas is None else self.personas[users]


class _Lesson(nn.Module):
    """The model and its loss in one call, which is what several processes train together."""

    def __init__(self, model: SASRec):
        super().__init__()
        self.model = model

    def forward(self, before: Tensor, personas: Tensor | None, targets: Tensor) -> Tensor:
        """Mean loss of the known ``targets`` that come after the items ``before``, ``[batch, length]`` both."""
        with in_bf16(before.device):
            states = self.model(before, personas)
        return self.model.loss(states.float(), targets)


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
    if samples(settings.loss, dataset.n_items):
        parts.append("mixed negatives, rows alone")  # checkpoints of an earlier kgrec were made otherwise
    if distributed.leads():
        keep_items(run, dataset.item_ids)
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
