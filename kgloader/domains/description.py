"""A domain as its settings file describes it: files, columns, kinds of nodes, relationships, meta-paths, DBpedia.

Kinds and types of relationships become labels and types in Neo4j: they are held to a pattern, and none of kgrec's own
can be taken but those that are there to be shared.
"""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from kgloader.dbpedia.predicates import ONTOLOGY, SECOND_TYPES
from kgloader.dbpedia.sparql import is_iri
from kgrec.errors import KgrecError
from kgrec.text import clean

ITEM = "Item"
SHARED_KINDS = ("Author", "Brand", "Category")  # of every load, with their names as keys
RESERVED_KINDS = {
    ITEM, "User", "Session", "Entity", "Persona", "PersonaDraft", "PersonaRetired", "PersonaState", "EvaluationPersona",
    "ItemPersona", "Feature", "Domain", "CurrentRun", "LoadProgress", "Split", "Changed", "Lock",
}  # fmt: skip
RESERVED_TYPES = {
    "INTERACTED", "HAS_SESSION", "CONTAINS", "ALSO_BOUGHT", "ALSO_VIEWED", "SIMILAR_TO", "CO_OCCURS_WITH", "SAME_AS",
    "RELATED_TO", "HAS_FEATURE", "HAS_PERSONA", "INTERESTED_IN", "CHARACTERISED_BY",
    "TYPICAL", "COUNTER_EXAMPLE", "HAD_PERSONA", "LIKES", "DISLIKES", "STATED_INTEREST",
}  # fmt: skip
SHARED_TYPES = {"BY", "IN_CATEGORY", *SECOND_TYPES.values()}
TYPE = r"[A-Z][A-Z0-9_]{0,39}"
LONGEST_META_PATH = 10  # steps, INTERACTED among them
META_PATH = re.compile(rf"INTERACTED( *> *{TYPE}( *\| *{TYPE})*)*")
LOCAL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # of DBpedia's ontology

