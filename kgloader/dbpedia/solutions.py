"""Answers of an endpoint: what is understood of them, and where they are kept."""

import hashlib
import json
from pathlib import Path
from typing import Any

from kgrec.errors import KgrecError
from kgrec.files import replacing, sweep_drafts

KINDS = ("uri", "literal", "typed-literal", "bnode")  # of terms; the third is Virtuoso's
Solution = dict[str, str]  # of a SELECT query: values by variable, those without a value left out


def understood(content: bytes, needed: tuple[str, ...], iris: tuple[str, ...]) -> list[Solution]:
    """Return the solutions of an answer in SPARQL JSON.

    Args:
        content: the answer.
        needed: variables that have a value in every solution.
        iris: variables whose values are IRIs: one that is of another kind is given as empty text.

    Raises:
        ValueError: it is something else; the text says what.
    """
    try:
        answer = json.loads(content)
        variables, bindings = answer["head"]["vars"], answer["results"]["bindings"]
        if not isinstance(variables, list) or not isinstance(bindings, list):
            raise TypeError
        solutions = [{name: _value(term, name in iris) for name, term in binding.items()} for binding in bindings]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("its answer is not SPARQL JSON") from error
    unnamed = [name for name in needed if name not in variables]
    if unnamed:
        raise ValueError(f"its answer has no ?{unnamed[0]}")
    _check(solutions, needed)
    return solutions


class AnswerCache:
    """A folder of solutions by query; nothing of a query or an address can be read off the names of its files.

    What a killed load left half written there is removed.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        sweep_drafts(folder)

    def read(self, url: str, query: str, needed: tuple[str, ...]) -> list[Solution] | None:
        """Return what is kept, or nothing where there is none, or none with a value of every ``needed`` variable."""
        place = self._place(url, query)
        try:
            if not place.is_file():
                return None
            kept = json.loads(place.read_text(encoding="utf-8"))
            solutions: list[Solution] = kept["solutions"]
            if kept["digest"] != _digest(place.stem, solutions):
                return None
            _check(solutions, needed)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):  # damaged, or of before
            return None
        return solutions

    def write(self, url: str, query: str, solutions: list[Solution]) -> None:
        """Keep the solutions of a query.

        Raises:
            KgrecError: they cannot be written.
        """
        try:
            with replacing(self._place(url, query)) as draft:
                kept = {"digest": _digest(self._place(url, query).stem, solutions), "solutions": solutions}
                draft.write_text(json.dumps(kept), encoding="utf-8")
        except FileNotFoundError:  # another load kept it at the same time
            return
        except OSError as error:
            raise KgrecError(
                f"An answer cannot be kept in {self.folder}: {error.strerror}. Make room, or name another folder in "
                "KGREC_CACHE; the same command then goes on."
            ) from error

    def _place(self, url: str, query: str) -> Path:
        key = hashlib.sha256((url + "\n" + query).encode()).hexdigest()
        return self.folder / f"{key}.json"


def _digest(key: str, solutions: list[Solution]) -> str:
    """Digest of an answer and of what it answers, so that neither damage nor another's answer passes for it."""
    return hashlib.sha256(f"{key}\n{json.dumps(solutions)}".encode()).hexdigest()


def _value(term: Any, is_iri: bool) -> str:
    if term["type"] not in KINDS:
        raise TypeError
    value = term["value"] if term["type"] == "uri" or not is_iri else ""
    # Half of a pair of surrogates is no text for Neo4j; in an IRI it makes it invalid, and stays.
    return value.encode(errors="replace").decode() if isinstance(value, str) and not is_iri else value


def _check(solutions: list[Solution], needed: tuple[str, ...]) -> None:
    for solution in solutions:
        lacking = [name for name in needed if name not in solution]
        if lacking:
            raise ValueError(f"a solution has no ?{lacking[0]}")
        if not all(isinstance(value, str) for value in solution.values()):
            raise ValueError("a solution has a value that is no text")
