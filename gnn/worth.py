"""What user vectors are worth before any ranking model sees them: do near users know of each other's next item?

For each validation interaction, the users nearest to its user by cosine vote for what they had in training, each by its
cosine; the user's own items are left out. A vector that learning has not made better than what it was made of is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from sklearn.decomposition import TruncatedSVD
from torch import Tensor
from torch.nn.functional import normalize

from gnn.adjacency import adjacency
from gnn.settings import AdjacencyName, HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph
from kgrec.training.fits import Fit

NEIGHBOURS = 100
QUESTIONS = 5_000  # that are asked at most; more would not change what is seen
COSINES_AT_ONCE = 2**24  # 64 MiB of them
UNTRAINED = ("features", "features, propagated untrained")  # what HDGI has to be better than


@dataclass(frozen=True)
class Worth:
    """One kind of user vectors.

    Attributes:
        vectors: which.
        hit_rate_at_10: part of the validation items that the neighbours' votes put among the first ten.
        hit_rate_at_100: among the first hundred.
        mean_cosine: between two users; near 1, all users look alike.
        effective_rank: the exponential of the entropy of the singular values (Roy and Vetterli 2007): how many
            directions the vectors use.
    """

    vectors: str
    hit_rate_at_10: float
    hit_rate_at_100: float
    mean_cosine: float
    effective_rank: float


@dataclass(frozen=True)
class Questions:
    """Validation interactions, and what all users had in training.

    Attributes:
        chosen: 1 where a user had an item. ``[n_users, n_items]``
        users: rows. ``[n]``
        items: columns, -1 for an item that nobody had. ``[n]``
    """

    chosen: sp.csr_array
    users: np.ndarray
    items: np.ndarray

    @classmethod
    def of(cls, streamed: StreamedGraph, graph: TrainingGraph) -> "Questions":
        """Take them out of the streamed graph, a sample where they are many; the training is that of ``graph``."""
        asked = streamed.interactions[streamed.interactions["split"] == "validation"]
        asked = asked.sample(min(QUESTIONS, len(asked)), random_state=0)
        rows, columns = graph.purchases.matrix.indices().numpy()
        shape = (len(graph.user_ids), len(graph.purchases.node_ids))
        return cls(
            sp.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape),
            pd.Index(streamed.user_nodes).get_indexer(asked["sourceNodeId"]),
            pd.Index(graph.purchases.node_ids).get_indexer(asked["targetNodeId"]),
        )


def compare(streamed: StreamedGraph, graph: TrainingGraph, learned: UserVectors, settings: HDGISettings) -> list[Worth]:
    """Measure the personas of the validation fit beside what was not learned: nothing where nobody is to be asked.

    Args:
        streamed: the whole graph; nothing of its test interactions is looked at.
        graph: of the validation fit.
        learned: of the validation fit.
        settings: how it was learned.
    """
    questions = Questions.of(streamed, graph)
    if graph.fit is not Fit.VALIDATION or not len(questions.users):
        return []
    found = [worth(name, vectors, questions) for name, vectors in unlearned(graph, questions.chosen, settings)]
    return [*found, worth("personas", learned.vectors, questions)]


def better_untrained(found: list[Worth]) -> list[str]:
    """Name what the personas were made of and do not reach, by the hit rate at 100."""
    personas = next((one for one in found if one.vectors == "personas"), None)
    if personas is None:
        return []
    return [one.vectors for one in found if one.vectors in UNTRAINED and one.hit_rate_at_100 > personas.hit_rate_at_100]


def unlearned(graph: TrainingGraph, chosen: sp.csr_array, settings: HDGISettings) -> Iterator[tuple[str, Tensor]]:
    """Vectors that HDGI has no part in ``[n_users, any]``, centred, with their names."""
    known = graph.features.any(dim=1)
    noise = torch.randn(len(known), settings.dim, generator=torch.Generator().manual_seed(settings.seed))
    yield "random", noise * known[:, None]
    yield "truncated SVD of the interactions", centred(_svd(chosen, settings))
    yield UNTRAINED[0], centred(graph.features)
    yield UNTRAINED[1], centred(propagated(graph, settings.adjacency))


def propagated(graph: TrainingGraph, name: AdjacencyName) -> Tensor:
    """Features after one untrained step along each meta-path, the mean over meta-paths: ``[n_users, in_dim]``."""
    cpu = torch.device("cpu")
    steps = [adjacency(str(path), hops, name, cpu) @ graph.features for path, hops in graph.paths.items()]
    return torch.stack(steps).mean(dim=0)


def centred(vectors: Tensor) -> Tensor:
    """Take the mean of the users of whom something is known away from them: ``[n_users, dim]``."""
    known = vectors.any(dim=1)
    return (vectors - vectors[known].mean(dim=0)) * known[:, None]


def worth(name: str, vectors: Tensor, questions: Questions) -> Worth:
    """Measure vectors ``[n_users, dim]``; zeros are of a user who neither finds anything nor votes."""
    directions = normalize(vectors.float(), dim=1)
    ranks = _ranks(directions, questions)
    known = directions[directions.any(dim=1)]
    n = max(len(known), 2)
    alike = (known.sum(dim=0).square().sum().item() - len(known)) / (n * (n - 1))
    return Worth(name, float((ranks <= 10).mean()), float((ranks <= 100).mean()), alike, _effective_rank(known))


def _ranks(directions: Tensor, questions: Questions) -> np.ndarray:
    """Rank of each item among those that its user has not had, ties against it: ``[n]``."""
    at_once = max(1, COSINES_AT_ONCE // len(directions))
    ranks = [np.zeros(0)]
    for start in range(0, len(questions.users), at_once):
        users, items = (part[start : start + at_once] for part in (questions.users, questions.items))
        cosines = directions[users] @ directions.T  # [batch, n_users]
        cosines[torch.arange(len(users)), users] = -1.0
        nearest = cosines.topk(min(NEIGHBOURS, len(directions)), dim=1)
        weights = nearest.values.clamp(min=0.0).numpy()
        rows = np.repeat(np.arange(len(users)), weights.shape[1])
        voters = sp.csr_array(
            (weights.ravel(), (rows, nearest.indices.numpy().ravel())), shape=(len(users), len(directions))
        )
        votes = (voters @ questions.chosen).toarray()  # [batch, n_items]
        votes[questions.chosen[users].nonzero()] = -np.inf
        target = votes[np.arange(len(users)), items]
        out = (items < 0) | np.isinf(target)
        ranks.append(np.where(out, np.inf, (votes >= target[:, None]).sum(axis=1)))
    return np.concatenate(ranks)


def _effective_rank(directions: Tensor) -> float:
    gram = directions.T.double() @ directions.double()  # [dim, dim]
    singular = torch.linalg.eigvalsh(gram).clamp(min=0.0).sqrt()
    share = singular / singular.sum().clamp(min=1e-12)
    return float(torch.exp(torch.special.entr(share).sum()))


def _svd(chosen: sp.csr_array, settings: HDGISettings) -> Tensor:
    reduced = TruncatedSVD(min(settings.dim, *chosen.shape), random_state=settings.seed).fit_transform(chosen)
    return torch.from_numpy(reduced).float()
