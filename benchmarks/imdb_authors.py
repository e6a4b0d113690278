"""The HDGI authors' own code on their IMDB data, out of a checkout of YuxiangRen/Heterogeneous-Deep-Graph-Infomax.

Nothing of the checkout is part of kgrec. What it runs is a copy in a temporary folder, with the patches below: each is
a text of theirs, the text in its place, and why. Those marked "same numbers" change time and memory alone.
"""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from gnn.settings import ConvolutionName
from kgrec.errors import KgrecError

DATA = Path("data") / "IMDB" / "3-class"
FEATURES = "movie_feature_vector_6334.pickle"
LABELS = "index_label.txt"
RELATIONS = ("director", "actor", "keyword")  # in the order of their load_data


@dataclass(frozen=True)
class Patch:
    """One change of the copy.

    Attributes:
        file: in the folder of the variant.
        old: their text, which occurs once.
        new: the text in its place.
    """

    file: str
    old: str
    new: str


SEED = "SEED_OF_THE_RUN"
KEPT = "vectors.npy"
# Their scripts go on to classify; vectors are kept instead, and classified here as those of kgrec are.
KEEP = Patch("execute.py", "train_embs = embeds", f"np.save('{KEPT}', embeds[0].numpy()); raise SystemExit\n_ = embeds")
# Same numbers: almost all features are 0, and are multiplied as a sparse matrix.
SPARSE = (
    Patch(
        "execute.py",
        "\nfeatures = torch.FloatTensor(features[np.newaxis])\n",
        "\nfeatures = torch.FloatTensor(features).to_sparse()\n",
    ),
    Patch("execute.py", "features[:, idx, :]", "features.index_select(0, torch.from_numpy(idx))"),
)
# Same numbers: almost no two movies are joined, and their adjacencies are multiplied as sparse matrices.
AS_CODE = Patch(
    "execute.py",
    "        adj = (adj + sp.eye(adj.shape[0])).todense()\n        adj = adj[np.newaxis]\n",
    "        adj = process.sparse_mx_to_torch_sparse_tensor(adj + sp.eye(adj.shape[0]))\n",
)
# Other numbers: what they add ``I`` to here is normalised, with an ``I`` of its own, already. Their paper has no other.
AS_PAPER = replace(AS_CODE, new="        adj = process.sparse_mx_to_torch_sparse_tensor(adj)\n")
PATCHES: dict[ConvolutionName, tuple[Patch, ...]] = {
    "gcn": (
        # Nothing is seeded.
        Patch(
            "execute.py",
            "# training params",
            f"import random\nrandom.seed({SEED}); np.random.seed({SEED}); torch.manual_seed({SEED})",
        ),
        # The parameters of their README for HDGI-C; the script has others.
        Patch("execute.py", "lr = 0.001", "lr = 0.02"),
        Patch("execute.py", "hid_units = 512", "hid_units = 64"),
        Patch("execute.py", "shid = 16", "shid = 8"),
        *SPARSE,
        Patch("layers/gcn.py", "self.fc(seq)", "torch.sparse.mm(seq, self.fc.weight.t())"),
        AS_CODE,
        Patch("execute.py", "        nor_adjs = torch.FloatTensor(np.array(nor_adjs))", "        pass"),
        Patch("layers/gcn.py", "torch.bmm(adj, seq_fts)", "torch.sparse.mm(adj, seq_fts).unsqueeze(0)"),
        KEEP,
    ),
    "attention": (
        # Same numbers, without a tensor [n_nodes, n_nodes, 2 dim]: the score is a sum of two halves, and what they mask
        # by -9e15 has no part in the softmax.
        Patch(
            "layers/attentionLayer.py",
            "        a_input = torch.cat([h.repeat(1, N).view(N * N, -1), h.repeat(N, 1)], dim=1)"
            ".view(N, -1, 2 * self.out_features)\n"
            "        e = self.leakyrelu(torch.matmul(a_input, self.a).squeeze(2))\n"
            "\n"
            "        zero_vec = -9e15*torch.ones_like(e)\n"
            "        attention = torch.where(adj > 0, e, zero_vec)\n"
            "        attention = F.softmax(attention, dim=1)\n",
            "        i, j = adj\n"
            "        own, other = torch.matmul(h, self.a.view(2, -1).t()).t()\n"
            "        e = torch.exp(self.leakyrelu(own[i] + other[j]))\n"
            "        attention = e / torch.zeros(N).index_add(0, i, e)[i]\n",
        ),
        Patch(
            "layers/attentionLayer.py",
            "        h_prime = torch.matmul(attention, h)\n",
            "        h_prime = torch.zeros_like(h).index_add(0, i, attention[:, None] * h[j])\n",
        ),
        # Same numbers, and the pairs are looked for once.
        Patch("layers/hgat.py", "            adj = torch.squeeze(adj, 0)\n", ""),
        Patch(
            "execute.py",
            "nor_adjs = torch.FloatTensor(np.array(nor_adjs))",
            "nor_adjs = [torch.from_numpy(np.stack(np.nonzero(np.asarray(adj[0]) > 0))) for adj in nor_adjs]",
        ),
        *SPARSE,
        Patch(
            "layers/attentionLayer.py",
            "torch.mm(input, self.W)\n        N",
            "torch.sparse.mm(input, self.W)\n        N",
        ),
        Patch("layers/hgat.py", "        x = torch.squeeze(x, 0)\n", ""),
        KEEP,
    ),
}
FOLDERS: dict[ConvolutionName, str] = {"gcn": "DGI-HGCN", "attention": "DGI-HGAT"}
# At most so many: the loss of HDGI-A is below 1e-6 by then, and goes on falling in its last digits for hundreds more.
EPOCHS = 100
ARGUMENTS: dict[ConvolutionName, list[str]] = {
    "gcn": [],
    # The parameters of their README for HDGI-A; 16 is the width of each head.
    "attention": [
        "--hidden",
        "16",
        "--nb_heads",
        "4",
        "--shid",
        "8",
        "--lr",
        "0.02",
        "--epochs",
        str(EPOCHS),
    ],
}


