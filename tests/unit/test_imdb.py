"""The benchmark on the authors' data, with a made-up checkout in the place of theirs."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from benchmarks.imdb import joined, measure, movies, our_vectors
from benchmarks.imdb_authors import DATA, FEATURES, LABELS, authors_vectors
from gnn.settings import HDGISettings
from kgrec.errors import KgrecError

FILMS = {"Up": ("Ann", "Bo", "sky|old"), "Down": ("Ann", "Cy", "sea"), "Left": ("Dee", "Bo", "sky|sea")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / DATA
    data.mkdir(parents=True)
    rows = ["header"]
    for title, (director, actor, keywords) in FILMS.items():
        fields = [""] * 28
        fields[1], fields[6], fields[10], fields[14], fields[11], fields[16] = (
            director,
            actor,
            "Eve",
            "Eve",
            title,
            keywords,
        )
        rows.append(",".join(fields))
    (data / "movie_metadata_3class.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    names = {
        "movie": list(FILMS),
        "director": ["Ann", "Dee"],
        "actor": ["Bo", "Cy", "Eve"],
        "keyword": ["sky", "old", "sea"],
    }
    for name, values in names.items():
        lines = (f"{place},{value}\n" for place, value in enumerate(values))
        (data / f"{name}_index.txt").write_text("".join(lines), encoding="utf-8")
    (data / LABELS).write_text("0,1\n1,2\n2,3\n", encoding="utf-8")
    (data / FEATURES).write_bytes(pickle.dumps(sp.coo_matrix(np.array([[1, 1, 0], [0, 0, 4], [0, 0, 0]]))))
    return data


def published(folder: Path, relation: str, dense: list[list[float]]) -> None:
    (folder / f"movie_{relation}_movie_adj.pickle").write_bytes(pickle.dumps(sp.coo_matrix(np.array(dense))))


def test_data_are_read_as_they_are(folder: Path) -> None:
    published(folder, "actor", [[0, 1, 2], [1, 0, 1], [2, 1, 0]])
    features, labels, hops = movies(folder)
    assert features.to_dense().tolist() == [[0.5, 0.5, 0], [0, 0, 1], [0, 0, 0]] and labels.tolist() == [1, 2, 3]
    assert hops["actor"].matrix.to_dense().tolist() == [[1, 0, 1], [0, 1, 1], [1, 0, 1]]
    assert joined(hops["director"]).toarray().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert joined(hops["keyword"]).toarray().tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]


def test_adjacency_that_does_not_come_out_of_the_table_is_told(folder: Path) -> None:
    published(folder, "director", [[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    with pytest.raises(KgrecError, match="movie_director_movie"):
        movies(folder)


@pytest.mark.parametrize("convolution", ["gcn", "attention"])
def test_kgrec_learns_from_sparse_features(folder: Path, convolution: str) -> None:
    features, _, hops = movies(folder)
    given = {"dim": 4, "heads": 2, "epochs": 3, "convolution": convolution, "adjacency": "counts"}
    settings = HDGISettings.model_validate(given)
    vectors = our_vectors(features, hops, settings)
    assert vectors.shape == (3, 4)
    assert np.allclose(vectors, our_vectors(features.to_dense(), hops, settings), atol=1e-5)
    if convolution == "gcn":
        assert not np.allclose(vectors, our_vectors(features, hops, settings, as_code=True), atol=1e-3)


def test_vectors_that_tell_the_class_are_measured_as_good_and_noise_as_guessing() -> None:
    labels = np.arange(4_100) % 3 + 1
    drawn = np.random.default_rng(0)
    told = (9.0 * np.eye(3)[labels - 1] + drawn.normal(size=(4_100, 3))).astype(np.float32)
    told[:1_000] = told[drawn.permutation(1_000)]  # some of the movies have another's vector, or no loss would stop
    micro, macro, nmi, ari = measure(told, labels, 1, 20)
    assert 0.75 < micro < 0.9 and 0.75 < macro < 0.9 and 0.4 < nmi < 0.9 and 0.4 < ari < 0.9
    noise = np.random.default_rng(1).normal(size=(4_100, 3)).astype(np.float32)
    micro, macro, nmi, ari = measure(noise, labels, 1, 20)
    assert 0.28 < micro < 0.39 and macro < 0.39 and nmi < 0.01 and abs(ari) < 0.01
    assert torch.initial_seed() == 1  # of the logistic regressions, so that a seed gives the same figures


def test_another_checkout_is_refused(folder: Path, tmp_path: Path) -> None:
    for variant in ("DGI-HGCN", "DGI-HGAT"):
        for part in ("layers", "models", "utils"):
            (tmp_path / variant / part).mkdir(parents=True)
        for file in ("execute.py", "utils/process.py", "layers/gcn.py"):
            (tmp_path / variant / file).write_text("pass\n")
    with pytest.raises(KgrecError, match=r"execute\.py of the checkout is not the one that is known"):
        authors_vectors(tmp_path, "gcn", 1, {})
