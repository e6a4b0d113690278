"""What users did and said, into the graph at once; the next list shows it."""

from fastapi import APIRouter

from kgrec.feedback.events import Event
from kgrec.feedback.record import record
from recommender.service.schemas import Feedback, Recorded
from recommender.service.service import Served

routes = APIRouter(prefix="/v1", tags=["feedback"])


@routes.post("/feedback")
async def take(service: Served, told: Feedback) -> Recorded:
    """Write interactions, likes, dislikes and interests, and encode the personas of their users anew.

    The same event twice is one, so what got no answer can be sent again; an event without a time is of now.
    """
    events = [Event(**one.model_dump()) for one in told.events]
    found = await service.write(lambda writer, run: record(writer, events, run))
    return Recorded.model_validate(found, from_attributes=True)
