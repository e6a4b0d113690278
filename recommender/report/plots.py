"""The plots of the report; every colour has a line style or a marker beside it, and prints in grey."""

from collections.abc import Sequence
from itertools import cycle
from textwrap import wrap

import numpy as np

from kgrec.text import shown
from recommender.report.curves import LONGEST_LIST, Gain, HitCurve
from recommender.report.document import Plot, interval, number
from recommender.report.escapes import LONGEST_LABEL
from recommender.report.svg import canvas, finished

# Okabe and Ito, "Color Universal Design" (2008): told apart by the colour-blind too; yellow is too pale for lines.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MOST_CURVES = len(COLOURS)
GREY = "#777777"
PANEL_WIDTH = 30  # characters above a panel


def hit_rate_plot(curves: Sequence[HitCurve]) -> Plot:
    """Hit rate over the cut-off, each curve in its band."""
    name, title = "hit-rate", "Hit rate over the cut-off"
    at_end = "; ".join(f"{shown(one.system)} {number(float(one.value[-1]))}" for one in curves)
    description = (
        f"Lines that rise from cut-off 1 to {LONGEST_LIST}, each in its 95% band over users. At the end: {at_end}."
    )
    cutoffs = np.arange(1, LONGEST_LIST + 1)
    with canvas(7.5, 4.6 + 0.11 * len(curves)) as figure:
        axes = figure.add_subplot()
        for curve, colour, line in zip(curves, COLOURS, LINES, strict=False):
            label = shown(curve.system, LONGEST_LABEL)
            axes.fill_between(cutoffs, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
            axes.plot(cutoffs, curve.value, color=colour, linestyle=line, linewidth=1.8, label=_kept(label))
        axes.set_xscale("log")
        ticks = [1, 2, 5, 10, 20, 50, LONGEST_LIST]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set_xlim(1, LONGEST_LIST)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("cut-off k (logarithmic)")
        axes.set_ylabel("HR@k")
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        return Plot(name, title, description, finished(figure, name, title, description))


def gain_by_slice_plot(gains: Sequence[Gain], metric: str, system: str, against: str) -> Plot:
    """Gain of one system over another, a row a slice; a slice without targets says so."""
    name, title = "gain-by-slice-plot", f"Gain in {metric} by slice"
    description = _told(gains, metric, system, against)
    rows = np.arange(len(gains))
    with canvas(7.5, 1.1 + 0.3 * len(gains)) as figure:
        axes = figure.add_subplot()
        axes.axvline(0, color=GREY, linewidth=1)
        for row, gain in zip(rows, gains, strict=True):
            if gain.value is not None and gain.low is not None and gain.high is not None:
                axes.plot([gain.low, gain.high], [row, row], color=COLOURS[0], linewidth=1.8, solid_capstyle="butt")
                axes.plot(gain.value, row, color=COLOURS[0], marker="o", markersize=5)
        axes.set_yticks(rows, [_with_count(gain) for gain in gains])
        axes.set_ylim(len(gains) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"difference in {metric} (95% intervals)")
        return Plot(name, title, description, finished(figure, name, title, description))


def gain_by_history_plot(gains: Sequence[Gain], metric: str, system: str, against: str) -> Plot:
    """Gain of one system over another, by how many items were known."""
    name, title = "gain-by-history-plot", f"Gain in {metric} by length of the history"
    description = _told(gains, metric, system, against)
    columns = np.arange(len(gains))
    with canvas(7.5, 3.8) as figure:
        axes = figure.add_subplot()
        axes.axhline(0, color=GREY, linewidth=1)
        for column, gain in zip(columns, gains, strict=True):
            if gain.value is not None and gain.low is not None and gain.high is not None:
                axes.plot([column, column], [gain.low, gain.high], color=COLOURS[0], linewidth=1.8)
                axes.plot(column, gain.value, color=COLOURS[0], marker="o", markersize=5)
        axes.set_xticks(columns, [_with_count(gain, "\n") for gain in gains])
        axes.set_xlim(-0.5, len(gains) - 0.5)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("items known before the target (targets)")
        axes.set_ylabel(f"difference in {metric}")
        return Plot(name, title, description, finished(figure, name, title, description))


def validation_plot(curves: dict[str, list[list[float]]]) -> Plot:
    """Validation curves: a panel a system, a line a run, all on one scale."""
    name, title = "validation-curves", "Validation NDCG@10 after each epoch"
    best = "; ".join(
        f"{shown(system)} {', '.join(number(max(run)) for run in of_runs)}" for system, of_runs in curves.items()
    )
    description = f"A panel for each system, a line for each run. Best of each run: {best}."
    across = min(3, len(curves))
    down = -(-len(curves) // across)
    with canvas(7.5, 0.5 + 2.0 * down) as figure:
        panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
        for panel, (system, of_runs) in zip(panels, curves.items(), strict=False):
            for run, colour, line in zip(of_runs, cycle(COLOURS), cycle(LINES), strict=False):
                epochs = np.arange(1, len(run) + 1)
                panel.plot(epochs, run, color=colour, linestyle=line, linewidth=1.2)
                panel.plot(1 + int(np.argmax(run)), max(run), color=colour, marker="o", markersize=3)
            panel.set_title("\n".join(wrap(shown(system, 2 * PANEL_WIDTH), PANEL_WIDTH)), fontsize=8.5)
            panel.xaxis.get_major_locator().set_params(integer=True)
        for panel in panels[len(curves) :]:
            panel.set_axis_off()
        figure.supxlabel("epoch", fontsize=10)
        return Plot(name, title, description, finished(figure, name, title, description))


def _told(gains: Sequence[Gain], metric: str, system: str, against: str) -> str:
    each = "; ".join(
        f"{shown(gain.label)} "
        + (
            "no targets"
            if gain.value is None
            else f"{number(gain.value, sign=True)} ({interval(gain.low, gain.high, sign=True)})"
        )
        for gain in gains
    )
    return f"Difference in {metric} of {shown(system)} against {shown(against)}, with 95% intervals: {each}."


def _with_count(gain: Gain, between: str = " ") -> str:
    count = "no targets" if gain.value is None else f"{gain.users:,}"
    return f"{shown(gain.label, LONGEST_LABEL)}{between}({count})"


def _kept(label: str) -> str:
    """Return a label that a legend does not leave out: matplotlib skips those that begin with an underscore."""
    return f"\u200b{label}" if label.startswith("_") else label
