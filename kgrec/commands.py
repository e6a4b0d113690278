"""The ``kgrec`` command: every stage of the way, each imported only when it is called."""

import sys

import click

from kgrec.errors import KgrecError
from kgrec.lazy_group import LazyGroup
from kgrec.options import NEO4J_OPTIONS, neo4j_options
from kgrec.text import clean


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
        "evaluate": ("recommender.evaluate_command:evaluate", "Rank all items for every test user: HR, NDCG, MRR."),
        "settings": (
            "kgrec.settings_command:settings",
            "Print every setting, its default and its source.",
        ),
        "explore": ("kgrec.explore.commands:explore", "Run the ready queries on personas; open Neo4j Browser."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@neo4j_options()
@click.version_option(package_name="kgrec")
@click.pass_context
def kgrec(context: click.Context, /, **given: str | None) -> None:
    """Persona-driven recommendation from a knowledge graph in Neo4j.

    The way of the data: `db start`, `load amazon`, `load dbpedia`, `load embeddings`, `train personas`,
    `train sasrec`, `recommend`, `evaluate`, `explore`.

    Without --uri every command talks to the managed server of `kgrec db start`. Settings are read from kgrec.toml in
    the working directory, or from the file named by KGREC_SETTINGS, and from variables: `kgrec settings` prints all.
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
    try:
        status = kgrec.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted: what was finished is kept; the same command goes on from there.", err=True)
        sys.exit(130)
    except KgrecError as error:
        click.echo(f"Error: {clean(str(error))}", err=True)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        click.echo(clean(f"Error: {error.strerror or error}{where}."), err=True)
        sys.exit(1)
