"""``kgrec train personas``."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from gnn.clusters import STABLE
from gnn.settings import HDGISettings
from gnn.train import TrainedPersonas, train_personas
from gnn.worth import Worth, better_untrained
from kgrec.graph.database import Database
from kgrec.graph.memberships import TEMPERATURE
from kgrec.options import RUN, with_database
from kgrec.records import JSON, write_document
from kgrec.settings import load_section
from kgrec.terminal import DataTable, say, show

DEFAULTS = HDGISettings()


@click.command(epilog="Example: kgrec train personas --seed 1 --run runs/first")
@RUN
@click.option("--seed", type=int, help=f"Seed of everything random.  [default: {DEFAULTS.seed}]")
@click.option("--epochs", type=click.IntRange(min=1), help=f"At most so many epochs.  [default: {DEFAULTS.epochs}]")
@click.option(
    "--personas",
    "n_personas",
    type=click.IntRange(min=0),
    help="Number of personas.  [default: 0, the largest at which two halves of the users give the same clusters]",
)
@click.option("--fresh", is_flag=True, help="Train anew instead of going on with the checkpoint in --run.")
@JSON
@with_database()
def personas(
    database: Database,
    run: Path,
    seed: int | None,
    epochs: int | None,
    n_personas: int | None,
    fresh: bool,
    format: str,
) -> None:
    """Learn user personas from the graph and write them back to Neo4j.

    A GDS projection of the interactions and the facts around them is streamed to PyTorch, and learned from three times:
    on the training interactions, where users held out choose the number of epochs; with the validation interactions
    as well; and on all interactions. The first two are kept for the training and the evaluation of the sequence
    models. Of the last, each user gets a vector (User.persona) and weighted links to the nearest Persona nodes; beside
    them, links to what the user's items have in common (INTERESTED_IN), and for each of the three, links between items
    that the same users chose (CO_OCCURS_WITH), which need no learning. An interrupted
    training goes on where it stopped and, on a CPU, ends with the same result. Told is also what the vectors of the
    first are worth: what near users know of the validation items, and a linear probe of their categories, beside
    vectors that were not learned.
    The meta-paths and all other settings can be given in the [hdgi] table of kgrec.toml.
    """
    settings = load_section("hdgi", HDGISettings, {"seed": seed, "epochs": epochs, "personas": n_personas})
    trained = train_personas(database, run, settings, fresh)
    if format == "json":
        write_document(_document(trained))
    else:
        _report(trained)
        if settings.text_model:
            _report_wording(trained)


def _document(trained: TrainedPersonas) -> dict[str, Any]:
    return {
        "runs": {fit.value: run_id for fit, run_id in trained.run_ids.items()},
        "users": trained.users,
        "epochs": trained.epochs,
        "meta-paths": trained.meta_path_weights,
        "not in the graph": trained.missing,
        "personas": trained.personas.records(),
        "worth": trained.worth.records(),
        "better without learning": better_untrained(list(trained.worth)),
        "tried": trained.tried.records(),
        "stability": asdict(trained.stability),
        "calibration": None if trained.calibration is None else asdict(trained.calibration),
        "personas before": trained.numbers.before,
        "found again": trained.numbers.matched,
    }


def _report(trained: TrainedPersonas) -> None:
    history = trained.history
    say(
        f"{trained.users} users; validation kept epoch {trained.epochs} of {len(history.losses)}, with loss "
        f"{-history.best_score:.4f}. Runs: {', '.join(f'{fit} {run_id}' for fit, run_id in trained.run_ids.items())}."
    )
    weights = DataTable("Meta-path", "Share", title="What the vectors are made of")
    for text, weight in trained.meta_path_weights.items():
        weights.add_row(text, f"{weight:.3f}")
    for missing in trained.missing:
        weights.add_row(missing, "not in the graph")
    table = DataTable("Persona", "Name", "Users", title="Personas, by the strongest membership of each user")
    for persona in trained.personas:
        table.add_row(persona.number, persona.name, f"{persona.users:,}")
    show(weights, table)
    _report_personas(trained)
    if trained.worth:
        _report_worth(trained.worth)


def _report_personas(trained: TrainedPersonas) -> None:
    if trained.tried:
        tried = ", ".join(f"{one.n_personas}: {one.agreement:.2f}" for one in trained.tried)
        say(
            "How alike the clusters of two halves of the users are, by their number (adjusted Rand index, 1 is the "
            f"same, {STABLE} is enough): {tried}."
        )
    stable = trained.stability
    say(f"Stability of the {stable.n_personas} personas: {stable.agreement:.2f} ±{stable.spread:.2f}.")
    if (found := trained.calibration) is not None:
        say(
            f"With half of the items hidden {found.same:.0%} of the users keep their persona. The weights say so with "
            f"an error of {found.error:.3f}, at temperature {found.temperature:g} ({found.error_before:.3f} at "
            f"{TEMPERATURE:g})."
        )
    if trained.numbers.before:
        say(
            f"{trained.numbers.matched} of {len(trained.personas)} personas keep the number of one of the "
            f"{trained.numbers.before} before, with half of their members or more in common."
        )


def _report_wording(trained: TrainedPersonas) -> None:
    kept = sum(persona.worded_by is None for persona in trained.personas)
    say(
        f"The text model worded {len(trained.personas) - kept} of {len(trained.personas)} summaries"
        + (f"; of {kept} it said nothing that their evidence bears out, and the template's stay." if kept else ".")
    )


def _report_worth(found: list[Worth]) -> None:
    title = "Validation items by the votes of the nearest users, and by dot products, before any ranking model"
    columns = "Votes HR@10", "Votes HR@100", "Dot HR@10", "Dot HR@100", "Mean cosine", "Effective rank"
    table = DataTable("Vectors", *columns, title=title)
    for one in found:
        rates = one.hit_rate_at_10, one.hit_rate_at_100, one.dot_hit_rate_at_10, one.dot_hit_rate_at_100
        hits = ["" if rate is None else f"{rate:.4f}" for rate in rates]
        table.add_row(one.vectors, *hits, f"{one.mean_cosine:.3f}", f"{one.effective_rank:.1f}")
    show(table)
    probed = [f"{one.vectors} {one.category_accuracy:.4f}" for one in found if one.category_accuracy is not None]
    if probed:
        say(
            f"The category of the validation item, by a linear probe of the vector: {', '.join(probed)}; the most "
            f"frequent one each time {found[0].most_frequent_category:.4f}."
        )
    better = better_untrained(found)
    if better:
        say(
            f"The personas know less of the next item than what they are learned from ({'; '.join(better)}): "
            "learning has not paid here."
        )
