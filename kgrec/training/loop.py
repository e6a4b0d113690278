"""The epoch loop of both trainers: progress, early stopping, checkpoints, exact resumption."""

import math
from contextlib import nullcontext
from dataclasses import dataclass, field
from operator import index
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from pydantic import TypeAdapter

from kgrec.errors import KgrecError
from kgrec.terminal import progress
from kgrec.training import checkpoint as checkpoints
from kgrec.training import distributed

NUMBERS = TypeAdapter(list[float])

Model = TypeVar("Model", bound=torch.nn.Module, covariant=True)


class Trainable(Protocol[Model]):
    """What the loop drives: a model, its optimizer, one epoch of training, and a validation score."""

    @property
    def model(self) -> Model:
        """The model that is trained."""
        ...

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """What changes its weights."""
        ...

    def train_epoch(self, epoch: int) -> float:
        """Train once over the data and return the mean loss."""
        ...

    def validate(self) -> float:
        """Return a score on held-out data; higher is better. Never called where there is nothing to choose."""
        ...


@dataclass
class History:
    """What happened: a loss and a score for each epoch, and which epoch's weights were kept (from 0).

    There are no scores where the number of epochs was given, and the last epoch's weights are kept.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_epoch: int = -1
    resumed_at: int = 0

    @property
    def best_score(self) -> float:
        """Validation score of the kept weights.

        Raises:
            IndexError: there was no validation.
        """
        return self.scores[self.best_epoch]


def fit(
    trainable: Trainable[torch.nn.Module],
    *,
    epochs: int,
    patience: int | None,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
    settings: dict[str, Any],
    label: str,
    fresh: bool = False,
) -> History:
    """Train until ``epochs`` are done or ``patience`` epochs bring no better score, and keep the best weights.

    Without ``patience`` nothing is chosen: all epochs are trained and the last weights kept, as a fit on all
    interactions has to.

    Randomness is seeded anew from ``(seed, epoch)`` at each epoch, so a run that was interrupted and resumed gives
    the weights of an uninterrupted one, on a CPU: nothing makes CUDA's algorithms deterministic. A finished
    checkpoint of the same fingerprint is loaded, not trained again.

    Args:
        trainable: model, optimizer, epoch and validation.
        epochs: at most so many.
        patience: epochs without a better score before stopping; ``None`` to train all epochs without validation.
        seed: of everything random in training.
        checkpoint: file that is replaced after each epoch.
        fingerprint: digest of settings and data.
        settings: stored beside the weights, as they made them.
        label: name in the progress bar.
        fresh: forget the checkpoint that is there.

    Raises:
        KgrecError: the checkpoint is damaged, was made with other settings or data, or cannot be written; or
            the loss is no longer a number.
    """
    stored = None if fresh else distributed.from_leader(lambda: checkpoints.load(checkpoint))
    if stored is None:
        state = _State(History(), {})
    elif stored["fingerprint"] == fingerprint:
        with checkpoints.restoring(checkpoint):
            state = _restore(trainable, stored, validated=patience is not None)
    else:
        raise KgrecError(
            f"{checkpoint} was trained with other settings or on another graph, or by an older kgrec: give --fresh "
            "to train anew, or another folder with --run."
        )
    if stored is None or not stored["finished"]:
        with progress(label, epochs) if distributed.leads() else nullcontext(_silent) as advance:
            advance(len(state.history.losses), "")
            for epoch in range(len(state.history.losses), epochs):
                loss = _epoch(trainable, epoch, seed, label)
                score = None if patience is None else _score(trainable)
                state.record(trainable.model, loss, score, last=epoch + 1 == epochs)
                tired = patience is not None and epoch - state.history.best_epoch >= patience
                stop = epoch + 1 == epochs or tired
                identity = {"fingerprint": fingerprint, "settings": settings, "finished": stop}
                if distributed.leads():
                    checkpoints.save(checkpoint, identity | _snapshot(trainable, state))
                judged = "" if score is None else f"  validation {score:.4f}"
                advance(epoch + 1, f"{epoch + 1}/{epochs}  loss {loss:.4f}{judged}")
                if stop:
                    break
    trainable.model.load_state_dict(state.best_model)
    trainable.model.eval()
    return state.history


def _silent(done: int, told: str) -> None:
    """Stand in for a progress bar where another process shows it."""


@dataclass
class _State:
    """The history so far and the weights of its best epoch."""

    history: History
    best_model: dict[str, torch.Tensor]

    def record(self, model: torch.nn.Module, loss: float, score: float | None, last: bool) -> None:
        self.history.losses.append(loss)
        if score is not None:
            self.history.scores.append(score)
            last = self.history.best_epoch < 0 or score > self.history.best_score
        if last:
            self.history.best_epoch = len(self.history.losses) - 1
            self.best_model = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def _epoch(trainable: Trainable[torch.nn.Module], epoch: int, seed: int, label: str) -> float:
    torch.manual_seed(seed * 1_000_003 + epoch)
    trainable.model.train()
    loss = trainable.train_epoch(epoch)
    # The last step comes after the loss that it was made by.
    if not math.isfinite(loss) or not all(torch.isfinite(one).all() for one in trainable.model.parameters()):
        raise KgrecError(f"{label}: the loss is not a number in epoch {epoch + 1}: lower the learning rate.")
    return loss


def _score(trainable: Trainable[torch.nn.Module]) -> float:
    trainable.model.eval()
    with torch.no_grad():
        return trainable.validate()


def _snapshot(trainable: Trainable[torch.nn.Module], state: _State) -> checkpoints.Checkpoint:
    return {
        "losses": state.history.losses,
        "scores": state.history.scores,
        "best_epoch": state.history.best_epoch,
        "best_model": state.best_model,
        "model": trainable.model.state_dict(),
        "optimizer": trainable.optimizer.state_dict(),
    }


def _restore(trainable: Trainable[torch.nn.Module], stored: checkpoints.Checkpoint, validated: bool) -> _State:
    losses, scores = (NUMBERS.validate_python(stored[name], strict=True) for name in ("losses", "scores"))
    epochs = len(losses)
    history = History(losses, scores, index(stored["best_epoch"]), resumed_at=epochs)
    if not -1 <= history.best_epoch < epochs or len(scores) != (epochs if validated else 0):
        raise ValueError("epochs that do not fit each other")
    if stored["finished"] or history.best_epoch >= 0:
        trainable.model.load_state_dict(stored["best_model"])  # whether it fits is known before there is more training
    trainable.model.load_state_dict(stored["model"])
    trainable.optimizer.load_state_dict(stored["optimizer"])
    for weights, kept in trainable.optimizer.state.items():
        if any(isinstance(one, torch.Tensor) and one.dim() and one.shape != weights.shape for one in kept.values()):
            raise ValueError("the optimizer's state is of other weights")
    return _State(history, stored["best_model"])
