"""Pictures for the page: each in a frame of its own, which can ask nobody and reach nothing of the page around it.

A frame cannot send a token. So a picture is asked for with it, and then has an address that nobody can guess, for as
long as it is among the last ones.
"""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from kgrec.errors import Unknown
from kgrec.graph.database import Database
from kgrec.graph.personas import current_run
from kgrec.personas.picture import drawn as drawn_map
from kgrec.personas.places import PersonaMap, persona_map
from recommender.picture import drawn as drawn_paths
from recommender.service.bodies import PathToDraw
from recommender.service.recent import Recent
from recommender.service.schemas import Picture
from recommender.service.service import Served

KEPT = 64  # pictures, as what they are drawn of
USERS = 1_000  # of the map
# Their scripts are in them, and draw; plotly's makes code as it runs. They come from nowhere else and ask nobody.
POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
# A frame without an origin has no storage, in which neo4j-viz looks for a theme.
NO_STORAGE = (
    "<script>Object.defineProperty(window, 'localStorage', "
    "{value: {getItem: () => null, setItem() {}, removeItem() {}}})</script>"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

routes = APIRouter(prefix="/v1/pictures", tags=["pictures"])
frames = APIRouter(include_in_schema=False)


class Pictures:
    """The last pictures that were asked for, by the end of their address."""

    def __init__(self) -> None:
        self._kept: Recent[str, Callable[[], str]] = Recent(KEPT)
        self._maps: Recent[str, PersonaMap] = Recent(1)

    def keep(self, draw: Callable[[], str]) -> Picture:
        """Keep what draws a picture, and tell its address."""
        name = secrets.token_urlsafe()
        self._kept.keep(name, draw)
        return Picture(url=f"/page/pictures/{name}")

    def html(self, name: str) -> str:
        """Draw a picture.

        Raises:
            Unknown: it is not among the last ones.
        """
        draw = self._kept.get(name)
        if draw is None:
            raise Unknown("This picture is no longer kept: ask for it again.")
        return draw()

    def map(self, graph: Database) -> PersonaMap:
        """Read the map of the personas with some of the users, once for each run: it takes long with many users.

        Raises:
            KgrecError: as `persona_map`.
        """
        run = current_run(graph)
        found = self._maps.get(run.run_id) if run else None
        if found is None:
            found = persona_map(graph, USERS)
            self._maps.keep(found.run_id, found)
        return found


def _of(request: Request) -> Pictures:
    pictures: Pictures = request.app.state.pictures
    return pictures


Kept = Annotated[Pictures, Depends(_of)]


@routes.post("/path")
def of_path(pictures: Kept, asked: PathToDraw) -> Picture:
    """Draw the path of an explanation."""
    path = asked.path()
    return pictures.keep(lambda: drawn_paths([path]).replace("<head>", f"<head>{NO_STORAGE}", 1))


@routes.post("/map")
async def of_personas(service: Served, pictures: Kept) -> Picture:
    """Draw the map of the personas, with some of the users."""
    found, _ = await service.answer(lambda loaded: pictures.map(loaded.graph))
    return pictures.keep(lambda: drawn_map(found, small=True))


@frames.get("/page/pictures/{name}")
def picture(pictures: Kept, name: str) -> HTMLResponse:
    """Return a picture, to be shown in a frame."""
    return HTMLResponse(pictures.html(name), headers=HEADERS)
