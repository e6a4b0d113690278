"""All speed benchmarks one after the other: one table of ratios with their spread, JSON beside it, and a plot.

    python -m benchmarks.run --out runs/speed [--only training --only load] [--rectools PYTHON]

Every part is a command of its own, named in the table, and measures in interleaved rounds; some take half an hour. What
a part said is kept as OUT/PART.log, its figures as OUT/PART.json; a part that has its figures there is not run again.
PYTHON is of an environment with RecTools (see benchmarks/peers). What costs as the data grows is `benchmarks.growth`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from kgrec.files import replacing

WITH_RECTOOLS = {"training": "--python", "training-full": "--python", "training-200": "--python", "batch": "--rectools"}
PARTS = {
    "training": ["training"],
    "training-full": ["training", "--full", "--users", "640"],
    "training-200": ["training", "--full", "--length", "200", "--users", "128"],
    "parts": ["parts"],
    "hdgi": ["hdgi"],
    "streaming": ["streaming"],
    "load-recbole": ["load", "1000000", "--format", "recbole"],
    "load-amazon": ["load", "1000000", "--format", "amazon"],
    "bulk": ["bulk", "1000000"],
    "batch": ["recommending", "batch"],
}


def measure(part: str, out: Path, rectools: Path | None) -> None:
    """Run a part; its figures come last, so that an interrupted one is run again."""
    module, *arguments = PARTS[part]
    if part in WITH_RECTOOLS and rectools is not None:
        arguments += [WITH_RECTOOLS[part], str(rectools)]
    draft = out / f"{part}.draft"
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments, "--json", str(draft)]
    with (out / f"{part}.log").open("wb") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        raise click.ClickException(f"{part} ended with status {code}: see {out / f'{part}.log'}")
    found = json.loads(draft.read_text(encoding="utf-8"))
    kept = {
        "command": f"python -m benchmarks.{' '.join(PARTS[part])}",
        "load": os.getloadavg()[0],
        "rows": rows_of(found),
    }
    with replacing(out / f"{part}.json") as file:
        file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    draft.unlink()


def rows_of(found: Any) -> list[dict[str, Any]]:
    """Find the ratios in what a benchmark wrote: a list of rows, or rows beside other figures."""
    rows = found["rows"] if isinstance(found, dict) else found
    return [row for row in rows if "ratio_median" in row]


def table(parts: dict[str, dict[str, Any]]) -> list[str]:
    """Lines of Markdown."""
    lines = ["| what | ratio | least to most | rounds | load | command |", "|---|---|---|---|---|---|"]
    for part in parts.values():
        for row in part["rows"]:
            spread = f"{row['ratio_min']:.2f} to {row['ratio_max']:.2f}"
            figures = f"{row['ratio_median']:.2f} | {spread} | {row['rounds']} | {part['load']:.1f}"
            lines.append(f"| {row['name']} | {figures} | `{part['command']}` |")
    return lines


def plot(parts: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw every ratio with its extremes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [row for part in parts.values() for row in part["rows"]][::-1]
    figure, axis = plt.subplots(figsize=(9, 1 + 0.3 * len(rows)), layout="constrained")
    for place, row in enumerate(rows):
        axis.plot([row["ratio_min"], row["ratio_max"]], [place, place], color="C0")
        axis.plot(row["ratio_median"], place, "o", color="C0")
    axis.axvline(1, color="grey", linewidth=0.8)
    axis.set(xscale="log", xlabel="ratio", yticks=range(len(rows)), yticklabels=[row["name"] for row in rows])
    figure.savefig(path)
    plt.close(figure)


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--only", type=click.Choice(list(PARTS)), multiple=True, default=list(PARTS))
@click.option("--rectools", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(out: Path, only: tuple[str, ...], rectools: Path | None) -> None:
    """Run the parts that have no figures yet, and print the table of all that have."""
    out.mkdir(parents=True, exist_ok=True)
    for part in only:
        if not (out / f"{part}.json").exists():
            click.echo(part, err=True)
            measure(part, out, rectools)
    kept = {part: out / f"{part}.json" for part in PARTS}
    parts = {part: json.loads(path.read_text(encoding="utf-8")) for part, path in kept.items() if path.exists()}
    print(*table(parts), sep="\n")
    plot(parts, out / "run.svg")


if __name__ == "__main__":
    main()
