"""Tables of figures and of paired differences."""

from collections.abc import Sequence

from kgrec.text import shown
from recommender.report.document import DASH, Cell, Table, interval, name_cell, number, probability
from recommender.verdict import Difference, Figure

Figures = dict[tuple[str, str, str], Figure]  # by system, slice and metric


def by_metric(figures: Figures, systems: Sequence[str], part: str, anchor: str, caption: str) -> Table:
    """Systems down, metrics across, of one slice; the best of a column is marked."""
    metrics = metrics_of(figures)
    best = {metric: _best([figures[system, part, metric] for system in systems]) for metric in metrics}
    rows = [
        [name_cell(system), *(_cell(figures[system, part, metric], best[metric]) for metric in metrics)]
        for system in systems
    ]
    return Table(anchor, caption, ["System", *metrics], rows)


def by_slice(figures: Figures, systems: Sequence[str], parts: Sequence[str], metric: str) -> Table:
    """Slices down, systems across, of one metric; the best of a row is marked."""
    rows = []
    for part in parts:
        mine = [figures[system, part, metric] for system in systems]
        best = _best(mine)
        rows.append([name_cell(part), Cell(f"{mine[0].users:,}"), *(_cell(one, best) for one in mine)])
    return Table(
        f"slices-{_anchor(metric)}",
        f"{metric} by slice",
        ["Slice", "Targets", *(shown(name) for name in systems)],
        rows,
    )


def over_seeds(figures: Figures, systems: Sequence[str], part: str) -> Table:
    """Student's intervals over the runs, of the systems that differ between them."""
    metrics = metrics_of(figures)
    rows = []
    for system in systems:
        mine = [figures[system, part, metric] for metric in metrics]
        if any(one.seeds_low is not None for one in mine):
            cells = [Cell(number(one.value), interval(one.seeds_low, one.seeds_high)) for one in mine]
            rows.append([name_cell(system), *cells])
    return Table("seeds", "All users, with 95% intervals over the runs (Student's t)", ["System", *metrics], rows)


def of_differences(differences: Sequence[Difference], anchor: str, caption: str) -> Table:
    """One row a difference, with both kinds of interval and their p-values."""
    seeds = any(one.enough_seeds and one.seeds_low is not None for one in differences)
    head = ["System", "Against", "Metric", "Difference", "p", "p, Holm"]
    if seeds:
        head += ["95% over runs", "p over runs", "p over runs, Holm"]
    rows = []
    for one in differences:
        row = [name_cell(one.system), name_cell(one.against), Cell(one.metric, words=True), *_difference_cells(one)]
        if seeds:
            over = interval(one.seeds_low, one.seeds_high, sign=True)
            row += [Cell(over or DASH), Cell(probability(one.seeds_p)), Cell(probability(one.seeds_p_holm))]
        rows.append(row)
    return Table(anchor, caption, head, rows)


def of_gains(gains: Sequence[Difference], caption: str) -> Table:
    """One row a slice: how far one system is before another in it."""
    head = ["Slice", "Targets", "Difference", "p", "p, Holm"]
    rows = [[name_cell(one.slice), Cell(f"{one.users:,}"), *_difference_cells(one)] for one in gains]
    return Table("gain-by-slice", caption, head, rows)


def of_beyond(beyond: dict[str, dict[str, float]], systems: Sequence[str]) -> Table:
    """What the lists of ten are like, system by system; a figure that a system has not is a dash."""
    names = list(dict.fromkeys(name for system in systems for name in beyond.get(system, {})))
    rows = [
        [name_cell(system), *(Cell(number(beyond.get(system, {}).get(name), digits=3)) for name in names)]
        for system in systems
    ]
    return Table("beyond", "What the lists of ten are like", ["System", *(shown(name) for name in names)], rows)


def metrics_of(figures: Figures) -> list[str]:
    """Names of the metrics, in their order."""
    return list(dict.fromkeys(metric for _, _, metric in figures))


def _difference_cells(one: Difference) -> list[Cell]:
    if one.value is None:
        return [Cell("no targets"), Cell(DASH), Cell(DASH)]
    value = Cell(number(one.value, sign=True), interval(one.low, one.high, sign=True))
    return [value, Cell(probability(one.p)), Cell(probability(one.p_holm))]


def _cell(one: Figure, best: float | None) -> Cell:
    if one.value is None:
        return Cell("no targets")
    return Cell(number(one.value), interval(one.low, one.high), best=one.value == best)


def _best(figures: Sequence[Figure]) -> float | None:
    """Return the highest value, ``None`` where there is nothing to compare."""
    values = [one.value for one in figures if one.value is not None]
    return max(values) if len(values) > 1 and max(values) > 0 else None


def _anchor(metric: str) -> str:
    return metric.lower().replace("@", "-")
