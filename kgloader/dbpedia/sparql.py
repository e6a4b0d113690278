"""A polite SPARQL client: batches, retries, a cache on disk, and nothing of the data reaches a query unescaped."""

import math
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, InvalidURL
from pathlib import Path
from ssl import SSLCertVerificationError
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler

import pyoxigraph as ox
from SPARQLWrapper import JSON, POST, SELECT, SPARQLWrapper
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from kgloader.dbpedia.solutions import AnswerCache, understood
from kgloader.dbpedia.solutions import Solution as Solution  # callers need no more than this module
from kgloader.dbpedia.transport import LARGEST_ANSWER, LargeAnswerError, StatusError, fetch, web
from kgrec.errors import KgrecError
from kgrec.terminal import note
from kgrec.text import shown

USER_AGENT = "kgrec (knowledge-graph recommender; batched and cached queries)"
PATIENCE = 100.0  # seconds for a query, tries and pauses together, unless one try may take longer
LEAST_TRY = 1.0  # seconds; with less left there is no other try
LONGEST_WAIT = 60.0  # seconds between two tries, unless the server asks for more
LONGEST_ASKED = 365 * 86_400.0  # seconds; whoever asks for more is not understood better
TRIED_AGAIN = {408, 425, 429, 500, 502, 503, 504}
LONGEST_IRI = 2_000  # bytes in UTF-8; browsers and servers end there too, and Neo4j's index at some 8,000
LONGEST_SHOWN = 60  # characters of an IRI that is refused for its length
LONGEST_REASON = 200  # characters of what a library or a server says
KEPT = "What was fetched before is in the graph and in the cache: the same command goes on from there."


class PartialAnswerError(Exception):
    """An endpoint answered with a part of the solutions only, and said so; the text names it."""


class RefusedError(KgrecError):
    """An endpoint answered a query with an HTTP status that is no answer.

    Attributes:
        status: the last one.
        later: whether it asks to be left alone for a time.
    """

    def __init__(self, sentence: str, status: int, later: bool):
        super().__init__(sentence)
        self.status, self.later = status, later


class Endpoint:
    """A SPARQL endpoint over HTTP. Only an answer that is whole and understood is kept.

    Args:
        url: address of the endpoint; its query is in no message.
        cache: folder for answers; an answer found there costs no request.
        min_interval: least seconds from one request to the next.
        timeout: seconds for an answer, from the resolution of the name to its last byte.
        retries: tries after the first, with growing pauses, within ``PATIENCE``.
        credentials: user name and password, for HTTP's basic authentication.
    """

    def __init__(
        self,
        url: str,
        cache: Path,
        min_interval: float,
        timeout: float,
        retries: int,
        credentials: tuple[str, str] | None = None,
    ):
        self.url, self.credentials = url, credentials
        self.min_interval, self.timeout, self.retries = min_interval, timeout, retries
        self.requests = self.cached = 0
        self._name = "The SPARQL endpoint " + urlsplit(url)._replace(query="", fragment="").geturl()
        self._cache = AnswerCache(cache)
        self._opener = web()
        self._last_request = 0.0

    def select(
        self,
        query: str,
        needed: tuple[str, ...],
        iris: tuple[str, ...] = (),
        kept_below: int | None = None,
        patience: float | None = None,
    ) -> list[Solution]:
        """Answer a SELECT query.

        Args:
            query: the query.
            needed: variables that have a value in every solution.
            iris: variables whose values are IRIs. What is another kind of term is given as empty text; what calls
                itself an IRI is given as it stands, and may be none: see `is_iri`.
            kept_below: an answer of so many solutions or more is not kept; without it any is.
            patience: seconds for a query that is asked because another was answered with status 500, tries and pauses
                together: 500 is not tried again then.

        Raises:
            RefusedError: the endpoint wants to be asked later, or refuses the query.
            KgrecError: it cannot be reached, or answers something else than SPARQL JSON with what is needed; or the
                answer cannot be kept.
            PartialAnswerError: it says that it left solutions out.
        """
        solutions = self._cache.read(self.url, query, needed)
        if solutions is not None:
            self.cached += 1
            return solutions
        content = self._ask(query, patience)
        try:
            solutions = understood(content, needed, iris)
        except ValueError as error:
            raise self._stop(f"does not answer as one: {error}.") from error
        if kept_below is None or len(solutions) < kept_below:
            self._cache.write(self.url, query, solutions)
        return solutions

    def _ask(self, query: str, patience: float | None) -> bytes:
        budget = max(PATIENCE, self.timeout) if patience is None else min(patience, max(PATIENCE, self.timeout))
        tries = Retrying(
            stop=stop_after_attempt(self.retries + 1) | stop_before_delay(budget - LEAST_TRY),
            wait=_pause,
            retry=retry_if_exception(_passing if patience is None else _passing_but_500),
            before_sleep=self._tell,
            reraise=True,
        )
        start = time.monotonic()
        try:
            content = tries(self._request, query, start + budget)
        except StatusError as error:
            raise RefusedError(self._sentence(_refusal(error)), error.status, bool(_asked_by(error))) from error
        except LargeAnswerError as error:
            size = f"more than {LARGEST_ANSWER // 2**20} MiB"
            raise self._stop(f"answers with {size}: set a smaller batch_size.") from error
        except (OSError, HTTPException, ValueError) as error:
            done = tries.statistics["attempt_number"]
            count = f" ({done} tries in {time.monotonic() - start:.0f} s)" if done > 1 else ""
            raise self._stop(f"cannot be reached: {_reason(error)}{count}.") from error
        if content is None:
            raise PartialAnswerError(self._name)
        return content

    def _request(self, query: str, end: float) -> bytes | None:
        time.sleep(max(0.0, self._last_request + self.min_interval - time.monotonic()))
        self._last_request = time.monotonic()
        self.requests += 1
        wrapper = SPARQLWrapper(self.url, agent=USER_AGENT)
        wrapper.setMethod(POST)
        wrapper.setReturnFormat(JSON)
        if self.credentials is not None:
            wrapper.setCredentials(*self.credentials)
        # What setQuery does, but for a regular expression that is cubic in a title with PREFIX in it.
        wrapper.queryString, wrapper.queryType = query, SELECT
        seconds = min(self.timeout, max(LEAST_TRY, end - self._last_request))
        slow = f"has not answered yet; this try ends after {seconds:.0f} s."
        return fetch(wrapper, self._opener, seconds, partial(self._say, slow))

    def _tell(self, state: RetryCallState) -> None:
        """Say that a try failed, and when the next one is."""
        pause = state.next_action.sleep if state.next_action else 0.0
        count = f"try {state.attempt_number} of {self.retries + 1}"
        self._say(f"gave no answer, {count}: {_reason(_failure(state))}. The next try is in {pause:.1f} s.")

    def _say(self, what: str) -> None:
        note(f"{self._name} {what}")

    def _stop(self, what: str) -> KgrecError:
        return KgrecError(self._sentence(what))

    def _sentence(self, what: str) -> str:
        return f"{self._name} {what} {KEPT}"


