"""``kgrec train personas``."""

from pathlib import Path

import click

from gnn.settings import HDGISettings
from gnn.train import TrainedPersonas, train_personas
from gnn.worth import Worth, better_untrained
from kgrec.graph.database import Database
from kgrec.options import RUN, with_database
from kgrec.settings import load_section
from kgrec.terminal import DataTable, say, show

DEFAULTS = HDGISettings()


@click.command(epilog="Example: kgrec train personas --seed 1 --run runs/first")
@RUN
@click.option("--seed", type=int, help=f"Seed of everything random.  [default: {DEFAULTS.seed}]")
@click.option("--epochs", type=click.IntRange(min=1), help=f"At most so many epochs.  [default: {DEFAULTS.epochs}]")
@click.option(
    "--personas", "n_personas", type=click.IntRange(min=2), help=f"Number of personas.  [default: {DEFAULTS.personas}]"
)
@click.option("--fresh", is_flag=True, help="Train anew instead of going on with the checkpoint in --run.")
@with_database()
def personas(
    database: Database, run: Path, seed: int | None, epochs: int | None, n_personas: int | None, fresh: bool
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
    _report(train_personas(database, run, settings, fresh))


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
        table.add_row(persona.persona_id, persona.name, str(persona.users))
    show(weights, table)
    if trained.worth:
        _report_worth(trained.worth)


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
