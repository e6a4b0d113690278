"""What a list of any user needs, as arrays that are mapped from the run folder: for when the graph is away.

It is read of the graph once for a snapshot, and kept beside it. What users told since then is read at each load
(``feedback/told``).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.mapped import load_mapped, save_mapped
from kgrec.training.fits import Fit
from recommender.histories import Users, all_users
from recommender.snapshot import Snapshot

FORMAT_VERSION = 1
MANIFEST = "users.json"
AT_ONCE = 2_000  # users that are read together


@dataclass(frozen=True, eq=False)
class KnownUsers:
    """Histories and personas of users, whose memory is that of the arrays.

    Attributes:
        ids: of the users as UTF-8, one behind the other, in the order of their bytes.
        id_ends: behind which byte each ends. ``[n_users]``
        items: item numbers of each history, oldest first, one behind the other.
        item_ends: where each ends. ``[n_users]``
        disliked: item numbers in the same way.
        disliked_ends: where they end. ``[n_users]``
        vectors: personas, of who has none that of the items; zeros where these tell nothing. ``[n_users, persona_dim]``
    """

    ids: np.ndarray
    id_ends: np.ndarray
    items: np.ndarray
    item_ends: np.ndarray
    disliked: np.ndarray
    disliked_ends: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, blocks: Iterable[Users], snapshot: Snapshot) -> Self:
        """Put users, in the order of their ids, into arrays; items that the snapshot has not are left out."""
        ids, items, disliked = _Ragged(np.uint8), _Ragged(np.int32), _Ragged(np.int32)
        vectors = [np.zeros((0, snapshot.require_personas(Fit.FINAL).dim), dtype=np.float32)]
        for block in blocks:
            ids.add([user_id.encode() for user_id in block.user_ids])
            items.add(snapshot.numbers(block.histories))
            disliked.add(snapshot.numbers(block.disliked))
            vectors.append(block.personas.numpy())
        return cls(*ids.arrays(), *items.arrays(), *disliked.arrays(), np.concatenate(vectors))

    @classmethod
    def load(cls, run: Path, of: str) -> Self:
        """Read what `save` wrote.

        Raises:
            KgrecError: there is none, it is damaged, or of another snapshot.
        """
        manifest, arrays = load_mapped(Fit.FINAL.folder(run) / MANIFEST, FORMAT_VERSION, "list of users")
        if manifest["of"] != of:
            raise KgrecError(f"The list of users in {run} is of another snapshot.")
        return cls(**{name: arrays[name].numpy() for name in cls.__dataclass_fields__})

    def save(self, run: Path, of: str) -> None:
        """Keep it in the run folder; nothing is written where another process does it at the same time.

        Args:
            run: the folder.
            of: name of the file of the snapshot that it stands beside.

        Raises:
            KgrecError: the folder cannot be written.
        """
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        path = Fit.FINAL.folder(run) / MANIFEST
        save_mapped(path, FORMAT_VERSION, "list of users", of, {"of": of}, arrays)

    def __len__(self) -> int:
        return len(self.id_ends)

    def row(self, user_id: str) -> int | None:
        """Find a user."""
        wanted = user_id.encode(errors="surrogatepass")
        row = self._first_from(wanted)
        return row if row < len(self) and self._id(row) == wanted else None

    def history(self, row: int) -> np.ndarray:
        """Item numbers, oldest first: ``[n]``."""
        return _part(self.items, self.item_ends, row)

    def hidden(self, row: int) -> np.ndarray:
        """Numbers of the items that the user dislikes: ``[n]``."""
        return _part(self.disliked, self.disliked_ends, row)

    def user_ids(self, starts: str = "", limit: int | None = None) -> list[str]:
        """Return the ids that begin so, in their order, so many at most."""
        wanted = starts.encode(errors="surrogatepass")
        found: list[str] = []
        for row in range(self._first_from(wanted), len(self)):
            user_id = self._id(row)
            if not user_id.startswith(wanted) or len(found) == limit:
                break
            found.append(user_id.decode())
        return found

    def _first_from(self, wanted: bytes) -> int:
        """Row of the first user whose id is not before this one."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._id(middle) < wanted else (low, middle)
        return low

    def _id(self, row: int) -> bytes:
        return _part(self.ids, self.id_ends, row).tobytes()


def known_users(database: Database, snapshot: Snapshot, run: Path, of: str | None) -> KnownUsers:
    """Return what lists of all users need: that of the run folder, or what is read of the graph, which is kept there.

    Args:
        database: the graph.
        snapshot: that is served.
        run: folder that keeps it.
        of: name of the snapshot's file; where ``None``, as no folder has it, nothing is kept.

    Raises:
        KgrecError: the graph has the personas of another run by now.
    """
    if of is not None:
        with suppress(KgrecError):  # whatever is wrong with it, it can be made anew
            return KnownUsers.load(run, of)
    made = KnownUsers.of(all_users(database, snapshot, AT_ONCE), snapshot)
    if of is not None:
        with suppress(KgrecError):  # a folder that cannot be written is still served
            made.save(run, of)
            return KnownUsers.load(run, of)  # mapped
    return made


class _Ragged:
    """Lists of numbers, collected into one array and where each ends."""

    def __init__(self, kind: type[np.generic]):
        self._kind, self._parts, self._lengths = kind, [np.zeros(0, dtype=kind)], [np.zeros(0, dtype=np.int64)]

    def add(self, lists: Sequence[Sequence[int]]) -> None:
        self._lengths.append(np.array([len(one) for one in lists], dtype=np.int64))
        self._parts.append(np.array([number for one in lists for number in one], dtype=self._kind))

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return np.concatenate(self._parts), np.cumsum(np.concatenate(self._lengths))


def _part(content: np.ndarray, ends: np.ndarray, row: int) -> np.ndarray:
    found: np.ndarray = content[int(ends[row - 1]) if row else 0 : int(ends[row])]
    return found