def iri(text: str) -> str:
    """Write an IRI into a query.

    Raises:
        ValueError: it is not an absolute IRI, or one of more than ``LONGEST_IRI`` bytes.
    """
    length = len(text.encode(errors="replace"))
    if length > LONGEST_IRI:
        raise ValueError(
            f"'{shown(text, LONGEST_SHOWN)}' is not an IRI that kgrec keeps: it has {length:,} bytes, more than "
            f"{LONGEST_IRI:,}"
        )
    try:
        return str(ox.NamedNode(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IRI") from error


def is_iri(text: str) -> bool:
    """Whether it is an absolute IRI, of at most ``LONGEST_IRI`` bytes."""
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
    if isinstance(error, StatusError):
        return error.status in TRIED_AGAIN
    if isinstance(error, HTTPError):  # of a redirect
        return False
    cause = error.reason if isinstance(error, URLError) else error
    return isinstance(cause, (OSError, HTTPException)) and not isinstance(cause, (InvalidURL, SSLCertVerificationError))


def _passing_but_500(error: BaseException) -> bool:
    ours = isinstance(error, StatusError) and error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    return _passing(error) and not ours


def _pause(state: RetryCallState) -> float:
    """Wait as long as the server asks for, else ever longer."""
    error = _failure(state)
    asked = _seconds_asked(error.retry_after) if isinstance(error, StatusError) else None
    return wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)(state) if asked is None else asked


def _seconds_asked(retry_after: str) -> float | None:
    """Read a Retry-After header, which holds seconds or a date; nothing where it holds neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_ASKED)
    try:
        date = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max(0.0, moment.timestamp() - time.time()), LONGEST_ASKED)


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _asked_by(error: StatusError) -> float | None:
    return _seconds_asked(error.retry_after) if error.status in TRIED_AGAIN else None


def _refusal(error: StatusError) -> str:
    asked = _asked_by(error)
    if asked:
        moment = datetime.fromtimestamp(math.ceil(time.time() + asked)).astimezone()
        return f"asks to be left alone until {moment:%Y-%m-%d %H:%M:%S %Z}, with HTTP status {error.status}."
    if error.status == HTTPStatus.BAD_REQUEST:
        return "refused a query as malformed, with HTTP status 400."
    return f"answered with HTTP status {error.status}."


def _reason(error: BaseException | None) -> str:
    """Say on one line what went wrong."""
    if isinstance(error, HTTPError):  # of a redirect
        circle = error.msg.startswith(HTTPRedirectHandler.inf_msg)
        return "it redirects in a circle" if circle else "it redirects to an address that is none of the web"
    cause = error.reason if isinstance(error, URLError) else error
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
    return shown(text, LONGEST_REASON)
