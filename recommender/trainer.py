"""Training SASRec on next items, stopped by NDCG@10 of the validation items ranked against all."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.training import History, device, fingerprint, fit, load_checkpoint
from recommender.conditioning import PersonaConditioning
from recommender.metrics import ndcg, target_ranks
from recommender.sasrec import SASRec, text_table
from recommender.sequences import PADDING, Catalogue, Sequences, UserPersonas, padded
from recommender.settings import Conditioning, SASRecSettings

VALIDATION_K = 10
RANKED_AT_ONCE = 512
PARTS = 4  # of a batch
PERSONA_SETTINGS = {"conditioning", "persona_dropout", "text_init", "n_candidates"}  # the base model has none of them


@dataclass(frozen=True)
class PersonaInput:
    """What the persona-conditioned model has beyond the sequences."""

    way: Conditioning
    personas: UserPersonas
    texts: Tensor  # [n_items + 1, text_dim]


class SASRecTraining:
    """One epoch goes once over all users in random order."""

    def __init__(
        self, sequences: Sequences, n_items: int, settings: SASRecSettings, persona_input: PersonaInput | None
    ):
        self.sequences, self.settings, self.target_device = sequences, settings, device()
        torch.manual_seed(settings.seed)
        conditioning, table, self.personas = None, None, None
        if persona_input is not None:
            vectors = persona_input.personas.vectors
            conditioning = PersonaConditioning(
                persona_input.way, vectors.shape[1], settings.dim, settings.persona_dropout
            )
            conditioning.fit_scale(vectors)
            table = text_table(persona_input.texts, settings.dim) if settings.text_init else None
            self.personas = vectors.to(self.target_device)
        self.model: torch.nn.Module = SASRec(n_items, settings, conditioning, table).to(self.target_device)
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98)
        )
        self.taught = [user for user, items in enumerate(sequences.train) if len(items) > 1]
        validated = np.flatnonzero(sequences.validation != PADDING)
        lengths = np.array([len(sequences.train[user]) for user in validated])
        self.validated = validated[np.argsort(lengths, kind="stable")]  # like lengths are ranked together
        if not self.taught:
            raise KgrecError("No user has two training interactions: there is nothing to learn a sequence from.")
        if not len(self.validated):
            raise KgrecError("No user has a validation interaction: every user has fewer than three interactions.")

    def train_epoch(self, epoch: int) -> float:
        """Teach each training item from the ones before it."""
        total = count = 0.0
        order = torch.randperm(len(self.taught)).tolist()
        for start in range(0, len(order), self.settings.batch_size):
            users = [self.taught[row] for row in order[start : start + self.settings.batch_size]]
            self.optimizer.zero_grad()
            total, count = total + self._accumulate(users) * len(users), count + len(users)
            self.optimizer.step()
        return total / count

    def _accumulate(self, users: list[int]) -> float:
        """Add the gradient of the batch's mean loss, in parts of like length: most users are short, padding is not."""
        assert isinstance(self.model, SASRec)
        histories = self.sequences.train
        users = sorted(users, key=lambda user: len(histories[user]))
        n_targets = sum(min(len(histories[user]) - 1, self.settings.max_length) for user in users)
        size = -(-len(users) // PARTS)
        mean = 0.0
        for part in (users[start : start + size] for start in range(0, len(users), size)):
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
        assert isinstance(self.model, SASRec)
        ranks = []
        for users in np.array_split(self.validated, -(-len(self.validated) // RANKED_AT_ONCE)):
            histories = [self.sequences.train[user] for user in users]
            scores = score_histories(self.model, histories, self._personas(users.tolist()))
            targets = torch.from_numpy(self.sequences.validation[users]).to(scores.device)
            ranks.append(target_ranks(scores, targets, seen_items(histories, scores)).cpu())
        return float(ndcg(torch.cat(ranks).numpy(), VALIDATION_K).mean())

    def _personas(self, users: list[int]) -> Tensor | None:
        return None if self.personas is None else self.personas[users]


def score_histories(model: SASRec, histories: list[list[int]], personas: Tensor | None) -> Tensor:
    """Score all items as the next of each history: ``[batch, n_items + 1]``."""
    batch = padded(histories, model.max_length).to(model.items.weight.device)
    return model.next_scores(batch, personas)


def seen_items(histories: list[list[int]], scores: Tensor) -> Tensor:
    """True where an item is in a history: the shape of ``scores``."""
    seen = torch.zeros_like(scores, dtype=torch.bool)
    for row, history in enumerate(histories):
        seen[row, history] = True
    return seen


def train(
    run: Path,
    name: str,
    sequences: Sequences,
    catalogue: Catalogue,
    settings: SASRecSettings,
    persona_input: PersonaInput | None = None,
    fresh: bool = False,
) -> History:
    """Train one model into ``run/name.pt``, or go on with what is there."""
    training = SASRecTraining(sequences, len(catalogue), settings, persona_input)
    made_by = settings.model_dump(
        exclude=PERSONA_SETTINGS if persona_input is None else {"conditioning", "n_candidates"}
    )
    parts = [made_by, catalogue.item_ids, sequences.train, sequences.validation.tolist()]
    identity: dict[str, object] = {"sasrec": settings.model_dump(), "catalogue": catalogue_digest(catalogue)}
    if persona_input is not None:
        run_id, vectors = persona_input.personas.run_id, persona_input.personas.vectors
        parts += [persona_input.way, run_id, vectors.numpy().tobytes(), persona_input.texts.numpy().tobytes()]
        identity |= {"conditioning": persona_input.way, "persona_run": run_id, "persona_dim": vectors.shape[1]}
    return fit(
        training,
        epochs=settings.epochs,
        patience=settings.patience,
        seed=settings.seed,
        checkpoint=run / f"{name}.pt",
        fingerprint=fingerprint(*parts),
        settings=identity,
        label=name,
        fresh=fresh,
    )


def load_model(run: Path, name: str, catalogue: Catalogue, persona_run: str | None) -> SASRec:
    """Load a trained model, checked against the graph of now.

    Args:
        run: folder that it was trained into.
        name: ``"base"`` or ``"persona-add"`` and so on.
        catalogue: the items of the graph.
        persona_run: run that wrote the graph's personas; not looked at for the base model.

    Raises:
        KgrecError: it is not trained, or the graph has changed since.
    """
    stored = load_checkpoint(run / f"{name}.pt")
    if stored is None:
        raise KgrecError(f"{run} has no trained {name} model: run `kgrec train sasrec --run {run}` first.")
    identity = stored["settings"]
    if identity["catalogue"] != catalogue_digest(catalogue):
        raise KgrecError(f"The items of the graph have changed since {run / name}.pt was trained: train it again.")
    settings = SASRecSettings(**identity["sasrec"])
    conditioning = None
    if "persona_run" in identity:
        if identity["persona_run"] != persona_run:
            raise KgrecError(
                f"{run / name}.pt was trained with the personas of run {identity['persona_run']}, but the graph has "
                f"those of {persona_run}: run `kgrec train sasrec --fresh --run {run}` again."
            )
        conditioning = PersonaConditioning(identity["conditioning"], identity["persona_dim"], settings.dim, 0.0)
    model = SASRec(len(catalogue), settings, conditioning)
    model.load_state_dict(stored["best_model"])
    return model.to(device()).eval()


def catalogue_digest(catalogue: Catalogue) -> str:
    """Digest of the item ids in their order: what a model's item table stands for."""
    return hashlib.sha256("\n".join(catalogue.item_ids).encode()).hexdigest()
