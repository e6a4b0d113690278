"""The map of the personas as one HTML file, which needs no network: drawn by plotly, hovered and zoomed."""

from html import escape
from pathlib import Path
from textwrap import wrap

from kgrec.files import replacing
from kgrec.personas.cards import PersonaCard
from kgrec.personas.places import PersonaMap
from kgrec.text import shown

LONGEST_LABEL = 40  # characters of a name beside its point
LINE = 70  # characters of a line that is shown over a point
POINTS = (14.0, 46.0)  # width of the smallest and of the largest persona
# By keyboard, once the map has the focus: it is zoomed by + and -, and moved by the arrows.
KEYS = """
const map = document.getElementById("{plot_id}");
map.tabIndex = 0;
map.setAttribute("role", "application");
map.setAttribute("aria-label", "The map of personas: plus and minus zoom, arrows move it.");
const zooms = {"+": 0.8, "=": 0.8, "-": 1.25};
const moves = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1]};
map.addEventListener("keydown", (event) => {
  const zoom = zooms[event.key] ?? 1, [right, up] = moves[event.key] ?? [0, 0];
  if (event.ctrlKey || event.metaKey || event.altKey || (zoom === 1 && !right && !up)) return;
  event.preventDefault();
  const shown = ([from, to], by) => {
    const middle = (from + to) / 2 + by * (to - from), half = zoom * (to - from) / 2;
    return [middle - half, middle + half];
  };
  const {xaxis, yaxis} = map.layout;
  Plotly.relayout(map, {"xaxis.range": shown(xaxis.range, right), "yaxis.range": shown(yaxis.range, up)});
});
"""
# A frame of no origin tells the page around it, whatever that is, which persona was clicked on.
CLICKED = """
document.getElementById("{plot_id}").on("plotly_click", ({points: [point]}) => {
  if (point.customdata) window.parent.postMessage(point.customdata, "*");
});
"""


def draw(found: PersonaMap, file: Path) -> None:
    """Write the map: a point a persona, as large as its users are many, among the points of some users.

    Texts from data are escaped: nothing of them is markup. Quotes stay, which plotly would show as entities.

    Raises:
        OSError: the file cannot be written.
    """
    page = drawn(found)
    with replacing(file) as draft:
        draft.write_text(page, encoding="utf-8")


def drawn(found: PersonaMap, small: bool = False) -> str:
    """Return the map as a page in HTML; a small one, for a frame, has no title and tells of clicks."""
    import plotly.graph_objects as go  # half a second that other commands need not wait for

    placed = [card for card in found.personas if card.x is not None]
    colours = {card.name: f"hsl({number * 360 // max(len(placed), 1)},60%,45%)" for number, card in enumerate(placed)}
    users = go.Scattergl(
        x=[user.x for user in found.users],
        y=[user.y for user in found.users],
        mode="markers",
        name="users",
        marker={"size": 4, "opacity": 0.35, "color": [colours.get(user.persona or "", "#888") for user in found.users]},
        hovertext=[
            escape(f"{shown(user.user_id)}: {shown(user.persona or 'no persona')}", quote=False) for user in found.users
        ],
        hoverinfo="text",
    )
    largest = max((card.users for card in placed), default=1)
    least, most = POINTS
    personas = go.Scatter(
        x=[card.x for card in placed],
        y=[card.y for card in placed],
        mode="markers" if small else "markers+text",
        name="personas",
        text=[escape(shown(card.name, LONGEST_LABEL), quote=False) for card in placed],
        textposition="top center",
        hovertext=[_over(card) for card in placed],
        customdata=[card.persona_id for card in placed],
        hoverinfo="text",
        marker={
            "size": [least + (most - least) * (card.users / max(largest, 1)) ** 0.5 for card in placed],
            "color": [colours[card.name] for card in placed],
            "line": {"width": 1, "color": "white"},
        },
    )
    figure = go.Figure([users, personas])
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False}
    figure.update_layout(
        title=f"{len(placed)} personas and {len(found.users):,} users, where they differ most",
        template="plotly_white",
        showlegend=False,
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        hoverlabel={"align": "left"},
        dragmode="pan",
    )
    if small:
        figure.update_layout(title=None, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    config, scripts = {"scrollZoom": True, "displaylogo": False}, [KEYS, CLICKED] if small else [KEYS]
    return str(figure.to_html(include_plotlyjs=True, config=config, div_id="map", post_script=scripts))


def _over(card: PersonaCard) -> str:
    """What is shown over a persona's point: its name and its summary, in lines."""
    lines = [f"<b>{escape(shown(card.name, 200), quote=False)}</b> ({card.number})"]
    return "<br>".join([*lines, *(escape(shown(line, LINE + 10), quote=False) for line in wrap(card.summary, LINE))])
