"""Encoders by name: WordLlama from its package's files, and what is said where they are missing."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from kgloader.texts import models
from kgloader.texts.encoder import encode
from kgloader.texts.models import WORDLLAMA, load_encoder
from kgrec.errors import KgrecError

pytestmark = pytest.mark.slow  # the encoders' libraries take their time

TEXTS = ["Sailing the northern seas", "A voyage across the Arctic ocean", "Bread baking for beginners", "{title}\x00🙂"]
OWN = """
import json, sys
from pathlib import Path
import wordllama
from safetensors.numpy import load_file
from tokenizers import Tokenizer
folder = Path(wordllama.__file__).parent
tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
weights = load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
print(json.dumps(wordllama.WordLlamaInference(weights, tokenizer).embed(json.loads(sys.argv[1]), norm=True).tolist()))
"""


@pytest.mark.skipif(find_spec(WORDLLAMA) is None, reason="the extra wordllama is not installed")
def test_wordllama_gives_the_vectors_of_its_own_package() -> None:
    """Which is asked in a process of its own, as it changes the logging of the one that imports it."""
    encoder = load_encoder(WORDLLAMA)
    found = encode(encoder, TEXTS, "")
    own = subprocess.run([sys.executable, "-c", OWN, json.dumps(TEXTS)], capture_output=True, text=True, check=True)
    assert found.shape == (4, 256) == (len(TEXTS), encoder.get_embedding_dimension())
    assert np.allclose(found, np.array(json.loads(own.stdout)), atol=1e-5)
    assert found[0] @ found[1] > found[0] @ found[2]
    assert np.allclose(encode(encoder, ["seas"], "Sailing the northern "), found[:1], atol=1e-6)
    assert WORDLLAMA not in sys.modules


def test_wordllama_that_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    with pytest.raises(KgrecError, match=r"^The sentence encoder 'wordllama' is not installed: .*`pip install '"):
        load_encoder(WORDLLAMA)


def test_wordllama_of_other_files_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = ModuleSpec(WORDLLAMA, None)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(models, "find_spec", lambda name: spec)
    weights = tmp_path / "weights" / "l2_supercat_256.safetensors"
    for content in (None, b"", b"not such a file at all"):
        if content is not None:
            weights.parent.mkdir(exist_ok=True)
            weights.write_bytes(content)
        with pytest.raises(KgrecError, match="holds no such weights as kgrec reads"):
            load_encoder(WORDLLAMA)


@pytest.mark.parametrize("name", ["/nonexistent", "./none", "~/none", "models/of/mine", "file"])
def test_a_folder_that_is_not_there_is_said(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(KgrecError, match=f"^There is no folder '{name}' with a sentence encoder"):
        load_encoder(name)
    with pytest.raises(KgrecError, match=r"^The sentence encoder 'xxx.*…' cannot be loaded: File name too long"):
        load_encoder("x" * 5_000)


@pytest.fixture
def closing_hub() -> Iterator[tuple[str, list[object]]]:
    """A hub that closes every connection: its address, and who came."""
    came: list[object] = []

    def close() -> None:
        with suppress(OSError):
            while True:
                connection, address = listening.accept()
                came.append(address)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=close, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", came
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_hub_that_does_not_answer_is_not_tried_again(closing_hub: tuple[str, list[object]], tmp_path: Path) -> None:
    """In a process of its own, as its client reads the address when it is imported."""
    url, came = closing_hub
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment |= {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    environment["HF_HUB_DISABLE_TELEMETRY"] = "1"  # else the client asks once more, for a list of agents
    program = "from kgloader.texts.models import load_encoder; load_encoder('no/such-model-xyz')"
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert "KgrecError: The sentence encoder 'no/such-model-xyz' cannot be loaded from the model hub" in result.stderr
    assert len(came) == 1 and "Retrying" not in result.stderr
