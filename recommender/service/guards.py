"""What stands before the application: who may ask, for how long, and what is noted of it."""

import asyncio
import secrets
import time

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.service.bodies import BODY
from recommender.service.logs import log, raised
from recommender.service.metrics import Metrics

OPEN = ("/", "/health", "/ready", "/openapi.json")  # need no token: they tell nothing of users and items
OPEN_BELOW = "/page/"


class Noted:
    """Logs and counts every answer by the template of its route; an exception becomes an answer, not a traceback."""

    def __init__(self, app: ASGIApp, metrics: Metrics):
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begun = 0, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            log("failed", level="error", route=_route(scope), **raised(error))
            if not status:
                await _problem("Something went wrong; it is in the log.", 500)(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - begun
            self.metrics.note(scope["method"], _route(scope), status, seconds)
            if scope["path"] not in ("/health", "/ready", "/metrics"):
                log("answered", method=scope["method"], route=_route(scope), status=status, ms=round(1000 * seconds, 1))


class Guarded:
    """Refuses who has not the token, what is too long, and pages of other sites that would have a browser write."""

    def __init__(self, app: ASGIApp, token: str | None):
        self.app, self.token = app, token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if not self._may(scope["path"], headers.get("authorization", "")):
                refused = _problem("A token is needed: send it as `Authorization: Bearer TOKEN`.", 401)
                refused.headers["WWW-Authenticate"] = "Bearer"
                await refused(scope, receive, send)
                return
            length = headers.get("content-length", "")
            if length.isdecimal() and int(length[:20]) > BODY:  # one of unknown length is cut by FastAPI
                await _problem(f"The body is longer than {BODY:,} bytes.", 413)(scope, receive, send)
                return
            origin = headers.get("origin") if self.token is None else None  # no such page knows the token
            foreign = origin is not None and origin.partition("://")[2] != headers.get("host")
            if foreign and scope["method"] not in ("GET", "HEAD"):
                await _problem("Pages of other sites may not write here.", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _may(self, path: str, authorization: str) -> bool:
        if self.token is None or path in OPEN or path.startswith(OPEN_BELOW):
            return True
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(token.strip().encode("latin-1"), self.token)


class Timed:
    """Ends a request that takes too long, be it in coming or in being answered."""

    def __init__(self, app: ASGIApp, seconds: float):
        self.app, self.seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                await self.app(scope, receive, noting)
        except TimeoutError:
            if not begun:
                await _problem(f"It took longer than {self.seconds:g} seconds.", 504)(scope, receive, send)


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "none")


def _problem(detail: str, status: int) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)
