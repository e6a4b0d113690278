"""A manifest that cannot be read: it says nothing, or is named as damaged; who looks at a folder goes on."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kgrec.errors import KgrecError
from kgrec.feedback.following import MANIFEST
from kgrec.manifest import amend_manifest, load_manifest, save_manifest
from kgrec.training.fits import Fit
from recommender.service.graph import Graph
from recommender.service.loaded import contents

DEEP = "[" * 100_000


def manifest(folder: Path) -> Path:
    save_manifest(folder / "x.json", 2, {"state": "a"}, [])
    return folder / "x.json"


def test_what_it_says_is_changed_if_it_says_what_is_known(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    assert not amend_manifest(path, {"state": "b"}, {"state": "c"})
    assert amend_manifest(path, {"state": "a"}, {"state": "b"})
    assert load_manifest(path, 2, "thing")["state"] == "b"


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", DEEP, f'{{"checksum": {DEEP}', "\udcff", '{"state": "a", "checksum": "0"}']
)
def test_a_damaged_one_is_never_changed_and_is_named(tmp_path: Path, content: str) -> None:
    path = manifest(tmp_path)
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    before = path.read_bytes()
    assert not amend_manifest(path, {}, {"state": "b"}) and path.read_bytes() == before
    with pytest.raises(KgrecError, match=f"^The thing in {tmp_path} is damaged, .*: save it again.$"):
        load_manifest(path, 2, "thing")


def test_what_is_nested_as_deep_as_json_reads_is_read_or_named(tmp_path: Path) -> None:
    """Its checksum is of what was read, written again, which takes a little more of the stack."""
    path = tmp_path / "x.json"
    for depth in range(900, 1_000):
        path.write_text(json.dumps({"version": 2, "checksum": "0", "state": 0})[:-2] + "[" * depth + "]" * depth + "}")
        assert not amend_manifest(path, {}, {})
        with pytest.raises(KgrecError, match="is damaged"):
            load_manifest(path, 2, "thing")


def test_whoever_looks_at_a_run_folder_takes_a_damaged_one_for_none(tmp_path: Path) -> None:
    path = Fit.FINAL.folder(tmp_path) / MANIFEST
    graph = cast(Graph, SimpleNamespace(n_items=lambda: 3))
    before = contents(tmp_path, graph)
    path.parent.mkdir()
    path.write_text(DEEP)
    assert contents(tmp_path, graph)[0] is None and before[0] is None
