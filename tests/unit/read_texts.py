"""What reads text out of data by regular expressions, in a process of its own whose processor time has a limit.

    python -m tests.unit.read_texts

reads lines of JSON, ``[name of the reader, head, piece, tail]``, has the piece read over and over between head
and tail, and answers by an empty line, or by what went wrong.
The system ends it where one text takes longer than ``SECONDS``: an expression of quadratic time would for minutes.
"""

import json
import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from gnn.evidence import Evidence
from gnn.names import Characteristic
from gnn.wording import LONGEST as LONGEST_SUMMARY
from kgloader.dbpedia.candidates import sought_words
from kgloader.dbpedia.kinds import kind_of_bracket, kind_of_item
from kgloader.dbpedia.linking import Candidate, Work, candidate_labels, links, names_of, same_person
from kgloader.dbpedia.literals import PROPERTIES, literal_properties
from kgloader.dbpedia.titles import key, numbers, read_name, spellings
from kgloader.domains.records import _time, _year
from kgloader.domains.tables import Table
from kgloader.labels import guessed_label
from kgloader.readers import amazon, fields, recbole
from kgloader.readers.columns import fields_of, quoted_on
from kgloader.readers.lines import Lines, Malformed
from kgloader.texts.item_text import item_text
from kgrec.errors import KgrecError
from kgrec.graph.names import phrases
from kgrec.spreadsheets import cell, text_of
from kgrec.text import visible
from recommender.explanations import tells
from recommender.recommend_command import ID
from recommender.report.escapes import markdown

CHARACTERS = 200_000
SECONDS = 10  # of the processor; the slowest of these takes half a one, the fastest of quadratic time 12
FIELDS = ("title", "description", "price", "brand", "category")


def from_file(content: str, read: Callable[[Lines], Iterable[object]], name: str = "lines.csv") -> None:
    """Have all lines read, of which any may be broken."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8", errors="replace")
        with suppress(KgrecError):
            list(read(Lines(path)))


def titles(text: str) -> None:
    """What a title or a label says."""
    read_name(text)
    names_of(text)
    sought_words(text)
    kind_of_item(text, [text], None)


def names(text: str) -> None:
    """A name in its spellings."""
    numbers(key(text))
    spellings(text)
    kind_of_bracket(text)


def linking(text: str) -> None:
    """A title and its maker beside a label and its maker."""
    work, label = Work("i", text, (text,), "book"), Candidate("http://e/1", text, True, {"book"}, {text}, {text})
    candidate_labels(work)
    links(work, [label])
    same_person(text, f"{text}a")


def prices_and_times(text: str) -> None:
    """Values that are short where they are sound."""
    fields.price(text)
    _year(text)
    for one in PROPERTIES.values():
        literal_properties({"entity": "e", "predicate": predicate, "value": text} for predicate in one.predicates)
    readers: list[Callable[[str, str], object]] = [fields.number, fields.time, _time]
    for read in readers:
        with suppress(Malformed):
            read("key", text)


def ids(text: str) -> None:
    """Ids, and the labels that are read off those of entities."""
    for uri in (text, f"http://e/{text}", f"res:{text}"):
        guessed_label(uri)
        for read in (fields.identifier, fields.entity):
            with suppress(Malformed):
                read("key", uri)


def texts(text: str) -> None:
    """Texts and names out of fields, and an item's text that is made of them."""
    fields.text([text, [text]])
    fields.name(text)
    row = {"title": text, "makers": [text], "categories": [text], "description": text, "facts": [text]}
    item_text(row, ("title", "makers", "categories", "description", "facts"))


def amazon_metadata(text: str) -> None:
    """A record with that text in all fields."""
    item = {"asin": "i", "author": {"name": text}, **dict.fromkeys(FIELDS, text)}
    from_file(json.dumps(item), amazon.read_metadata)


def amazon_literals(text: str) -> None:
    """A Python literal, and lines that are hardly one."""
    for line in (repr({"asin": "i", "title": text}), f"{{'asin': {text}"):
        from_file(line, amazon.read_metadata)


def amazon_reviews(text: str) -> None:
    """A record with that text in all fields, and a line of nothing else."""
    from_file(json.dumps(dict.fromkeys(("reviewerID", "asin", "overall", "unixReviewTime"), text)), amazon.read_reviews)
    from_file(text, amazon.read_reviews)


def recbole_items(text: str) -> None:
    """A header, and a line of a .item file."""
    from_file(text, recbole.read_items)
    from_file(f"item_id:token\ttitle:token_seq\tclass:token_seq\ni\t{text}\t{text}", recbole.read_items)


def tables(text: str) -> None:
    """The header of a domain's file, and a row."""
    for content in (text, f"a\n{text}"):
        from_file(content, lambda lines: Table(lines.path, ["a"]).records(lines, lambda cells, _: cells))


def rows(text: str) -> None:
    """Rows of csv and tsv, and whether they go on behind a line."""
    for delimiter in (",", "\t"):
        for row in (text, f'"{text}', f'a{delimiter}"{text}"'):
            quoted_on(delimiter)(row, True)
            with suppress(Malformed):
                fields_of(row, delimiter)


def terminal(text: str) -> None:
    """What is shown in a terminal."""
    visible(text)


def spreadsheets(text: str) -> None:
    """What is shown in a spreadsheet."""
    text_of(str(cell(text)))


def reports(text: str) -> None:
    """What is shown in a report."""
    markdown(text)


def sessions_and_likes(text: str) -> None:
    """What is typed after --session and --likes."""
    place = 0
    while place < len(text) and (found := ID.match(text, place)) is not None:
        place = found.end()
    phrases(text)


def interests(text: str) -> None:
    """What users are interested in, as reasons and the names and summaries of personas tell of it."""
    tells(text, 0.1)
    one = Characteristic(0, 0.2, 3.0)
    Evidence(text, 3, 9, [(text, one)], [text], (text, 0.1, text)).bears(text[:LONGEST_SUMMARY])


READERS: dict[str, Callable[[str], None]] = {
    read.__name__: read
    for read in (
        titles, names, linking, prices_and_times, ids, texts, amazon_metadata, amazon_literals, amazon_reviews,
        recbole_items, tables, rows, terminal, spreadsheets, reports, sessions_and_likes, interests,
    )
}  # fmt: skip


def main() -> None:
    """Read what is asked for, until there is no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    for line in sys.stdin:
        name, head, piece, tail = json.loads(line)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + SECONDS, hard))
        try:
            READERS[name](head + piece * (CHARACTERS // len(piece)) + tail)
            print(flush=True)
        except Exception as error:
            print(repr(error).replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
