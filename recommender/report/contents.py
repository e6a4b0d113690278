"""The sections of the report, from the runs."""

from collections.abc import Sequence
from pathlib import Path

from recommender.measured import Measured
from recommender.report import curves, plots, prose, provenance, tables
from recommender.report.document import Plot, Report, Section, Table, interval, number, probability
from recommender.report.escapes import quoted
from recommender.report.roles import roles
from recommender.verdict import Difference, beyond, differences, figures

MAIN_METRIC = "NDCG@10"  # chooses the best baseline and shows the gains
COMPARED_METRICS = ("NDCG@10", "HR@10", "HR@100")  # more would only make the correction for many tests harsher


def report(runs: Sequence[tuple[Path, Measured]]) -> Report:
    """Put the report together; the plots are drawn here.

    Args:
        runs: at least one, each with its folder.

    Raises:
        KgrecError: the runs do not fit each other.
    """
    contents = _Contents([run for _, run in runs])
    sections = [
        Section("method", "How it was measured", prose.method(contents.runs)),
        contents.all_users(),
        contents.differences(),
        contents.ablations(),
        contents.slices(),
        contents.beyond(),
        contents.training(),
        Section("settings", "Data and settings", blocks=[provenance.of_settings(contents.runs)]),
        contents.provenance(runs),
    ]
    return Report("Evaluation of recommenders", [contents.finding()], sections)


