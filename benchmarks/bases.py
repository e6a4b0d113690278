"""The base SASRec in every way that it can be built: start of the item vectors, block, loss; beside the peers.

    python -m benchmarks.bases --data real-data/books-saved --out runs/bases --seed 1 [--peers runs/peers]

Each way is the default one with one thing changed. As everywhere, the validation fit chooses the epochs, and the test
fit is judged: HR and NDCG of the test targets, ranked against all items. Peers are read from the files that
`benchmarks.peers` wrote.
"""

import json
from collections import defaultdict
from pathlib import Path

import click
import numpy as np

from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender.asked import ranks, users_asked
from recommender.dataset import Dataset
from recommender.metrics import hit_rate, ndcg
from recommender.scoring import ByModel
from recommender.settings import SASRecSettings
from recommender.trained import BASE, BASE_TEXT, load_model
from recommender.trainer import train

WAYS = {
    "ids": (BASE, {}),
    "texts": (BASE_TEXT, {}),
    "ids, authors' block": (BASE, {"block": "authors"}),
    "ids, LiGR block": (BASE, {"block": "ligr"}),
    "ids, sampled softmax": (BASE, {"loss": "sampled"}),
    "ids, gBCE": (BASE, {"loss": "gbce"}),
}


def figures(dataset: Dataset, run: Path, name: str, fit: Fit) -> list[float]:
    """HR@10, HR@100 and NDCG@10 of one fit on what it is asked for."""
    model = load_model(run, name, dataset, fit)
    return _figures(ranks(users_asked(dataset, fit), ByModel(model)).numpy())


def _figures(found: np.ndarray) -> list[float]:
    return [float(values.mean()) for values in (hit_rate(found, 10), hit_rate(found, 100), ndcg(found, 10))]


def of_peers(folder: Path) -> dict[str, list[list[float]]]:
    """Figures of each peer, a list a seed: NDCG@10 of validation, then those of the test."""
    found = defaultdict(list)
    for path in sorted(folder.glob("*-seed-*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        with np.load(path.with_suffix(".npz")) as kept:
            found[told["peer"]].append([told["validation_ndcg_at_10"], *_figures(kept["ranks"])])
    return dict(found)


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/bases"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3, 4, 5), show_default=True)
@click.option("--peers", type=click.Path(exists=True, file_okay=False, path_type=Path), help="What the peers wrote.")
def main(data: Path, out: Path, seeds: tuple[int, ...], peers: Path | None) -> None:
    """Train every way with every seed and print a table: means, and the standard deviation over seeds."""
    dataset = Dataset.load(data / "dataset")
    rows: dict[str, list[list[float]]] = {}
    for way, (variant, changed) in WAYS.items():
        rows[way] = []
        for seed in seeds:
            settings = load_section("sasrec", SASRecSettings).model_copy(update={"seed": seed, **changed})
            run = out / way.replace(",", "").replace(" ", "-") / f"seed-{seed}"
            kept = train(run, variant, dataset, settings)
            train(run, variant, dataset, settings, Fit.TEST, kept.best_epoch + 1)
            rows[way].append([kept.best_score, *figures(dataset, run, variant.name, Fit.TEST)])
    rows |= {} if peers is None else of_peers(peers)
    print("| base | seeds | validation NDCG@10 | HR@10 | HR@100 | NDCG@10 |\n|---|---|---|---|---|---|")
    for way, found in rows.items():
        values = np.array(found)
        spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])
        told = [f"{mean:.4f} ±{width:.4f}" for mean, width in zip(values.mean(axis=0), spread, strict=True)]
        print(f"| {way} | {len(values)} | {' | '.join(told)} |")


if __name__ == "__main__":
    main()
