"""A polite SPARQL client: batches, retries, a cache on disk, and nothing of the data reaches a query unescaped."""

import hashlib
import json
import time
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pyoxigraph as ox
from SPARQLWrapper import JSON, POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import (
    EndPointInternalError,
    EndPointNotFound,
    QueryBadFormed,
    SPARQLWrapperException,
    Unauthorized,
)
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from kgrec.errors import KgrecError
from kgrec.files import replacing

USER_AGENT = "kgrec (knowledge-graph recommender; batched and cached queries)"
LONGEST_WAIT = 60.0  # seconds between two tries
LARGEST_ANSWER = 256 * 2**20  # bytes
PARTIAL = "X-SQL-State"  # Virtuoso's header of an answer that its own time limit cut off
TRIED_AGAIN = {408, 425, 429, 500, 502, 503, 504}
# The statuses for which SPARQLWrapper has classes of its own.
STATUS: dict[type[Exception], int] = {Unauthorized: 401, EndPointNotFound: 404, EndPointInternalError: 500}

Solution = dict[str, str]  # of a SELECT query: values by variable, those without a value left out


class PartialAnswerError(Exception):
    """An endpoint answered with a part of the solutions only, and said so."""


class Endpoint:
    """A SPARQL endpoint over HTTP. Only an answer that is whole and understood is kept.

    Args:
        url: address of the endpoint.
        cache: folder for answers; an answer found there costs no request.
        min_interval: least seconds from one request to the next.
        timeout: seconds to wait for an answer; rounded to whole ones, at least one.
        retries: tries after the first, with growing pauses.
    """

    def __init__(self, url: str, cache: Path, min_interval: float, timeout: float, retries: int):
        self.url, self.cache = url, cache
        self.min_interval, self.timeout, self.retries = min_interval, timeout, retries
        self.requests = self.cached = 0
        self._last_request = 0.0

    def select(self, query: str, needed: tuple[str, ...]) -> list[Solution]:
        """Answer a SELECT query.

        Args:
            query: the query.
            needed: variables that have a value in every solution.

        Raises:
            KgrecError: the endpoint cannot be reached, refuses the query, or answers something else than SPARQL JSON
                with what is needed.
            PartialAnswerError: it says that it left solutions out.
        """
        key = hashlib.sha256((self.url + "\n" + query).encode()).hexdigest()
        place = self.cache / f"{key}.json"
        try:
            kept: list[Solution] = json.loads(place.read_text(encoding="utf-8"))
            self.cached += 1
            return kept
        except (FileNotFoundError, ValueError):  # never asked, or the file is damaged
            solutions = self._ask(query, needed)
        with replacing(place) as draft:
            draft.write_text(json.dumps(solutions), encoding="utf-8")
        return solutions

    def _ask(self, query: str, needed: tuple[str, ...]) -> list[Solution]:
        tries = Retrying(
            stop=stop_after_attempt(self.retries + 1),
            wait=_pause,
            retry=retry_if_exception(_passing),
            reraise=True,
        )
        try:
            answer = tries(self._request, query)
        except QueryBadFormed as error:
            raise KgrecError(f"The SPARQL endpoint {self.url} refused a query as malformed.") from error
        except (HTTPError, Unauthorized, EndPointNotFound, EndPointInternalError) as error:
            status = error.code if isinstance(error, HTTPError) else STATUS[type(error)]
            raise KgrecError(f"The SPARQL endpoint {self.url} answered with HTTP status {status}.") from error
        except (URLError, OSError, HTTPException, SPARQLWrapperException) as error:
            reason = getattr(error, "reason", None) or (str(error) or type(error).__name__).splitlines()[0]
            raise KgrecError(f"The SPARQL endpoint {self.url} cannot be reached: {reason}.") from error
        return self._solutions(answer, needed)

    def _request(self, query: str) -> bytes:
        time.sleep(max(0.0, self._last_request + self.min_interval - time.monotonic()))
        self._last_request = time.monotonic()
        self.requests += 1
        wrapper = SPARQLWrapper(self.url, agent=USER_AGENT)
        wrapper.setMethod(POST)
        wrapper.setReturnFormat(JSON)
        wrapper.setTimeout(max(1, round(self.timeout)))
        wrapper.setQuery(query)
        response = wrapper.query().response
        if response.status == HTTPStatus.PARTIAL_CONTENT or PARTIAL in response.headers:
            raise PartialAnswerError
        content: bytes = response.read(LARGEST_ANSWER + 1)
        if response.length and len(content) <= LARGEST_ANSWER:  # what a bounded read leaves unsaid
            raise IncompleteRead(content, response.length)
        if len(content) > LARGEST_ANSWER:
            size = f"more than {LARGEST_ANSWER // 2**20} MiB"
            raise KgrecError(f"The SPARQL endpoint {self.url} answers with {size}: set a smaller batch_size.")
        return content

    def _solutions(self, content: bytes, needed: tuple[str, ...]) -> list[Solution]:
        try:
            bindings = json.loads(content)["results"]["bindings"]
            solutions = [{name: term["value"] for name, term in binding.items()} for binding in bindings]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise KgrecError(f"{self.url} is no SPARQL endpoint: its answer is not SPARQL JSON.") from error
        for solution in solutions:
            lacking = [name for name in needed if name not in solution]
            if lacking or not all(isinstance(value, str) for value in solution.values()):
                what = f"has no ?{lacking[0]}" if lacking else "has a value that is no text"
                raise KgrecError(f"The SPARQL endpoint {self.url} answers something else: a solution {what}.")
        return solutions


def iri(text: str) -> str:
    """Write an IRI into a query.

    Raises:
        ValueError: it is not an absolute IRI.
    """
    try:
        return str(ox.NamedNode(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IRI") from error


def is_iri(text: str) -> bool:
    """Whether it is an absolute IRI."""
    try:
        iri(text)
    except ValueError:
        return False
    return True


def english(text: str) -> str:
    """Write a text into a query as an English literal."""
    return str(ox.Literal(text, language="en"))


def _passing(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, HTTPError):
        return error.code in TRIED_AGAIN
    return isinstance(error, (EndPointInternalError, URLError, TimeoutError, ConnectionError, HTTPException))


def _pause(state: RetryCallState) -> float:
    """Wait as long as the server asks for, else ever longer."""
    error: Any = state.outcome.exception() if state.outcome else None
    asked = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) and error.headers else ""
    if asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    return wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)(state)
