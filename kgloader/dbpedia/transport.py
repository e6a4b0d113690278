"""One HTTP request of SPARQLWrapper: limited in time and size whatever the server does; redirects keep the query."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from email.message import Message
from http import HTTPStatus
from http.client import IncompleteRead
from typing import IO, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPRedirectHandler,
    OpenerDirector,
    Request,
    build_opener,
    install_opener,
)

from SPARQLWrapper import SPARQLWrapper

LARGEST_ANSWER = 256 * 2**20  # bytes
PIECE = 2**16  # bytes read at once, at most
SLOW = 20.0  # seconds after which a wait is told
PARTIAL = "X-SQL-State"  # Virtuoso's header of an answer that its own time limit cut off


class StatusError(Exception):
    """A status that is no answer, with the text of its Retry-After, empty without one."""

    def __init__(self, status: int, retry_after: str):
        super().__init__(f"HTTP status {status}")
        self.status, self.retry_after = status, retry_after


class LargeAnswerError(Exception):
    """An answer of more than ``LARGEST_ANSWER``."""


def fetch(wrapper: SPARQLWrapper, opener: OpenerDirector, seconds: float, slow: Callable[[], None]) -> bytes | None:
    """Return the body that answers the wrapper's query, or nothing where the server says that it left something out.

    A thread of its own does it, and is left alone when the time is over: a timeout of the socket ends neither the
    resolution of a name, nor the second address of a host, nor an answer of which there is a byte now and then.

    Args:
        wrapper: set to a query.
        opener: of `web`.
        seconds: for all of it.
        slow: called once if it takes long.

    Raises:
        TimeoutError: it was not whole within the time.
        StatusError: a status other than 2xx.
        LargeAnswerError: it is too long.
        OSError, HTTPException, ValueError: it cannot be fetched.
    """
    end = time.monotonic() + seconds
    wrapper.setTimeout(math.ceil(seconds))
    answer: Future[bytes | None] = Future()

    def work() -> None:
        try:
            answer.set_result(_read(wrapper, end))
        except BaseException as error:
            answer.set_exception(error)

    with _opening_by(opener):
        threading.Thread(target=work, daemon=True).start()
        if not wait([answer], min(seconds, SLOW)).done and seconds > SLOW:
            slow()
        wait([answer], end - time.monotonic())
    try:
        return answer.result(0)
    except TimeoutError:  # as the thread found, or it has not ended
        raise TimeoutError(f"no whole answer within {seconds:.0f} s") from None


def web() -> OpenerDirector:
    """Build what opens addresses of the web, by the proxies of the environment."""
    return build_opener(_Redirects, _Statuses)


@contextmanager
def _opening_by(opener: OpenerDirector) -> Iterator[None]:
    """Let urllib open addresses by it; SPARQLWrapper takes none of its own."""
    install_opener(opener)
    try:
        yield
    finally:
        install_opener(None)  # back to urllib's own


def _read(wrapper: SPARQLWrapper, end: float) -> bytes | None:
    content = bytearray()
    with closing(wrapper.query().response) as response:
        if response.status == HTTPStatus.PARTIAL_CONTENT or PARTIAL in response.headers:
            return None
        while piece := response.read1(PIECE):  # what is there, unlike read
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise LargeAnswerError
            if time.monotonic() > end:
                raise TimeoutError
        if response.length:  # read1 does not say that something is missing
            raise IncompleteRead(bytes(content), response.length)
    return bytes(content)


class _Redirects(HTTPRedirectHandler):
    """A query is sent again to where it is redirected, in the way in which it was sent.

    After a 303 it is asked for by GET, as HTTP has it, with the query in the address unless that has one of its own.
    Credentials go to the same host and port only, and from https not to http.
    """

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request:
        fp.close()  # the body of a redirect is of no use, and may have no end
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme not in ("http", "https") or not new.hostname or "@" in new.netloc:
            raise HTTPError(newurl, code, "a redirect to no address of the web", headers, None)
        left_out = {"proxy-authorization"}  # the handler of proxies gives it where it is due
        secure = (old.scheme, new.scheme) != ("https", "http")
        if not secure or (old.hostname, old.port) != (new.hostname, new.port):
            left_out.add("authorization")
        data = req.data if code != HTTPStatus.SEE_OTHER else None
        if data is None:
            left_out.add("content-type")
            query = req.data.decode("ascii") if isinstance(req.data, bytes) else old.query
            newurl = new._replace(query=new.query or query).geturl()
        kept = {name: value for name, value in req.headers.items() if name.lower() not in left_out}
        return Request(newurl, data, kept, req.origin_req_host, unverifiable=True)


class _Statuses(HTTPDefaultErrorHandler):
    """SPARQLWrapper would read the body of an error, which may have no end, and forget its headers."""

    def http_error_default(self, req: Request, fp: IO[bytes], code: int, msg: str, hdrs: Message) -> NoReturn:
        fp.close()
        raise StatusError(code, hdrs.get("Retry-After", ""))
