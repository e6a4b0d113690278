"""A local DBpedia dump that answers the same queries as the endpoint."""

import bz2
import gzip
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import pyoxigraph as ox

from kgloader.dbpedia.sparql import Solution
from kgrec.errors import KgrecError
from kgrec.owner import temporary_folder

FORMATS = {".nt": ox.RdfFormat.N_TRIPLES, ".ttl": ox.RdfFormat.TURTLE}
BASE = "http://dbpedia.org/resource/"


class Dump:
    """N-Triples or Turtle files, plain, .gz or .bz2, indexed in a temporary folder and queried with SPARQL.

    Use as a context manager; the index is removed at the end. Memory stays constant whatever the size of the files.
    """

    def __init__(self, paths: list[Path]):
        self._folder = temporary_folder("dump")
        self._store = ox.Store(self._folder.name)
        try:
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

    def select(self, query: str, needed: tuple[str, ...]) -> list[Solution]:
        """Answer a SELECT query, the ``needed`` variables of which always have a value here."""
        answer = cast(ox.QuerySolutions, self._store.query(query))
        names = [variable.value for variable in answer.variables]
        return [{name: solution[name].value for name in names if solution[name] is not None} for solution in answer]

    def _load(self, path: Path) -> None:
        suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".bz2")]
        kind = FORMATS.get(suffixes[-1] if suffixes else "")
        if kind is None:
            raise KgrecError(f"{path} is no dump that kgrec reads: give .nt or .ttl, plain, .gz or .bz2.")
        try:
            with _opened(path) as file:
                self._store.bulk_load(input=file, format=kind, base_iri=BASE)
        except SyntaxError as error:
            raise KgrecError(f"{path}, line {error.lineno}: {error.msg}.") from error
        except (EOFError, OSError) as error:
            raise KgrecError(f"{path} cannot be read: {error}.") from error


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path))
    if path.suffix == ".bz2":
        return cast(IO[bytes], bz2.open(path))
    return path.open("rb")
