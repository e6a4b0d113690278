"""Why an item: what it shares with the history, told by the graph."""

from kgrec.graph.database import Database


def reasons(database: Database, recommended: list[tuple[str, list[str]]]) -> list[str]:
    """Name the rarest features that each recommended item shares with the items of its history.

    Args:
        recommended: item id, and the item ids of the history that it was recommended for.

    Returns:
        One short text a row, empty where the graph shows nothing in common.
    """
    rows = [{"item_id": item_id, "history": history} for item_id, history in recommended]
    found = {row["number"]: row["features"] for row in database.read("project/reasons", rows=rows)}
    return [", ".join(found.get(number, [])) for number in range(len(rows))]
