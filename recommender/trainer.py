"""Training SASRec on next items, stopped by NDCG@10 of the validation items ranked against all."""

import dataclasses
from pathlib import Path

import numpy as np
import torch
from more_itertools import chunked
from torch import Tensor, nn

from kgrec.errors import KgrecError
from kgrec.training import distributed
from kgrec.training.device import at_once, device, in_bf16, record
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from kgrec.training.loop import History, fit
from kgrec.training.row_adam import RowAdam
from recommender.asked import QUESTIONS, ranks, users_asked
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
from recommender.stand_ins import StandIns
from recommender.trained import Variant, identity

VALIDATION_K = 10
PARTS = 4  # of a batch
SCORED = 2 * 10**10  # item scores that a validation computes at most: on a CPU, some minutes
NOT_LEARNED = {"conditioning", "n_candidates"}  # settings that choose among models, or come after them
BY_PERSONA = {"persona_dropout"}  # what a base model has nothing of
BY_GRAPH = {"stand_ins"}  # what the base model without texts has nothing of
ARITHMETIC = "3"  # raised when the same seed gives other weights: a training of before is not gone on with


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
        self.stand_ins = None
        if variant.text and settings.stand_ins:
            self.stand_ins = StandIns(dataset.require_co_occurrence(of), settings.stand_ins)
        known = dataset.sequences.known(of)
        self.model = SASRec(dataset.n_items, settings, conditioning, table).to(self.target_device)
        self.model.objective = loss_for(settings.loss, dataset.n_items, known)
        self.model.items.sparse = samples(settings.loss, dataset.n_items) and by_rows(self.target_device)
        self.parts = at_once(self.target_device, PARTS, 1)
        encoder = _Encoder(self.model)
        self.shape: tuple[int, int] | None = None  # of every batch, once the model is recorded
        if self.target_device.type == "cuda" and distributed.processes() == 1:
            self.shape = settings.batch_size, settings.max_length
            if not record(encoder, self._batch([[]]), *self._personas([0])):
                self.shape = None
        self.lesson = distributed.replicated(_Lesson(encoder))
        self.optimizer: torch.optim.Optimizer = RowAdam(
            self.model.parameters(),
            lr=settings.learning_rate,
            betas=(0.9, 0.98),
            fused=True,  # all weights by one operation
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
        losses, sizes = [], []  # read at the end alone, for which CUDA is waited for
        order = torch.randperm(len(self.taught)).tolist()
        distributed.own_randomness()
        for batch in chunked(order, self.settings.batch_size):
            users = [self.taught[row] for row in batch]
            self.optimizer.zero_grad()
            losses.append(self._accumulate(users))
            sizes.append(len(users))
            self.optimizer.step()
        total = sum(loss.item() * size for loss, size in zip(losses, sizes, strict=True))
        total, of_all = distributed.summed(total, sum(sizes) / distributed.processes())
        return total / of_all

    def _accumulate(self, users: list[int]) -> Tensor:
        """Add the gradient of the batch's mean loss, in parts of like length: most users are short, padding is not."""
        users = sorted(users, key=lambda user: len(self.histories[user]))
        n_targets = sum(min(len(self.histories[user]) - 1, self.settings.max_length) for user in users)
        own = distributed.share(users)
        parts = list(chunked(own, -(-len(own) // self.parts))) if own else [users[:1]]
        mean = torch.zeros((), dtype=torch.float64, device=self.target_device)
        for part in parts:
            histories = [self.histories[user] for user in part]
            before = padded([history[:-1] for history in histories], self.settings.max_length)
            if self.stand_ins is not None:
                before = self.stand_ins(before)
            targets = self._batch([history[1:] for history in histories])
            share = (targets != PADDING).sum() / n_targets if own else 0.0  # who has nothing has to take part
            with distributed.averaging(self.lesson, now=part is parts[-1]):
                loss = self.lesson(self._shaped(before), self._personas(part), targets) * share
                (loss * distributed.processes()).backward()  # the average of the processes is to be the sum
            mean += loss.detach()
        return mean

    def validate(self) -> float:
        """Return NDCG@10 of the validation items, asked for after what was learned."""
        own = self.asked.share(distributed.rank(), distributed.processes())
        return distributed.mean(ndcg(ranks(own, ByModel(self.model)).numpy(), VALIDATION_K))

    def _batch(self, histories: list[list[int]]) -> Tensor:
        """Pad histories on the right: to the longest, or to the shape of a recorded model."""
        return self._shaped(padded(histories, self.settings.max_length))

    def _shaped(self, batch: Tensor) -> Tensor:
        if self.shape is not None:
            batch = _filled(batch, self.shape)
        return batch.to(self.target_device)

    def _personas(self, users: list[int]) -> list[Tensor]:
        """Personas of users, as the only tensor of a list, which is empty where the model has none."""
        if self.personas is None:
            return []
        found = self.personas[users]
        return [found if self.shape is None else _filled(found, (self.shape[0], found.shape[1]))]


def _filled(values: Tensor, shape: tuple[int, int]) -> Tensor:
    """Fill up with zeros, which are padding and no persona."""
    rows, columns = values.shape
    return nn.functional.pad(values, (0, shape[1] - columns, 0, shape[0] - rows))


class _Encoder(nn.Module):
    """The model in half precision where there is one."""

    def __init__(self, model: SASRec):
        super().__init__()
        self.model = model

    def forward(self, before: Tensor, *personas: Tensor) -> Tensor:
        """State after each of the items ``before`` ``[batch, length]``: ``[batch, length, dim]``."""
        with in_bf16(before.device):
            states: Tensor = self.model(before, *personas)
        return states.float()


class _Lesson(nn.Module):
    """The model and its loss in one call, which is what several processes train together."""

    def __init__(self, encoder: _Encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, before: Tensor, personas: list[Tensor], targets: Tensor) -> Tensor:
        """Mean loss of the known ``targets`` that come after the items ``before``, ``[batch, length]`` both."""
        return self.encoder.model.loss(self.encoder(before, *personas), targets)


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
    unused = NOT_LEARNED | (BY_PERSONA if variant.conditioning is None else set())
    unused |= set() if variant.text and settings.stand_ins else BY_GRAPH
    made_by = settings.model_dump(exclude=unused)
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
