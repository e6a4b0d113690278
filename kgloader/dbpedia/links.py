"""Items linked to entities: looked up a batch at a time, and written where the link is likely enough."""

from dataclasses import dataclass

from more_itertools import chunked

from kgloader.dbpedia.answers import Source
from kgloader.dbpedia.candidates import by_labels, by_words, has_full_text, merged
from kgloader.dbpedia.kinds import kind_of_item
from kgloader.dbpedia.linking import Candidate, Link, Work, links
from kgloader.dbpedia.settings import DBpediaSettings
from kgloader.dbpedia.vocabulary import Vocabulary, vocabulary
from kgloader.labels import guessed_label
from kgloader.report import Report, progress_bar
from kgrec.graph.database import Database, Row

UNLIKELY = 0.05  # below, a candidate is not worth a look
SURE = 0.95  # from here on, a link is not worth one
MOST_DOUBTS = 3  # candidates of one item to look at


@dataclass(frozen=True)
class Doubt:
    """A candidate that a person should look at, and whether it was linked."""

    work: Work
    link: Link
    linked: bool


@dataclass(frozen=True)
class Unlinked:
    """An item without an entity, and the IRIs of those that somebody said it is not."""

    work: Work
    refused: frozenset[str]


def link_items(database: Database, source: Source, settings: DBpediaSettings, report: Report) -> dict[str, list[Doubt]]:
    """Link the items that have no entity yet, a batch of titles at a time.

    Returns:
        Doubts by the id of the item, for every item that was looked up.
    """
    words = vocabulary(database)
    items = [_unlinked(row, settings, words) for row in database.read("load/unlinked_items")]
    doubts: dict[str, list[Doubt]] = {}
    if not items:
        return doubts
    searching = settings.full_text and has_full_text(source, report)
    with progress_bar("linking", "items", len(items)) as advance:
        for batch in chunked(items, settings.batch_size):
            found = _looked_up(source, batch, words.classes, settings.min_score if searching else None, report)
            rows = []
            for item in batch:
                likely = found[item.work.item_id]
                linked = bool(likely) and likely[0].probability >= settings.min_score
                if linked:
                    score = round(likely[0].probability, 4)
                    rows.append({"item_id": item.work.item_id, "uri": likely[0].candidate.uri, "score": score})
                doubts[item.work.item_id] = _doubts(item.work, likely, linked)
            write_links(database, rows, report)
            report.skipped["items without a sure enough entity"] += len(batch) - len(rows)
            advance(len(batch))
    return doubts


def write_links(database: Database, rows: list[Row], report: Report) -> None:
    """Write ``{item_id, uri, score}`` as SAME_AS: an item keeps the surest link that it was ever given.

    Of equal scores the first counts, whether it stands in the graph or among the rows.
    """
    labelled = [row | {"label": guessed_label(row["uri"])} for row in rows]
    counters = database.write("load/entity_links", rows=labelled).counters
    report.nodes["Entity"] += counters.nodes_created
    report.relationships["SAME_AS"] += counters.relationships_created
    report.removed["SAME_AS of less sure links"] += counters.relationships_deleted


def _unlinked(row: Row, settings: DBpediaSettings, words: Vocabulary) -> Unlinked:
    kind = kind_of_item(row["title"], row["categories"], settings.kind)
    classes = words.of_domain.get(row["domain"] or "", frozenset())
    work = Work(row["item_id"], row["title"], tuple(row["creators"]), kind, classes)
    return Unlinked(work, frozenset(row["refused"]))


def _looked_up(
    source: Source, batch: list[Unlinked], classes: list[str], least: float | None, report: Report
) -> dict[str, list[Link]]:
    """Find the likely links of a batch; titles without one of ``least`` are searched by their words too."""
    candidates = by_labels(source, [item.work for item in batch], classes, report)
    found = {item.work.item_id: _likely(item, candidates[item.work.item_id]) for item in batch}
    if least is None:
        return found
    unsure = [item for item in batch if not any(link.probability >= least for link in found[item.work.item_id])]
    others = by_words(source, [item.work for item in unsure], classes, report)
    for item in unsure:
        item_id = item.work.item_id
        found[item_id] = _likely(item, merged([*candidates[item_id], *others.get(item_id, [])]))
    return found


def _likely(item: Unlinked, candidates: list[Candidate]) -> list[Link]:
    return links(item.work, [one for one in candidates if one.uri not in item.refused])


def _doubts(work: Work, likely: list[Link], linked: bool) -> list[Doubt]:
    if linked:
        return [Doubt(work, likely[0], True)] if likely[0].probability < SURE else []
    return [Doubt(work, link, False) for link in likely[:MOST_DOUBTS] if link.probability >= UNLIKELY]
