"""What OpenAPI shows of requests and answers: one user, one item and one persona through all of them."""

from typing import Any

USER, ITEM, OWN, PERSONA = "A2SUAM1J3GNN3B", "0007386648", "0007350813", "0ac93b52411d/3"
TITLE, OWN_TITLE, NAME = "The Salt Road", "A Year of Salt", "Salt mines · Ann Orrin"

LINE: dict[str, Any] = {
    "rank": 1,
    "item_id": ITEM,
    "title": TITLE,
    "score": 2.71,
    "retrieved": 3,
    "reason": "Ann Orrin, Salt mines",
}
LIST: dict[str, Any] = {"persona": NAME, "items": [LINE], "passed_over": [], "degraded": False}
FROM_LIKES: dict[str, Any] = LIST | {
    "understood": [{"like": "Salt mines", "kind": "Category", "name": "Salt mines", "exact": True}],
    "not_understood": ["saltworks of the moon"],
}
RECORDED: dict[str, Any] = {
    "events": 3,
    "new": 2,
    "new_users": 0,
    "encoded": 1,
    "kept": 0,
    "understood": [{"interest": "salt mines", "kind": "Category", "name": "Salt mines"}],
}
PATH: dict[str, Any] = {
    "nodes": [
        {"kind": "User", "id": USER, "name": USER},
        {"kind": "Item", "id": OWN, "name": OWN_TITLE},
        {"kind": "Category", "id": "Salt mines", "name": "Salt mines"},
        {"kind": "Item", "id": ITEM, "name": TITLE},
    ],
    "ties": [
        {"start": 0, "type": "INTERACTED", "end": 1},
        {"start": 1, "type": "IN_CATEGORY", "end": 2},
        {"start": 3, "type": "IN_CATEGORY", "end": 2},
    ],
}
EXPLANATION: dict[str, Any] = {
    "user_id": USER,
    "rank": 1,
    "item_id": ITEM,
    "title": TITLE,
    "score": 2.71,
    "stage": "first stage",
    "parts": {"sequence model": 1.5, "facts of the catalogue": 1.21},
    "retrieved_score": 2.71,
    "retrieved_parts": {"sequence model": 1.5, "facts of the catalogue": 1.21},
    "persona": NAME,
    "evidence": [
        {
            "item_id": OWN,
            "title": OWN_TITLE,
            "loss": 1.1,
            "rank": 14,
            "losses": {"sequence model": 0.3, "facts of the catalogue": 0.8},
            "relation": "shared facts",
            "also": None,
            "users": None,
            "shared": ["Salt mines"],
        }
    ],
    "interests": [],
    "path": PATH,
    "text": f"Because of “{OWN_TITLE}”: both have Salt mines. Without it the score falls from 2.71 to 1.61, and the "
    "rank from 1 to 14.",
}
CARD: dict[str, Any] = {
    "persona_id": PERSONA,
    "number": 3,
    "name": NAME,
    "users": 1_234,
    "summary": "1,234 of 9,876 users have this persona: Salt mines is in 31% of what they choose, 4.2 times its part "
    f"of all users' choices. Typical is “{TITLE}”.",
    "worded_by": None,
    "x": 0.12,
    "y": -0.34,
    "traits": [{"label": "Salt mines", "kind": "Category", "share": 0.31, "lift": 4.2}],
    "typical": [{"item_id": ITEM, "title": TITLE, "share": 0.12, "lift": 5.1}],
    "counter_example": None,
}
MEMBERSHIP: dict[str, Any] = {"persona_id": PERSONA, "name": NAME, "weight": 1.0}


def example(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what has pydantic tell an example of a model."""
    return {"examples": [shown]}