def authors_vectors(
    checkout: Path,
    convolution: ConvolutionName,
    seed: int,
    adjacencies: dict[str, sp.coo_matrix],
    as_paper: bool = False,
) -> np.ndarray:
    """Train the authors' HDGI with their script and return its states: ``[n_movies, dim]``.

    Args:
        checkout: of their repository.
        convolution: HDGI-C or HDGI-A.
        seed: of everything random in their script.
        adjacencies: of each of `RELATIONS`: that of keywords is too large for some copies of the repository.
        as_paper: HDGI-C without the second ``I`` of their code.

    Raises:
        KgrecError: the checkout is not that of the patches, or their script failed.
    """
    variant = FOLDERS[convolution]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / variant
        for part in ("layers", "models"):
            shutil.copytree(checkout / variant / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(checkout / variant / "execute.py", place)
        # That of DGI-HGAT is the same but reads DBLP, which is not in the repository.
        (place / "utils").mkdir()
        (place / "utils" / "__init__.py").touch()
        shutil.copy(checkout / FOLDERS["gcn"] / "utils" / "process.py", place / "utils")
        data = Path(folder) / DATA
        data.mkdir(parents=True)
        for name in (FEATURES, LABELS):
            shutil.copy(checkout / DATA / name, data)
        for name, adjacency in adjacencies.items():
            (data / f"movie_{name}_movie_adj.pickle").write_bytes(pickle.dumps(adjacency))
        for patch in PATCHES[convolution]:
            _apply(AS_PAPER if as_paper and patch is AS_CODE else patch, place, seed)
        seeded = ["--seed", str(seed)] if convolution == "attention" else []
        command = [sys.executable, "execute.py", *ARGUMENTS[convolution], *seeded]
        environment = {**os.environ, "PYTHONPATH": ""}
        result = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
        if result.returncode or not (place / KEPT).exists():
            raise KgrecError(f"The authors' {variant}/execute.py failed: {result.stderr.strip()[-500:]}")
        vectors: np.ndarray = np.load(place / KEPT)
        return vectors


def _apply(patch: Patch, place: Path, seed: int) -> None:
    text = (place / patch.file).read_text(encoding="utf-8")
    if text.count(patch.old) != 1:
        raise KgrecError(f"{patch.file} of the checkout is not the one that is known here: {patch.old!r} is missing.")
    patched = text.replace(patch.old, patch.new.replace(SEED, str(seed)))
    (place / patch.file).write_text(patched, encoding="utf-8")
