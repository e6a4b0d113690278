"""A local DBpedia dump that answers the same queries as the endpoint."""

import zlib
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

import pyoxigraph as ox

from kgloader.dbpedia.sparql import Solution
from kgloader.readers.lines import LONGEST_BLANK
from kgloader.readers.opening import opened
from kgloader.report import progress_bar
from kgrec.dbpedia import RESOURCE
from kgrec.errors import KgrecError
from kgrec.owner import temporary_folder

FORMATS = {".nt": ox.RdfFormat.N_TRIPLES, ".ttl": ox.RdfFormat.TURTLE}


class Dump:
    """N-Triples or Turtle files, plain, .gz or .bz2, indexed in a temporary folder and queried with SPARQL.

    Use as a context manager; the index is removed at the end. Memory stays constant whatever the size of the files.
    """

    def __init__(self, paths: list[Path]):
        self._folder = temporary_folder("dump")
        try:
            try:
                self._store = ox.Store(self._folder.name)
            except OSError as error:
                raise self._no_room(error) from error
            for path in paths:
                self._load(path)
        except BaseException:
            self._folder.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._store
        self._folder.cleanup()

    def select(
        self,
        query: str,
        needed: tuple[str, ...],
        iris: tuple[str, ...] = (),
        kept_below: int | None = None,
        patience: float | None = None,
    ) -> list[Solution]:
        """Answer a SELECT query, whose ``needed`` variables always have a value here, and whose ``iris`` are IRIs.

        No answer is kept.
        """
        answer = cast(ox.QuerySolutions, self._store.query(query))
        names = [variable.value for variable in answer.variables]
        return [{name: solution[name].value for name in names if solution[name] is not None} for solution in answer]

    def _load(self, path: Path) -> None:
        suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".bz2")]
        kind = FORMATS.get(suffixes[-1] if suffixes else "")
        if kind is None:
            raise KgrecError(f"{path} is no dump that kgrec reads: give .nt or .ttl, plain, .gz or .bz2.")
        try:
            with (
                opened(path) as (file, content),
                progress_bar(f"dump {path.name}", "bytes", path.stat().st_size) as bar,
            ):
                watched = _Watched(content, lambda count: bar(count, file.tell()))
                self._store.bulk_load(input=cast(IO[bytes], watched), format=kind, base_iri=RESOURCE)
        except SyntaxError as error:
            raise KgrecError(f"{path}, line {error.lineno}: {error.msg}.") from error
        except (EOFError, OSError, zlib.error, MemoryError) as error:  # the last one is of too long a line
            if self._folder.name in str(error):
                raise self._no_room(error) from error
            raise KgrecError(f"{path} cannot be read: {str(error).rstrip('.')}.") from error

    def _no_room(self, error: BaseException) -> KgrecError:
        """Say of the index that it cannot be kept, as on a full disk."""
        folder = Path(self._folder.name).parent
        return KgrecError(
            f"The index of a dump cannot be kept in {folder}, which TMPDIR names: {str(error).rstrip('.')}."
        )


class _Watched:
    """A stream that tells how much was read of it, and ends at more than a MiB of nothing but white space.

    A byte order mark before all else is left out.
    """

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]):
        self._stream = stream
        self._tell = tell
        self._blank = 0
        self._first = True

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes.

        Raises:
            OSError: there are too many blank lines.
        """
        part = self._stream.read(size)
        self._tell(len(part))
        if self._first:
            part, self._first = part.removeprefix(BOM_UTF8), False
        self._blank = self._blank + len(part) if part.isspace() else 0
        if self._blank > LONGEST_BLANK:
            raise OSError("it holds more than 1 MiB of blank lines")
        return part
