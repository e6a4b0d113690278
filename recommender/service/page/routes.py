"""The page and its files, under a policy that lets it ask this service alone."""

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse

from kgrec.errors import Unknown

FOLDER = Path(__file__).parent
TYPES = {".css": "text/css", ".mjs": "text/javascript"}
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked for again after an update
}

routes = APIRouter(include_in_schema=False)


@routes.get("/")
async def page() -> FileResponse:
    """Return the page. It holds nothing of users and items: what it shows, it asks the service for."""
    return FileResponse(FOLDER / "index.html", media_type="text/html", headers=HEADERS)


@routes.get("/page/{name}")
async def file(name: str) -> FileResponse:
    """Return a file of the page.

    Raises:
        Unknown: there is none of this name.
    """
    if name not in FILES:
        raise Unknown("The page has no such file.")
    return FileResponse(FILES[name], media_type=TYPES[FILES[name].suffix], headers=HEADERS)
