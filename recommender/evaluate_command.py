"""``kgrec evaluate``."""

from dataclasses import fields
from pathlib import Path

import click

from kgrec.counted import counting
from kgrec.graph.database import Database
from kgrec.graph.lock import reading
from kgrec.options import RUN, with_database
from kgrec.records import FORMAT, write_records
from kgrec.terminal import DataTable, note, say, show
from kgrec.training.fits import Fit
from recommender.evaluation import evaluate as evaluate_run
from recommender.measured import Measured
from recommender.reading import read_dataset
from recommender.verdict import METRIC_NAMES, Difference, Figure, differences, figures

SHOWN = ("HR@10", "HR@100", "NDCG@10")  # of slices and differences; all metrics are shown of all users


@click.command()
@RUN
@click.option(
    "--also",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Another run, of another seed, that was evaluated already; repeat for several.",
)
@click.option("--sessions", is_flag=True, help="Ask anonymous sessions instead of known users.")
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIRECTORY",
    help="Write a page with tables and plots there, report.html and report.md.",
)
@FORMAT
@with_database()
def evaluate(
    database: Database, run: Path, also: tuple[Path, ...], sessions: bool, report: Path | None, format: str
) -> None:
    """Rank every user's test item against all items, by every system.

    Systems: popularity, item-kNN and EASE with and without recency; the base SASRec, from ids and from texts, and the
    latter fused with the sources of the graph; and for each trained conditioning the model alone, retrieval with its
    sources, reranked by the base, in the learned order, and what validation chose. All have learned from training and
    validation interactions; the final fit, which is served, is never read. What the user has had already is left out,
    ties count against the system, and no item is sampled. Of more than 100,000 users so many are asked.

    The second figure is half the width of the 95% interval, bootstrapped over users; differences are paired, user by
    user. Ranks are kept in the run folder, and with --also the tables are over several seeds.

    \b
    Examples:
      kgrec evaluate --report report
      kgrec evaluate --run runs/seed-1 --also runs/seed-2 --also runs/seed-3
    """
    if report is not None:
        from recommender.report.write import ensure_place, write_report  # plots are not waited for otherwise

        ensure_place(report)
    folder = "evaluation/sessions" if sessions else "evaluation"
    with reading(database, alone=True), counting("Reading the graph") as counted:
        dataset = read_dataset(database, list(Fit)[:-1], counted=counted)
    runs = [(run, evaluate_run(dataset, run, sessions))]
    runs += [(other, Measured.load(other / folder)) for other in also]
    measured = [one for _, one in runs]
    found = figures(measured)
    if report is not None:
        for path in write_report(runs, report):
            note(f"Wrote {path}.")
    if format == "table":
        _show_figures(found)
        _show_differences(differences(measured, _pairs(measured[0]), ["all users"], SHOWN))
        _show_about(measured[0])
    else:
        write_records(format, [one.name for one in fields(Figure)], found.records())


def _pairs(measured: Measured) -> list[tuple[str, str]]:
    """What is judged against every plain baseline and every base."""
    judged = measured.about["judged"]
    others = [one.name for one in measured.systems if one.kind == "baseline" or one.name.startswith("base ")]
    return [(judged, other) for other in others]


def _show_figures(found: list[Figure]) -> None:
    for name in dict.fromkeys(figure.slice for figure in found if "persona" not in figure.slice):
        mine = [figure for figure in found if figure.slice == name]
        metrics = METRIC_NAMES if name == "all users" else SHOWN
        if not mine[0].users:
            say(f"{name}: no test targets.")
            continue
        table = DataTable(title=f"{name}, {mine[0].users} test targets")
        table.add_column("System")
        for metric in metrics:
            table.add_column(metric)
        for system in dict.fromkeys(figure.system for figure in mine):
            of_system = {figure.metric: _interval(figure) for figure in mine if figure.system == system}
            table.add_row(system, *(of_system[metric] for metric in metrics))
        show(table)


def _show_differences(found: list[Difference]) -> None:
    if not found:
        return
    table = DataTable(
        "Against", "Metric", "Gain", "95% interval", "p, Holm", title=f"{found[0].system}, all users, paired"
    )
    for one in found:
        value = "" if one.value is None else f"{one.value:+.4f}"
        interval = "" if one.low is None or one.high is None else f"{one.low:+.4f} to {one.high:+.4f}"
        table.add_row(one.against, one.metric, value, interval, _p(one.p_holm))
    show(table)


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _show_about(measured: Measured) -> None:
    data = measured.about["data"]
    say(
        f"Split: {measured.about['split']}. Of {data['targets']} targets, {data['tied targets']:.1%} have the time of "
        f"another interaction of the user, and {data['repeated targets']:.1%} the user has had already: a miss for all."
    )


def _interval(figure: Figure) -> str:
    if figure.value is None:
        return "none"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} ±{(figure.high - figure.low) / 2:.4f}"
