"""What user vectors are worth before any ranking model sees them: what do they know of the next item?

For each validation interaction, the users nearest to its user by cosine vote for what they had in training, each by its
cosine; the user's own items are left out. Where items have vectors of the same space, the dot product with the user's
is asked as well, and a linear probe for the category of the next item. A vector that learning has not made better than
what it was made of is told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn.functional import normalize

from gnn.adjacency import adjacency
from gnn.fastrp import fastrp
from gnn.linear_probe import LinearProbe
from gnn.settings import AdjacencyName, HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph
from gnn.truncated_svd import truncated_svd
from kgrec.counted import Counted, uncounted
from kgrec.training.fits import Fit

NEIGHBOURS = 100
QUESTIONS = 5_000  # that are asked at most; more would not change what is seen
FEWEST = 1_000  # asked in any case, where there are as many
COSINES = 2**30  # made of each kind of vectors at most: on a CPU, a minute or two
COSINES_AT_ONCE = 2**24  # 64 MiB of them
BLOCK = 2**14  # users in double precision at once
UNTRAINED = ("features", "features, propagated untrained")  # what HDGI has to be better than


@dataclass(frozen=True)
class Worth:
    """One kind of user vectors.

    Attributes:
        vectors: which.
        hit_rate_at_10: part of the validation items that the neighbours' votes put among the first ten.
        hit_rate_at_100: among the first hundred.
        dot_hit_rate_at_10: part that the dot products put among the first ten; ``None`` where items
            have no vectors.
        dot_hit_rate_at_100: among the first hundred.
        mean_cosine: between two users; near 1, all users look alike.
        effective_rank: the exponential of the entropy of the singular values (Roy and Vetterli 2007): how many
            directions the vectors use.
        category_accuracy: part of the users of whom a linear probe tells the category of the validation item from the
            vector; ``None`` where the graph has no categories, or too few are asked.
        most_frequent_category: the same for who always says the most frequent one.
    """

    vectors: str
    hit_rate_at_10: float
    hit_rate_at_100: float
    dot_hit_rate_at_10: float | None
    dot_hit_rate_at_100: float | None
    mean_cosine: float
    effective_rank: float
    category_accuracy: float | None = None
    most_frequent_category: float | None = None


@dataclass(frozen=True)
class Questions:
    """Validation interactions, and what all users had in training.

    Attributes:
        chosen: 1 where a user had an item. ``[n_users, n_items]``
        users: rows. ``[n]``
        items: columns, -1 for an item that there is nothing of. ``[n]``
    """

    chosen: sp.csr_array
    users: np.ndarray
    items: np.ndarray

    @classmethod
    def of(cls, streamed: StreamedGraph, graph: TrainingGraph) -> "Questions":
        """Take them out of the streamed graph, a sample where they are many; the training is that of ``graph``."""
        found = streamed.interactions.get("validation")
        users, items = (np.zeros(0, dtype=np.int64),) * 2 if found is None else found.pairs
        n = min(QUESTIONS, max(FEWEST, COSINES // max(len(streamed.user_ids), 1)), len(users))
        asked = pd.DataFrame({"user": users, "item": items}).sample(n, random_state=0)
        return cls(
            graph.chosen,
            pd.Index(streamed.user_nodes).get_indexer(asked["user"]),
            pd.Index(graph.items.nodes).get_indexer(asked["item"]),
        )


def compare(
    streamed: StreamedGraph,
    graph: TrainingGraph,
    learned: UserVectors,
    settings: HDGISettings,
    counted: Counted = uncounted,
) -> list[Worth]:
    """Measure the personas of the validation fit beside what was not learned: nothing where nobody is to be asked.

    Args:
        streamed: the whole graph; nothing of its test interactions is looked at.
        graph: of the validation fit.
        learned: of the validation fit.
        settings: how it was learned.
        counted: yields the kinds of vectors, and may show how many were measured.
    """
    questions = Questions.of(streamed, graph)
    if graph.fit is not Fit.VALIDATION or not len(questions.users):
        return []
    probe = LinearProbe.of(streamed, questions.users, questions.items, settings.seed)
    personas = "personas", learned.vectors, learned.items if len(learned.items) else None
    kinds = chain(unlearned(graph, settings), [personas])
    n_kinds = 4 + len(UNTRAINED) * _whole(graph)
    return [
        _probed(worth(name, vectors, questions, items), vectors, probe)
        for name, vectors, items in counted(kinds, "kinds of vectors", n_kinds)
    ]


def better_untrained(found: list[Worth]) -> list[str]:
    """Name what the personas were made of and do not reach, by the hit rate at 100."""
    personas = next((one for one in found if one.vectors == "personas"), None)
    if personas is None:
        return []
    return [one.vectors for one in found if one.vectors in UNTRAINED and one.hit_rate_at_100 > personas.hit_rate_at_100]


def unlearned(graph: TrainingGraph, settings: HDGISettings) -> Iterator[tuple[str, Tensor, Tensor | None]]:
    """Names and vectors of users that the personas have no part in ``[n_users, any]``, and of items that have any.

    Those of users are centred, but for those of one space with the items'. Where the graph is too large for the
    features of all users, these are left out.
    """
    whole = _whole(graph)
    known = graph.features.any(dim=1) if whole else torch.from_numpy(np.diff(graph.chosen.indptr) > 0)
    noise = torch.randn(len(known), settings.dim, generator=torch.Generator().manual_seed(settings.seed))
    yield "random", noise * known[:, None], None
    yield "FastRP", centred(fastrp(graph, settings.dim, settings.seed)), None
    yield "truncated SVD of the interactions", *truncated_svd(graph, settings.dim, settings.seed)
    if whole:
        yield UNTRAINED[0], centred(graph.features), None
        yield UNTRAINED[1], centred(propagated(graph, settings.adjacency)), None


def _whole(graph: TrainingGraph) -> bool:
    """Whether the features of all users are there: else users were learned from a block at a time."""
    return graph.features.shape[1] > 0


def propagated(graph: TrainingGraph, name: AdjacencyName) -> Tensor:
    """Features after one untrained step along each meta-path, the mean over meta-paths: ``[n_users, in_dim]``."""
    cpu, total = torch.device("cpu"), torch.zeros_like(graph.features)
    for path, hops in graph.paths.items():
        total += adjacency(str(path), hops, name, cpu) @ graph.features
    return total.div_(len(graph.paths))


def centred(vectors: Tensor) -> Tensor:
    """Take the mean of the users of whom something is known away from them: ``[n_users, dim]``."""
    known = vectors.any(dim=1, keepdim=True)
    return (vectors - vectors.sum(dim=0) / known.sum()).mul_(known)


def worth(name: str, vectors: Tensor, questions: Questions, items: Tensor | None = None) -> Worth:
    """Measure vectors of users ``[n_users, dim]`` and, where there are any, of items ``[n_items, dim]``.

    Zeros are of a user who neither finds anything nor votes.
    """
    directions = normalize(vectors.float(), dim=1)
    ranks = _ranks(questions, lambda users: _votes(directions, users, questions.chosen), len(directions))
    dots = None if items is None else _ranks(questions, lambda users: _dots(directions[users], items), len(items))
    known = int(directions.any(dim=1).sum())  # the others are zeros, and add nothing
    n = max(known, 2)
    alike = (directions.sum(dim=0).square().sum().item() - known) / (n * (n - 1))
    at_10, at_100 = (float((ranks <= k).mean()) for k in (10, 100))
    dot_at_10, dot_at_100 = (None if dots is None else float((dots <= k).mean()) for k in (10, 100))
    return Worth(name, at_10, at_100, dot_at_10, dot_at_100, alike, _effective_rank(directions))


def _probed(found: Worth, vectors: Tensor, probe: LinearProbe | None) -> Worth:
    if probe is None:
        return found
    return replace(found, category_accuracy=probe.accuracy(vectors), most_frequent_category=probe.most_frequent)


def _ranks(questions: Questions, score: Callable[[np.ndarray], np.ndarray], width: int) -> np.ndarray:
    """Rank of each item among those that its user has not had, ties against it: ``[n]``.

    Args:
        questions: whom it is asked of.
        score: of all items, for the users in some rows. ``[batch, n_items]``
        width: numbers that it makes a user.
    """
    at_once = max(1, COSINES_AT_ONCE // width)
    ranks = [np.zeros(0)]
    for start in range(0, len(questions.users), at_once):
        users, items = (part[start : start + at_once] for part in (questions.users, questions.items))
        scores = score(users)
        scores[questions.chosen[users].nonzero()] = -np.inf
        target = scores[np.arange(len(users)), items]
        out = (items < 0) | np.isinf(target)
        ranks.append(np.where(out, np.inf, (scores >= target[:, None]).sum(axis=1)))
    return np.concatenate(ranks)


def _votes(directions: Tensor, users: np.ndarray, chosen: sp.csr_array) -> np.ndarray:
    """Votes of the nearest users, each by its cosine, for what they had: ``[batch, n_items]``."""
    cosines = directions[users] @ directions.T  # [batch, n_users]
    cosines[torch.arange(len(users)), users] = -1.0
    nearest = cosines.topk(min(NEIGHBOURS, len(directions)), dim=1)
    weights = nearest.values.clamp(min=0.0).numpy()
    rows = np.repeat(np.arange(len(users)), weights.shape[1])
    voters = sp.csr_array(
        (weights.ravel(), (rows, nearest.indices.numpy().ravel())), shape=(len(users), len(directions))
    )
    votes: np.ndarray = (voters @ chosen).toarray()
    return votes


def _dots(users: Tensor, items: Tensor) -> np.ndarray:
    products: np.ndarray = (users @ items.T).numpy()
    return products


def _effective_rank(directions: Tensor) -> float:
    gram = torch.zeros(directions.shape[1], directions.shape[1], dtype=torch.float64)
    for block in torch.split(directions, BLOCK):
        gram.addmm_(block.T.double(), block.double())
    singular = torch.linalg.eigvalsh(gram).clamp(min=0.0).sqrt()
    share = singular / singular.sum().clamp(min=1e-12)
    return float(torch.exp(torch.special.entr(share).sum()))
