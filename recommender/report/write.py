"""Write the report of one or several runs."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kgrec.errors import KgrecError
from kgrec.files import replacing
from recommender.measured import Measured
from recommender.report.contents import report
from recommender.report.document import Report
from recommender.report.escapes import html, markdown

PAGE, TEXT, PLOTS = "report.html", "report.md", "plots"


def write_report(runs: Sequence[tuple[Path, Measured]], folder: Path) -> list[Path]:
    """Write ``report.html``, which needs nothing beside it, and ``report.md`` with its plots in ``plots/``.

    Everything is drawn before the first file is written; each file is whole or absent. The same runs give the
    same bytes.

    Args:
        runs: folder and evaluation of each, a seed each.
        folder: made if it is missing.

    Returns:
        the files written, the page first.

    Raises:
        KgrecError: there are no runs, they do not fit each other, or the folder cannot be written.
    """
    if not runs:
        raise KgrecError("There is no evaluation to report.")
    made = report(runs)
    files: dict[Path, str] = {
        folder / PLOTS / f"{plot.name}.svg": plot.svg for section in made.sections for plot in section.plots
    }
    files[folder / TEXT] = render(made, "report.md.j2")
    files[folder / PAGE] = render(made, "report.html.j2")
    try:
        for path, text in files.items():
            with replacing(path) as draft:
                draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _refusal(folder, error) from error
    return list(reversed(files))


def ensure_place(folder: Path) -> None:
    """Make the folder of a report before what it reports is measured, which takes long.

    Raises:
        KgrecError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(folder, error) from error


def _refusal(folder: Path, error: OSError) -> KgrecError:
    return KgrecError(f"The report cannot be written to {folder}: {error.strerror or error}.")


def render(made: Report, template: str) -> str:
    """Return the report as a template shows it; every text is made harmless, whatever the template does."""
    is_html = template == "report.html.j2"
    environment = Environment(
        loader=PackageLoader("recommender.report"),
        autoescape=is_html,
        finalize=html if is_html else markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["verbatim"] = Markup  # of our own making: `finalize` leaves it as it is
    return environment.get_template(template).render(report=made)
