"""Encoding items by what is told of them, against the training that learned it; and its file."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gnn.hidden_interactions import HiddenInteractionsTraining
from gnn.item_encoder import item_encoder
from gnn.meta_path import MetaPath
from gnn.settings import HDGISettings
from gnn.training_graph import training_graph
from kgrec.errors import KgrecError
from kgrec.item_encoder import ItemEncoder
from kgrec.training.fits import Fit
from tests.unit.datasets import shop, streamed

SETTINGS = HDGISettings(dim=8)
PATHS = [MetaPath.parse(path) for path in SETTINGS.meta_paths]
BY, SUBJECT = (("BY",),), (("SAME_AS",), ("SUBJECT",))


def learned() -> tuple[HiddenInteractionsTraining, ItemEncoder, list[dict[tuple[tuple[str, ...], ...], list[str]]]]:
    """A training whose items' own parts are zero, what it leaves, and what each item reaches."""
    graph = training_graph(streamed(shop()), Fit.FINAL, PATHS, 0, 0)
    training = HiddenInteractionsTraining(graph, SETTINGS, 0.0)
    with torch.no_grad():
        training.model.feature.normal_()
        training.model.own.zero_()
    items = graph.items
    reached = [
        {
            path.steps[1:]: [str(items.end_nodes[path][column]) for column in matrix[[row]].indices]
            for path, matrix in items.reached.items()
        }
        for row in range(len(items.item_ids))
    ]
    maps = training.model.maps()
    return training, item_encoder(items, maps, "run", lambda nodes: list(map(str, nodes))), reached


def test_items_without_an_own_part_are_encoded_as_the_training_does(tmp_path: Path) -> None:
    training, encoder, reached = learned()
    encoder.save(tmp_path)
    loaded = ItemEncoder.load(tmp_path)
    assert loaded is not None and set(loaded.ends) == set(encoder.ends) >= {BY, SUBJECT}
    for one in (encoder, loaded):
        assert torch.allclose(one(training.model.texts, reached), training.vectors()[1], atol=1e-6)


def test_what_no_item_reached_before_has_no_vector_and_its_weight() -> None:
    """Brought to length 1 together: beside an author whom nobody knew, the subject counts for less."""
    training, encoder, reached = learned()
    subject = next(one[SUBJECT] for one in reached if one[SUBJECT])
    text = torch.zeros(1, training.model.texts.shape[1])
    alone, both = encoder(text, [{SUBJECT: subject}])[0], encoder(text, [{SUBJECT: subject, BY: ["who?"]}])[0]
    weight = encoder.ends[SUBJECT].weights[encoder.ends[SUBJECT].place[subject[0]]]
    share = weight / np.hypot(weight, np.log(encoder.n_items))
    assert alone.any() and torch.allclose(both, alone * float(share), atol=1e-6)
    assert not encoder(text, [{}]).any()


def test_there_is_none_or_it_is_damaged(tmp_path: Path) -> None:
    assert ItemEncoder.load(tmp_path) is None
    _, encoder, _ = learned()
    encoder.save(tmp_path)
    folder = tmp_path / "final"
    for path in [*folder.glob("item_encoder-*.safetensors"), folder / "item_encoder.json"]:
        whole = path.read_bytes()
        for damaged in (whole[:-2], b"", None):
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            elif path.suffix == ".json":
                continue  # an earlier kgrec wrote none
            with pytest.raises(KgrecError, match=rf"item encoder.* run `kgrec .* {tmp_path}` again\.$"):
                ItemEncoder.load(tmp_path)
            path.write_bytes(whole)
