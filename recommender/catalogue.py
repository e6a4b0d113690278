"""Items that came or went after a sequence model was trained: a table of the items of now out of that of then.

Which items a model has rows of is kept once in the run folder, in a file that is named by their digest. An item without
a row gets that of the item nearest to it in the space of the personas, where text and facts give it a vector though
nobody has chosen it yet; the mean of all rows where nothing is told of it.
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from kgrec.errors import KgrecError
from kgrec.files import replacing
from kgrec.training.fits import Fit
from recommender.asked import SCORES_AT_ONCE
from recommender.dataset import digest_of
from recommender.knowledge import Knowledge
from recommender.sasrec import SASRec
from recommender.sequences import PADDING

PATTERN = "items-*.json"  # of the files in a run folder


def keep_items(run: Path, item_ids: list[str]) -> None:
    """Write which items a model is trained on, unless that is there already."""
    path = _file(run, digest_of(item_ids))
    if not path.exists():
        with replacing(path) as draft:
            draft.write_text(json.dumps(item_ids) + "\n", encoding="utf-8")


def trained_items(run: Path, digest: str) -> list[str]:
    """Read which items a model was trained on, in the order of its rows from 1.

    Raises:
        KgrecError: the file is missing, as an earlier kgrec wrote none, or damaged.
    """
    path = _file(run, digest)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if digest_of(found) == digest:
            return list(found)
    except FileNotFoundError as error:
        raise KgrecError(
            f"The items of the graph have changed, and {path} is missing, which an earlier kgrec did not write: run "
            f"`kgrec train sasrec --run {run}` again."
        ) from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise _damaged(path, run) from error
    raise _damaged(path, run)


@torch.no_grad()
def fit_table(model: SASRec, trained: list[str], knowledge: Knowledge, fit: Fit) -> None:
    """Give a model a table of the items of now. Rows of items that are gone are left out.

    Args:
        model: with a row for each of ``trained``.
        trained: item ids.
        knowledge: of the graph of now.
        fit: of the model.
    """
    row_of = {item_id: row for row, item_id in enumerate(trained, start=1)}
    rows = torch.tensor([PADDING, *(row_of.get(item_id, PADDING) for item_id in knowledge.item_ids)])
    new = rows == PADDING
    new[PADDING] = False
    learned = model.items.weight
    table = learned[rows]
    if new.any():
        chosen = (rows != PADDING) & torch.from_numpy(knowledge.counts(fit) > 0)  # of others it learned nothing
        table[new] = learned[1:].mean(dim=0)
        personas = knowledge.personas.get(fit)
        if personas is not None:
            told = personas.items.any(dim=1)
            known, asked = (torch.nonzero(one & told).squeeze(1) for one in (chosen, new))
            if len(known) and len(asked):
                table[asked] = table[_nearest(personas.items, known, asked)]
        model.unlearned = new
    model.items = nn.Embedding(len(table), table.shape[1], padding_idx=PADDING, _weight=table)
    model.n_items = knowledge.n_items


def _nearest(vectors: Tensor, known: Tensor, asked: Tensor) -> Tensor:
    """Numbers of the known items of the highest cosine with each one that is asked for: ``[n_asked]``.

    Args:
        vectors: ``[n_items + 1, dim]``
        known: item numbers, one at least. ``[n_known]``
        asked: item numbers. ``[n_asked]``
    """
    table = normalize(vectors[known], dim=1).T
    at_once = max(1, SCORES_AT_ONCE // len(known))
    parts = [(vectors[part] @ table).argmax(dim=1) for part in torch.split(asked, at_once)]
    return known[torch.cat(parts)]


def _file(run: Path, digest: str) -> Path:
    return run / f"items-{digest[:16]}.json"


def _damaged(path: Path, run: Path) -> KgrecError:
    return KgrecError(f"{path} is damaged: run `kgrec train sasrec --run {run}` again.")
