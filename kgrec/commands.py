"""The ``kgrec`` command: every stage of the way, each imported only when it is called."""

import os
import sys

import click

from kgrec.allocation import keep_freed_memory
from kgrec.errors import KgrecError, told
from kgrec.interrupts import INTERRUPTED, SENTENCE
from kgrec.lazy_group import COMPLETE_VARIABLE, LazyGroup
from kgrec.options import NEO4J_OPTIONS, neo4j_options
from kgrec.terminal import guard_streams, say


@click.group(
    cls=LazyGroup,
    members={
        "db": ("kgrec.server.commands:db", "Start and stop the managed Neo4j with GDS and Browser."),
        "load": ("kgloader.commands:load", "Fill the knowledge graph: amazon, recbole, domain, dbpedia, embeddings."),
        "train": ("kgrec.commands:train", "Learn the personas (HDGI), then the sequence models (SASRec)."),
        "recommend": (
            "recommender.recommend_command:recommend",
            "Recommend items to users or to an anonymous session.",
        ),
        "serve": ("recommender.service.serve_command:serve", "Answer over HTTP: lists, personas, reasons, feedback."),
        "feedback": (
            "kgrec.feedback.command:feedback",
            "Tell what users did, like, dislike or are interested in; the next list shows it.",
        ),
        "ray": ("recommender.ray_commands:ray_jobs", "Recommend to all users by a Ray job, on many machines."),
        "evaluate": ("recommender.evaluate_command:evaluate", "Rank all items for every test user: HR, NDCG, MRR."),
        "graph": ("kgrec.graph_command:graph", "Count what is in the graph; prove that it is as it must be."),
        "settings": (
            "kgrec.settings_command:settings",
            "Print every setting, its default and its source.",
        ),
        "personas": ("kgrec.personas.commands:personas", "Read the personas: list, show, compare, map."),
        "explore": ("kgrec.explore.commands:explore", "Run the ready queries on personas; open Neo4j Browser."),
        "completion": ("kgrec.completion_command:completion", "Let the shell complete commands and options."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@neo4j_options()
@click.version_option(package_name="kgrec")
@click.pass_context
def kgrec(context: click.Context, /, **given: str | None) -> None:
    """Persona-driven recommendation from a knowledge graph in Neo4j.

    The way of the data: `db start`, `load amazon`, `load dbpedia`, `load embeddings`, `train personas`,
    `train sasrec`, `recommend`, `feedback`, `serve`, `evaluate`, `explore`.

    Without --uri every command talks to the managed server of `kgrec db start`. Settings are read from kgrec.toml in
    the working directory, or from the file named by KGREC_SETTINGS, and from variables: `kgrec settings` prints all.

    The exit status is 0 where all went well, 1 where something went wrong, which one sentence says, 2 where the command
    was called wrongly, and 130 after Ctrl-C. `graph check` ends with 1 where something does not hold too, and
    `db status` with 3 where no server runs.
    """
    context.obj = {name: given[f"neo4j_{name}"] for name in NEO4J_OPTIONS}


@click.group(
    cls=LazyGroup,
    members={
        "personas": ("gnn.commands:personas", "HDGI over the training graph; personas written back to Neo4j."),
        "sasrec": ("recommender.train_command:sasrec", "The base SASRec and the persona-conditioned one."),
    },
)
def train() -> None:
    """Learn from the training interactions of the graph: personas first, then the sequence models."""


def main() -> None:
    """Run the command line; a KgrecError becomes one sentence and exit status 1, Ctrl-C exit status 130."""
    guard_streams()
    keep_freed_memory()
    try:
        _all_utf8(sys.argv[1:])
        _all_utf8_variables()
        status = kgrec.main(standalone_mode=False, complete_var=COMPLETE_VARIABLE)
        sys.exit(status if isinstance(status, int) else 0)
    except click.ClickException as error:
        say(*_usage(error), f"Error: {_message(error)}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as stop:
        notes = told(stop.__cause__ or stop)  # click makes an Abort of Ctrl-C
        say(f"{SENTENCE} {notes}".rstrip(), err=True)
        sys.exit(INTERRUPTED)
    except KgrecError as error:
        say(f"Error: {told(error)}", err=True)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        say(f"Error: {error.strerror or error}{where}. {' '.join(getattr(error, '__notes__', []))}".rstrip(), err=True)
        sys.exit(1)


def _message(error: click.ClickException) -> str:
    message = error.format_message()
    # Of an option that is missing, click lists what may be chosen on lines of its own.
    return " ".join(message.split()) if isinstance(error, click.MissingParameter) else message


def _usage(error: click.ClickException) -> list[str]:
    """The lines by which click shows how a command is called that was called wrongly."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return []
    help_option = context.help_option_names[0]
    return [*context.get_usage().splitlines(), f"Try '{context.command_path} {help_option}' for help.", ""]


def _all_utf8_variables() -> None:
    """Refuse bytes that are no text in kgrec's own variables.

    Raises:
        KgrecError: a variable has some.
    """
    for name, value in os.environ.items():
        if name.startswith("KGREC_") and not _is_text(value):
            raise KgrecError(f"The variable {name} is not UTF-8 text.")  # not shown, it may be a password


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _all_utf8(arguments: list[str]) -> None:
    """Refuse bytes that are no text: neither Neo4j nor a terminal takes them.

    Raises:
        KgrecError: an argument has some.
    """
    for number, argument in enumerate(arguments, start=1):
        if not _is_text(argument):
            raise KgrecError(  # not shown, it may be a password
                f"Argument {number} of the command line is not UTF-8 text: write it in UTF-8, or rename the file "
                "that is named so."
            )
