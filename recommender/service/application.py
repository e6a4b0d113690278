"""The application: its routes, and what becomes of what goes wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse

from kgrec.errors import Ambiguous, KgrecError, Unknown, told
from kgrec.settings import Neo4jSettings
from recommender.service import browser, explanations, feedback, items, lists, personas, pictures, probes, users
from recommender.service.bodies import BODY
from recommender.service.current import Current
from recommender.service.guards import Guarded, Noted, Timed
from recommender.service.metrics import Metrics
from recommender.service.page.routes import routes as page
from recommender.service.schemas import Problem
from recommender.service.service import Service
from recommender.service.settings import ServeSettings
from recommender.service.work import FullError, Work

ROUTES = tuple(one.routes for one in (explanations, lists, feedback, items, users, personas, pictures, browser, probes))
LOCAL = ["127.0.0.1", "localhost", "[::1]"]
RETRY = {"Retry-After": "1"}  # seconds
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": why}
    for status, why in {
        400: "The body is no JSON.",
        401: "The token is missing or wrong.",
        403: "A page of another site asked.",
        404: "Who or what was asked for is not there.",
        413: "The body is too large.",
        429: "Too many requests wait.",
        503: "The graph is away, and this is not in memory.",
        504: "It took too long.",
    }.items()
}


def application(current: Current, settings: ServeSettings, neo4j: Neo4jSettings | None = None) -> FastAPI:
    """Make the application that answers by what is loaded.

    Args:
        current: what is served; it is closed at the end.
        settings: token and limits. Without a token only names of this machine may be asked for, so that no page of
            another site can pass for it.
        neo4j: the graph's, for links into its Browser; the managed one's where nothing is said.
    """
    work, writing = Work(settings.at_once, settings.queue), Work(1, settings.queue)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        work.close()
        writing.close()
        current.close()

    metrics = Metrics(
        lambda: current.loaded.graph.away, lambda: work.under_way, lambda: current.loaded.since.timestamp()
    )
    app = FastAPI(
        title="kgrec",
        description="Recommendations by personas from a knowledge graph.",
        version=version("kgrec"),
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        exception_handlers={
            Unknown: _unknown,
            Ambiguous: _ambiguous,
            KgrecError: _cannot,
            FullError: _full,
            RequestValidationError: _wrong,
        },
    )
    app.state.service = Service(current, work, writing, metrics)
    app.state.pictures = pictures.Pictures()
    app.state.neo4j = neo4j or Neo4jSettings()
    token = settings.token.get_secret_value() if settings.token else None
    secured = [Depends(HTTPBearer(auto_error=False, description="KGREC_SERVE_TOKEN"))] if token else []
    for routes in ROUTES:
        app.include_router(routes, max_body_size=BODY, responses=PROBLEMS, dependencies=secured)
    app.include_router(pictures.frames)
    app.include_router(page)
    app.include_router(probes.probes, responses={status: PROBLEMS[status] for status in (401, 504)})
    app.add_middleware(Timed, seconds=settings.timeout_seconds)  # the last one is the outermost
    if token is None:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL)
    app.add_middleware(Guarded, token=token)
    app.add_middleware(Noted, metrics=metrics)
    return app


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": told(error)}, 404)


async def _ambiguous(_: Request, error: Exception) -> JSONResponse:
    """Tell it as `_wrong` does what is wrong with a body."""
    return JSONResponse({"detail": [{"loc": ["body"], "msg": told(error), "type": "ambiguous"}]}, 422)


async def _cannot(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": told(error)}, 503, RETRY)


async def _full(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "Too many requests wait: try again in a second."}, 429, RETRY)


async def _wrong(_: Request, error: Exception) -> JSONResponse:
    """Tell what is wrong where, without what was sent: not all that JSON can say can be said back."""
    assert isinstance(error, RequestValidationError)
    told_of = [{"loc": one["loc"], "msg": one["msg"], "type": one["type"]} for one in error.errors()]
    return JSONResponse({"detail": told_of}, 422)
