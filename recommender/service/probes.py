"""How the service is: alive, ready, in figures; and the switch to another run."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from recommender.service.schemas import Health, Ready, Reloading
from recommender.service.service import Served

probes = APIRouter(tags=["service"])
routes = APIRouter(prefix="/v1", tags=["service"])


@probes.get("/health")
async def health() -> Health:
    """Tell that the process is alive."""
    return Health()


@probes.get("/ready")
async def ready(service: Served) -> Ready:
    """Tell which models are in memory, and whether the graph answers. Without it lists still come, from memory."""
    loaded = service.current.loaded
    return Ready(
        graph="away" if loaded.graph.away else "reachable",
        run=loaded.recommender.personas.run_id,
        loaded=loaded.since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        problem=service.current.problem,
    )


@probes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(service: Served) -> Response:
    """Tell figures, in the format of Prometheus."""
    return Response(generate_latest(service.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


@routes.post("/reload", status_code=202)
async def reload(service: Served) -> Reloading:
    """Load what the run folder holds, beside what is served, and switch to it; `/ready` tells when that was done."""
    service.current.reload()
    return Reloading()