class _Contents:
    """What several sections need is computed once."""

    def __init__(self, runs: list[Measured]):
        self.runs = runs
        found = figures(runs)
        self.figures = {(one.system, one.slice, one.metric): one for one in found}
        self.names_of_slices = list(dict.fromkeys(one.slice for one in found))
        self.everybody = self.names_of_slices[0]
        main = [one for one in found if (one.slice, one.metric) == (self.everybody, MAIN_METRIC)]
        self.roles = roles(runs, {one.system: one.value or 0.0 for one in main})
        self.systems = self.roles.whole or self.roles.ablations

    def finding(self) -> str:
        """Tell the main comparison in one sentence."""
        judged = self.figures[self.roles.judged, self.everybody, MAIN_METRIC]
        value = f"{number(judged.value)} ({interval(judged.low, judged.high)})"
        told = f"{quoted(self.roles.judged)} has {MAIN_METRIC} {value}"
        if self.roles.base is None:
            return f"{told}."
        (one,) = self._compared([(self.roles.judged, self.roles.base)], [MAIN_METRIC])
        p = probability(one.p)
        return (
            f"{told}. Against {quoted(one.against)} that is {number(one.value, sign=True)} "
            f"({interval(one.low, one.high, sign=True)}), with p {p if p.startswith('<') else f'= {p}'} for this one "
            "comparison taken alone. In brackets are 95% intervals over users."
        )

    def all_users(self) -> Section:
        """The main table, the spread over the runs, and the hit rate over the cut-off."""
        blocks: list[Table | Plot] = [self._table(self.systems, "main", "All users; the best of a column is bold")]
        paragraphs = ["Plain baselines come first, then trained models. The intervals are over users."]
        over_runs = tables.over_seeds(self.figures, self.systems, self.everybody)
        if over_runs.rows and next(iter(self.figures.values())).enough_seeds:
            blocks.append(over_runs)
            varying = {one.system for one in self.figures.values() if one.seeds_low is not None}
            alike = ", ".join(quoted(name) for name in self.systems if name not in varying)
            if alike:
                paragraphs.append(f"These rank alike in every run and have no interval over the runs: {alike}.")
        if self.roles.dropped:
            names = ", ".join(quoted(name) for name in self.roles.dropped)
            paragraphs.append(f"Measured in some of the runs only, and so left out everywhere: {names}.")
        first = [self.roles.judged, self.roles.base, self.roles.best_baseline, *reversed(self.systems)]
        drawn = list(dict.fromkeys(name for name in first if name is not None))[: plots.MOST_CURVES]
        if len(drawn) < len(self.systems):
            paragraphs.append(f"The plot shows {len(drawn)} of the {len(self.systems)} systems.")
        blocks.append(plots.hit_rate_plot(curves.hit_curves(self.runs, drawn)))
        return Section("all-users", "All users", paragraphs, blocks=blocks)

    def differences(self) -> Section:
        """Each model against the best plain baseline and against the base."""
        against = [one for one in (self.roles.best_baseline, self.roles.base) if one is not None]
        pairs = list(dict.fromkeys((name, one) for name in self.roles.models for one in against if name != one))
        rows = self._compared(pairs, COMPARED_METRICS)
        blocks = [tables.of_differences(rows, "differences-table", "Paired differences, all users")] if rows else []
        return Section("differences", "Differences", [prose.compared(self.roles, MAIN_METRIC)], blocks=blocks)

    def ablations(self) -> Section:
        """What the full system is without its parts, and which of the known ablations nobody measured."""
        full, missing = self.roles.judged, self.roles.missing_ablations
        absent = f"Not among the runs: {', '.join(missing)}." if missing else "All known ablations are among the runs."
        mine = [name for name in self.roles.ablations if name != full]
        if not mine:
            return Section("ablations", "Ablations", [absent])
        paragraphs = [f"In each, something of {quoted(full)} is taken away or replaced.", absent]
        caption = "The full system first, then its ablations, all users; the best of a column is bold"
        rows = self._compared([(name, full) for name in mine], COMPARED_METRICS)
        blocks = [
            self._table([full, *mine], "ablations-table", caption),
            tables.of_differences(rows, "ablations-differences", "Paired differences to the full system, all users"),
        ]
        return Section("ablations", "Ablations", paragraphs, blocks=blocks)

    def slices(self) -> Section:
        """The gain by slice and by length of the history, and a table a metric."""
        blocks: list[Table | Plot] = []
        paragraphs = ["A slice may be small: its intervals tell. In the tables by slice the best of a row is bold."]
        judged, base = self.roles.judged, self.roles.base
        if base is not None:
            paragraphs.insert(0, f"The gains are those of {quoted(judged)} over {quoted(base)}, user by user.")
            rows = differences(self.runs, [(judged, base)], metrics=[MAIN_METRIC])
            by_slice = [curves.Gain(one.slice, one.users, one.value, one.low, one.high) for one in rows]
            by_history = curves.gains_by_history(self.runs, judged, base, MAIN_METRIC)
            blocks = [
                plots.gain_by_slice_plot(by_slice, MAIN_METRIC, judged, base),
                tables.of_gains(rows, f"Gain in {MAIN_METRIC} by slice"),
                plots.gain_by_history_plot(by_history, MAIN_METRIC, judged, base),
            ]
        for metric in tables.metrics_of(self.figures):
            blocks.append(tables.by_slice(self.figures, self.systems, self.names_of_slices, metric))
        return Section("slices", "Slices", paragraphs, blocks=blocks)

    def beyond(self) -> Section:
        """What the lists are like."""
        found = beyond(self.runs)
        if not any(found.values()):
            return Section("beyond-accuracy", "Beyond accuracy", ["The runs tell nothing about it."])
        table = tables.of_beyond(found, self.roles.whole + self.roles.ablations)
        return Section("beyond-accuracy", "Beyond accuracy", [prose.BEYOND], blocks=[table])

    def training(self) -> Section:
        """How the validation figure went while training."""
        found = curves.validation_curves(self.runs)
        if not found:
            return Section("training", "Validation curves", ["Nothing was trained in epochs, or no curve was kept."])
        told = "A line is a run, and its dot the best epoch. The targets are those for validation, never for the test."
        return Section("training", "Validation curves", [told], blocks=[plots.validation_plot(found)])

    def provenance(self, runs: Sequence[tuple[Path, Measured]]) -> Section:
        """The run folders, and how a figure is computed from them."""
        code = provenance.recompute(runs, self.roles.judged)
        paragraphs = [prose.PROVENANCE]
        if code:
            paragraphs.append(f"This computes {MAIN_METRIC} of {quoted(self.roles.judged)} over all users anew:")
        blocks = [provenance.of_runs(runs)]
        return Section("provenance", "Where each figure comes from", paragraphs, code, blocks)

    def _table(self, systems: Sequence[str], anchor: str, caption: str) -> Table:
        return tables.by_metric(self.figures, systems, self.everybody, anchor, caption)

    def _compared(self, pairs: Sequence[tuple[str, str]], metrics: Sequence[str]) -> list[Difference]:
        return differences(self.runs, pairs, slices=[self.everybody], metrics=metrics) if pairs else []
