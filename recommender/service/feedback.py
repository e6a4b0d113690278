"""What users did and said, into the graph at once; the next list shows it."""

from pathlib import Path

from fastapi import APIRouter

from kgrec.feedback.events import Event
from kgrec.feedback.record import Recorded as RecordedEvents
from kgrec.feedback.record import record
from kgrec.graph.database import Database
from recommender.service.bodies import Feedback
from recommender.service.schemas import Recorded
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["feedback"])


@routes.post("/feedback")
async def take(service: Served, told: Feedback) -> Recorded:
    """Write interactions, likes, dislikes and interests, and encode the personas of their users anew.

    The same event twice is one, so what got no answer can be sent again; an event without a time is of now.
    """
    events = [Event(**one.model_dump()) for one in told.events]

    def write(writer: Database, run: Path) -> RecordedEvents:
        found = record(writer, events, run)
        service.current.tell(events)
        return found

    found = await service.write(write)
    return Recorded.model_validate(found, from_attributes=True)