Text = Annotated[str, StringConstraints(min_length=1)]
Kind = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,39}$")]
Type = Annotated[str, StringConstraints(pattern=f"^{TYPE}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InteractionColumns(_Table):
    """Which column of the file holds what; a rating and a time where there are."""

    user_id: Text
    item_id: Text
    rating: Text | None = None
    timestamp: Text | None = None


class ItemColumns(_Table):
    """Which column of the file holds what."""

    item_id: Text
    title: Text | None = None
    year: Text | None = None
    price: Text | None = None
    description: Text | None = None


class _File(_Table):
    file: Text
    delimiter: Annotated[str, StringConstraints(pattern=r'^[^"\r\n]$')] = ","


class InteractionsFile(_File):
    """A file of who met what: .csv, .tsv or .jsonl, plain or .gz; the delimiter is that of a .csv."""

    columns: InteractionColumns


class ItemsFile(_File):
    """A file of what the items are like."""

    columns: ItemColumns


class Node(_Table):
    """A kind of node, made of a column of the items' file; a separator stands between several in one value."""

    kind: Kind
    column: Text
    separator: Text | None = None

    @field_validator("kind")
    @classmethod
    def _own(cls, kind: str) -> str:
        if kind.casefold() in {name.casefold() for name in RESERVED_KINDS} or (
            kind not in SHARED_KINDS and kind.casefold() in {name.casefold() for name in SHARED_KINDS}
        ):
            raise ValueError(f"{kind!r} is too close to a label of kgrec's own, choose another name")
        return kind


class Relationship(_Table):
    """A type of relationship, from items or a kind to a kind; within a kind, from each of a row to the one before."""

    type: Type
    source: Kind = Field(ITEM, alias="from")
    to: Kind

    @field_validator("type")
    @classmethod
    def _own(cls, type_: str) -> str:
        if type_ in RESERVED_TYPES:
            raise ValueError(f"{type_!r} is a relationship of kgrec's own, choose another name")
        return type_


class DBpedia(_Table):
    """What the items may be in DBpedia, and what is asked of them: names of its ontology, or IRIs.

    Attributes:
        classes: of the items.
        predicates: relationship type of each.
    """

    classes: list[Text] = []
    predicates: dict[Text, Type] = {}

    @field_validator("classes")
    @classmethod
    def _classes(cls, classes: list[str]) -> list[str]:
        return [_expanded(name) for name in classes]

    @field_validator("predicates")
    @classmethod
    def _predicates(cls, predicates: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for given, type_ in predicates.items():
            name = _expanded(given)
            if name in found:
                raise ValueError(f"{name} stands twice, by its name and by its IRI")
            found[name] = type_
            if type_ in RESERVED_TYPES:
                raise ValueError(f"{type_!r} is a relationship of kgrec's own, choose another name")
            if SECOND_TYPES.get(name, type_) != type_:
                raise ValueError(f"{name} is {SECOND_TYPES[name]} in kgrec already")
        return found


class Description(_Table):
    """What a file says of a domain."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    prefix: str = ""
    meta_paths: list[str] = []
    interactions: InteractionsFile
    items: ItemsFile
    nodes: list[Node] = []
    relationships: list[Relationship] = []
    dbpedia: DBpedia = DBpedia()

    @property
    def digest(self) -> str:
        """Stands for all that is said."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()

    @field_validator("name", "prefix")
    @classmethod
    def _one_line(cls, text: str) -> str:
        if text != " ".join(clean(text).split()):
            raise ValueError("it must be one line of plain text, without spaces around it")
        return text

    @model_validator(mode="after")
    def _whole(self) -> Self:
        kinds = [node.kind for node in self.nodes]
        twice = [kind for kind in kinds if kinds.count(kind) > 1]
        if twice:
            raise ValueError(f"the kind {twice[0]!r} stands twice among the nodes")
        used = {one.source for one in self.relationships} - {ITEM} | {one.to for one in self.relationships}
        unknown = sorted(used - set(kinds))
        if unknown:
            raise ValueError(f"a relationship names the kind {unknown[0]!r}, which is not among the nodes")
        lonely = [kind for kind in kinds if kind not in used]
        if lonely:
            raise ValueError(f"the kind {lonely[0]!r} is in no relationship")
        self._single()
        self._walkable()
        return self

    def _single(self) -> None:
        """Refuse ties between two kinds of which a row may have several: which belong together is not said."""
        several = {node.kind for node in self.nodes if node.separator is not None}
        for one in self.relationships:
            of_several = sorted({one.source, one.to} & several)
            if one.source not in (ITEM, one.to) and of_several:
                raise ValueError(
                    f"{one.type} ties {one.source} to {one.to}, but a row may have several {of_several[0]}: "
                    "it is not said which belong together"
                )

    def _walkable(self) -> None:
        own = {one.type for one in self.relationships} | set(self.dbpedia.predicates.values())
        for path in self.meta_paths:
            if not META_PATH.fullmatch(path):
                raise ValueError(f"the meta-path {path!r} must read INTERACTED > A > B|C")
            if path.count(">") >= LONGEST_META_PATH:
                raise ValueError(f"the meta-path {path[:60]!r} has more than {LONGEST_META_PATH} steps")
            unknown = [type_ for type_ in re.findall(TYPE, path) if type_ not in own | SHARED_TYPES | RESERVED_TYPES]
            if unknown:
                raise ValueError(f"the meta-path {path!r} walks {unknown[0]}, which no relationship or predicate is")


def read_description(path: Path) -> Description:
    """Read and check the settings file of a domain.

    Raises:
        KgrecError: it is not TOML, or says something that does not fit; names the file and the place in it.
    """
    try:
        with path.open("rb") as file:
            return Description(**tomllib.load(file))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        place = f" in {where}" if where else ""
        raise KgrecError(f"The domain file {path} is wrong{place}: {_told(first)}.") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise KgrecError(f"The domain file {path} cannot be read: {error}.") from error


def _told(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "kgrec knows no such key"
        case "missing":
            return "it is missing"
        case "string_pattern_mismatch":
            return f"{str(error['input'])[:60]!r} must match {error['ctx']['pattern']}"
        case _:
            return error["msg"].removeprefix("Value error, ")


def _expanded(name: str) -> str:
    """Return the IRI of a name in DBpedia's ontology, or of one that is an IRI already."""
    found = ONTOLOGY + name if LOCAL_NAME.fullmatch(name) else name
    if not is_iri(found):
        raise ValueError(f"{name!r} is neither a name of DBpedia's ontology nor an IRI")
    return found
