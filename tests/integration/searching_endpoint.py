"""A real SPARQL endpoint over HTTP on loopback, by Oxigraph, that also searches labels by words as Virtuoso does."""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast
from urllib.parse import parse_qs

import pyoxigraph as ox
import uvicorn
from fastapi import FastAPI, Request, Response

SEARCH = re.compile(r'\?label <bif:contains> "([^"]*)" *\.?')
WORD = re.compile(r"'(\w+)'")


@contextmanager
def searched(triples: Iterable[ox.Triple], searches: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serve triples until the block ends: the endpoint's address, and the queries that it is asked."""
    store = ox.Store()
    queries: list[str] = []
    store.extend(ox.Quad(one.subject, one.predicate, one.object) for one in triples)
    application = FastAPI()

    @application.post("/sparql")
    async def answer(request: Request) -> Response:
        query = parse_qs((await request.body()).decode())["query"][0]
        queries.append(query)
        found = cast(ox.QuerySolutions, store.query(SEARCH.sub(_filter, query) if searches else query))
        content = found.serialize(format=ox.QueryResultsFormat.JSON)
        return Response(content, media_type="application/sparql-results+json")

    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive(), "the endpoint did not start"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/sparql", queries
    finally:
        server.should_exit = True
        thread.join()


def _filter(search: re.Match[str]) -> str:
    """Write what Virtuoso finds by an index as a filter: ``('a' AND 'b') OR ('c')``."""
    written = WORD.sub(r'REGEX(STR(?label), "\\\\b\1\\\\b", "i")', search[1])
    return f"FILTER({written.replace(' AND ', ' && ').replace(' OR ', ' || ')})"
