"""Links between items and entities that were made before: a csv or tsv file of item_id, entity and maybe score."""

from pathlib import Path

from kgloader.dbpedia.sparql import iri
from kgloader.readers import fields
from kgloader.readers.columns import Columns
from kgloader.readers.lines import Lines, Malformed
from kgrec.graph.database import Row


def read_links(path: Path) -> list[Row]:
    """Return all links as ``{item_id, uri, score}``; the score is 1 where the file says nothing.

    Raises:
        KgrecError: the file cannot be read, a column is missing, a row has too many fields or too few, or a value is
            no id, no IRI or no score; names file and line.
    """
    lines = Lines(path)
    columns = Columns.read(lines, "item_id", "entity")
    return [link for _, link in columns.records(lines, _link)]


def _link(cells: dict[str, str]) -> Row:
    try:
        iri(cells["entity"])
    except ValueError as error:
        raise Malformed(error) from error
    score = fields.number("score", cells.get("score") or 1.0)
    if not 0 <= score <= 1:
        raise Malformed(f"the score {score} is not between 0 and 1")
    return {"item_id": fields.identifier("item_id", cells["item_id"]), "uri": cells["entity"], "score": score}
