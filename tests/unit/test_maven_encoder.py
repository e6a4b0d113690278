"""Weights out of an export: each by the name that it had in the model. Onnx itself is not among the tests' packages."""

import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from transformers import BertConfig, BertModel

from benchmarks.maven_encoder import HEADS, bert, main, named_weights
from kgrec.errors import KgrecError


@dataclass
class Node:
    """As onnx' own: what is done with which arrays, and what the results are called."""

    op_type: str
    input: list[str]
    output: list[str]


def tiny() -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=11,
        hidden_size=2 * HEADS,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=5,
        max_position_embeddings=7,
    )
    return BertModel(config, add_pooling_layer=False)


def exported(model: BertModel) -> tuple[list[Node], dict[str, np.ndarray]]:
    """The model as PyTorch exports it: matrices transposed and without their names, the bias on either side."""
    random, numbers = Random(0), count(700)
    nodes, arrays = [Node("MatMul", ["queries", "keys"], ["scores"])], {}
    for name, value in model.state_dict().items():
        layer = name.removesuffix(".weight")
        if f"{layer}.bias" not in model.state_dict() or value.dim() < 2:
            arrays[name] = value.numpy()
            continue
        matrix = f"onnx::MatMul_{next(numbers)}"
        arrays[matrix] = value.numpy().T
        terms = [f"{layer}.bias", f"/{layer}/product"]
        random.shuffle(terms)
        nodes += [Node("MatMul", [f"/{layer}/input", matrix], [f"/{layer}/product"]), Node("Add", terms, [f"/{layer}"])]
        nodes += [Node("Add", [f"/{layer}", f"/{layer}/input"], [f"/{layer}/residual"])]
    random.shuffle(nodes)
    return nodes, arrays


def test_a_model_comes_out_of_its_export_as_it_was() -> None:
    model = tiny()
    again = bert(named_weights(*exported(model)))
    tokens = torch.tensor([[1, 2, 3, 4, 10]])
    model.train(mode=False)
    again.train(mode=False)
    with torch.no_grad():
        assert torch.equal(again(tokens).last_hidden_state, model(tokens).last_hidden_state)


def test_an_export_without_one_of_the_layers_is_one_sentence() -> None:
    nodes, arrays = exported(tiny())
    nodes = [node for node in nodes if "encoder.layer.1.output.dense.bias" not in node.input]
    with pytest.raises(KgrecError, match=r"does not hold the weights of a BERT: .*encoder.layer.1.output.dense.weight"):
        bert(named_weights(nodes, arrays))


def test_what_is_missing_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "onnx", None)
    result = CliRunner().invoke(main, ["bge-small-en-v1.5", "--out", str(tmp_path / "model")])
    assert result.exit_code == 1 and "pip install onnx onnxruntime" in result.output
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["bge-small-en-v1.5", "--out", str(tmp_path)])
    assert result.exit_code == 1 and "is there already" in result.output
    assert not list(tmp_path.iterdir())
