"""Summaries that a text model words: what the evidence bears out, and a real model of a folder that is asked."""

import json
import socket
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gnn.evidence import Evidence
from gnn.names import Characteristic
from gnn.settings import HDGISettings
from gnn.train import train_personas
from gnn.wording import TextModel
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from tests.unit.text_models import save_text_model

SAID = "These users like Lighthouses more than others do."


def evidence(trait: str = "Lighthouses", typical: str = "The Keeper of 1984") -> Evidence:
    return Evidence(
        f"{trait} · Ann Orrin",
        30,
        1_006,
        [(trait, Characteristic(1, 0.5, 2.0)), ("Ann Orrin", Characteristic(2, 0.08, 1.5))],
        [typical, "Salt \x1b[31m Road"],
        ("Volcano Days", 0.25, "Volcanoes"),
    )


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        "Lighthouses are in 50% of what they choose, 2 times as much as for others; 8.0% is by Ann Orrin.",
        "Of 1,006 users 30 choose Lighthouses. They seldom choose “volcano days”, though it is typical of Volcanoes.",
        'Typical is "The Keeper of 1984"; “volcano days” are read 0.2 times as often.',
    ],
)
def test_what_the_evidence_has_is_borne_out(said: str) -> None:
    assert evidence().bears(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "They like what they like.",  # which tells nothing
        "31 of 1,006 users like Lighthouses.",
        "1984 users like Lighthouses.",  # a number in a name is no other
        "Lighthouses are in 30% of what they choose.",  # of so many users, not percent
        "Lighthouses are chosen by thirty users.",
        "Half of what they choose has lighthouses.",
        "Lighthouses are in ½ of it.",
        "Lighthouses are in \u0663\u0661 of it.",  # 31
        "They like Lighthouses and Virginia Woolf.",
        "Woolf writes of lighthouses.",
        "They like Lighthouses by Ann Keeper.",  # of two names
        "They like lighthouses, as in “the edge”.",
        "They like lighthouses, as in \u2018the edge\u2019.",
        "They like lighthouses and iPhones.",
        "They like Lighthouses. \u706f\u53f0",
    ],
)
def test_what_the_evidence_has_not_is_refused(said: str) -> None:
    assert not evidence().bears(said)


def test_a_model_words_what_the_evidence_bears_out_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_text_model(tmp_path / "tiny", f"{SAID} And then")
    settings = {"do_sample": True, "temperature": 9.0, "max_length": 3, "repetition_penalty": 5.0, "eos_token_id": 12}
    (folder / "generation_config.json").write_text(json.dumps(settings))  # of which only the end counts
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it asked the network"))
    model = TextModel(str(folder))
    assert model.name == "tiny" and model.word(evidence()) == SAID == model.word(evidence())
    assert model.word(evidence("Volcanoes")) is None
    chatting = save_text_model(tmp_path / "chatting", SAID)
    (chatting / "chat_template.jinja").write_text("{{ messages[0].content }} Summary:")
    assert TextModel(str(chatting)).word(evidence()) == SAID
    short = TextModel(str(save_text_model(tmp_path / "short", SAID, longest=150)))
    assert short.word(evidence()) is None  # the facts do not fit it
    hostile = TextModel(str(save_text_model(tmp_path / "hostile", "Lighthouses\x1b\u202e are liked.")))
    assert hostile.word(evidence()) == "Lighthouses are liked."
    endless = " ".join(["Lighthouses are liked.", *(f"on{'x' * place}" for place in range(90))])
    assert TextModel(str(save_text_model(tmp_path / "long", endless))).word(evidence()) == "Lighthouses are liked."
    assert not any("\x1b" in line for line in evidence().facts)


def test_a_folder_that_is_no_such_model_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    folders = {"nowhere": "There is no folder"}
    for name in ("empty", "code", "pickle", "template"):
        folders[str(tmp_path / name)] = "cannot be used"
    (tmp_path / "empty").mkdir()
    code = save_text_model(tmp_path / "code", SAID)
    config = json.loads((code / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"}}
    (code / "config.json").write_text(json.dumps(config))
    (code / "own.py").write_text(f"open({str(ran)!r}, 'w')")
    template = save_text_model(tmp_path / "template", SAID)
    (template / "chat_template.jinja").write_text("{{ raise_exception('no users') }}")
    pickled = save_text_model(tmp_path / "pickle", SAID)
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    for folder, sentence in folders.items():
        settings = HDGISettings(text_model=folder)
        with pytest.raises(KgrecError, match=sentence):
            train_personas(Database.__new__(Database), tmp_path / "run", settings)
    assert not ran.exists() and not (tmp_path / "run").exists()
