"""The first stage of a trained run: a sequence model, with the sources that validation chose to stand beside it."""

from pathlib import Path

from kgrec.training.fits import Fit
from recommender import fusion
from recommender.asked import Score, users_asked
from recommender.baselines import choose_once
from recommender.dataset import Dataset
from recommender.fusion import Fusion, fused
from recommender.scoring import by_model
from recommender.sources import sources
from recommender.trained import load_model


def first_stage(run: Path, name: str, dataset: Dataset, fit: Fit) -> Score:
    """Load a model and make its sources, of the same fit.

    Raises:
        KgrecError: as `load_model`, or no fusion was chosen for it.
    """
    chosen = fusion.load(run, name)
    return beside(by_model(load_model(run, name, dataset, fit)), chosen, dataset, fit)


def beside(model: Score, chosen: Fusion, dataset: Dataset, fit: Fit) -> Score:
    """Put the chosen sources of a fit beside a model of the same fit; those that are off are not made.

    A source that the graph has no more is left out: facts can be removed.
    """
    made = sources(dataset, fit, chosen.knn_recency)
    weights = {name: weight for name, weight in chosen.weights.items() if weight and name in made}
    return fused(model, {name: made[name]() for name in weights}, weights)


def choose_fusion(run: Path, name: str, dataset: Dataset, without: frozenset[str] = frozenset()) -> Fusion:
    """Choose on the validation fit what stands beside a model.

    Args:
        run: folder with the model's validation fit; the settings of the baselines are kept there too.
        name: of the model.
        dataset: with the personas of the validation fit.
        without: sources that are not to be tried.
    """
    recency = choose_once(dataset, run / "evaluation" / "baselines.json").knn_recency
    made = {
        source: make() for source, make in sources(dataset, Fit.VALIDATION, recency).items() if source not in without
    }
    model = by_model(load_model(run, name, dataset, Fit.VALIDATION))
    return fusion.choose(users_asked(dataset, Fit.VALIDATION), model, made, recency)
