"""A real SPARQL endpoint over HTTP on loopback, by rdflib, which can be told to fail as public endpoints do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import uvicorn
from fastapi import Request, Response
from rdflib import Graph
from rdflib_endpoint import SparqlEndpoint

# A little of DBpedia in its own vocabulary: namesakes, a redirect, a disambiguation page, labels in two languages,
# predicates outside the allow-list, and literals.
DBPEDIA = """
@prefix dbr: <http://dbpedia.org/resource/> .
@prefix dbc: <http://dbpedia.org/resource/Category:> .
@prefix dbo: <http://dbpedia.org/ontology/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

dbr:Hollow_Bell a dbo:Book, dbo:Work ; rdfs:label "Hollow Bell"@en, "Hohle Glocke"@de ;
  dbo:author dbr:Ann_Orrin ; dbo:literaryGenre dbr:Mystery ; dct:subject dbc:Salt_mines ;
  dbo:numberOfPages 212 ; dbo:wikiPageWikiLink dbr:Iceland .
dbr:The_Bell_That_Was_Hollow rdfs:label "The Bell That Was Hollow"@en ; dbo:wikiPageRedirects dbr:Hollow_Bell .
dbr:Winter_Tide rdfs:label "Winter Tide"@en ;
  dbo:wikiPageDisambiguates <http://dbpedia.org/resource/Winter_Tide_(novel)>,
                            <http://dbpedia.org/resource/Winter_Tide_(album)> .
<http://dbpedia.org/resource/Winter_Tide_(novel)> a dbo:Novel ; rdfs:label "Winter Tide (novel)"@en ;
  dbo:author dbr:Cor_Holt ; dct:subject dbc:Salt_mines ; dbo:country dbr:Iceland .
<http://dbpedia.org/resource/Winter_Tide_(album)> a dbo:Album ; rdfs:label "Winter Tide (album)"@en ;
  dbo:artist dbr:Someone_Else .
dbr:Blue_Door a dbo:Book ; rdfs:label "The \\"Blue\\" Door\\\\"@en ; dbo:author dbr:Ann_Orrin .
dbr:Iron_Stair a dbo:Book ; rdfs:label "Iron Stair"@en ; dbo:author dbr:Nobody_Known .
dbr:Ann_Orrin rdfs:label "Ann Orrin"@en . dbr:Cor_Holt rdfs:label "Cor Holt"@en .
dbr:Someone_Else rdfs:label "Someone Else"@en . dbr:Nobody_Known rdfs:label "Nobody Known"@en .
dbr:Mystery rdfs:label "Mystery fiction"@en .
"""


@dataclass
class Endpoint:
    """A running endpoint: what it was asked, and which answers stand before its own ones."""

    url: str
    graph: Graph
    queries: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    faults: list[Response | None] = field(default_factory=list)  # None lets the own answer pass
    refused: dict[str, Response] = field(default_factory=dict)  # what a query with this text in it is answered always


@contextmanager
def served(turtle: str) -> Iterator[Endpoint]:
    """Serve the triples of a Turtle text until the block ends."""
    graph = Graph().parse(data=turtle, format="turtle")
    application = SparqlEndpoint(graph=graph, path="/sparql")
    endpoint = Endpoint("", graph)

    @application.middleware("http")
    async def watch(request: Request, call_next):  # type: ignore[no-untyped-def]
        endpoint.queries.append(parse_qs((await request.body()).decode())["query"][0])
        endpoint.agents.add(request.headers["user-agent"])
        fault = endpoint.faults.pop(0) if endpoint.faults else None
        fault = fault or next((one for text, one in endpoint.refused.items() if text in endpoint.queries[-1]), None)
        return fault or await call_next(request)

    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive(), "the endpoint did not start"
    endpoint.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/sparql"
    try:
        yield endpoint
    finally:
        server.should_exit = True
        thread.join()
