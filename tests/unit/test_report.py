"""The report: its figures are those of the runs, its texts are inert, and it repeats byte for byte."""

import contextlib
import dataclasses
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from kgrec.errors import KgrecError
from recommender.measured import Measured, System
from recommender.report.curves import LONGEST_LIST, gains_by_history, hit_curves
from recommender.report.document import DASH, MINUS, Cell, Table
from recommender.report.escapes import markdown
from recommender.report.roles import roles
from recommender.report.write import write_report

BASE, JUDGED = "base SASRec, text", "persona: reranked"
SYSTEMS = {  # kind, and how well it ranks
    "popularity": ("baseline", 0.0),
    "item-kNN": ("baseline", 0.5),
    "EASE": ("baseline", 0.7),
    BASE: ("model", 0.9),
    "persona: retrieval": ("model", 1.2),
    JUDGED: ("model", 1.3),
    "persona: reranked, no persona": ("ablation", 0.9),
    "persona: reranked, no text": ("ablation", 0.8),
    "persona: reranked, no DBpedia": ("ablation", 1.1),
    "persona: reranked, personas shuffled": ("ablation", 0.85),
    "persona: reranked, no facts": ("ablation", 1.0),
    "persona: reranked, truncated SVD": ("ablation", 1.0),
}
PERSONAS = ("crime · Agatha Christie", "science fiction", "history of $\\alpha$ and $\\beta$", "京都の小説", "_private")
HOSTILE = (
    "<script>alert(1)</script>|`x`|\n# [a](http://evil.example/) <img src=http://evil.example/> $x^2$ {{ 7*7 }} "
    "&lt; **b**"
)


def run(seed: int, n_users: int = 1000, **about: object) -> Measured:
    """A believable evaluation of one seed: users and baselines are the same in all, nobody is warm, no item is new."""
    fixed, own = np.random.default_rng(7), np.random.default_rng(100 + seed)
    history = np.minimum(3 + fixed.geometric(0.2, n_users), 20)
    users = pd.DataFrame(
        {
            "user_id": [f"u{user}" for user in range(n_users)],
            "target": [f"i{item}" for item in fixed.integers(0, 1500, n_users)],
            "history": history,
            "learned": fixed.geometric(0.05, n_users),
            "head": fixed.random(n_users) < 0.6,
            "persona": fixed.choice(np.array([*PERSONAS, None], dtype=object), n_users),
        }
    )
    hardness = fixed.normal(5.0, 1.6, n_users)
    ranks, systems = [], []
    for name, (kind, quality) in SYSTEMS.items():
        noise = (fixed if kind == "baseline" else own).normal(0, 0.8, n_users)
        of_system = np.ceil(np.exp(np.clip(hardness - quality * (1 + 0.02 * history) + noise, 0, 7.3)))
        ranks.append(np.where(of_system > 1200, np.inf, of_system))
        epochs = np.arange(0 if kind == "baseline" else 12 + seed)
        curve = (0.05 + 0.01 * quality) * (1 - np.exp(-epochs / 3)) + own.normal(0, 5e-4, len(epochs))
        beyond = {"coverage": 0.1 + quality / 5, "Gini": 0.9 - quality / 5, "novelty": 9 + quality}
        if kind != "baseline":
            beyond["intra-list similarity"] = 0.3
        systems.append(System(name, kind, beyond, curve.tolist()))  # type: ignore[arg-type]
    told = {
        "judged": JUDGED,
        "base": BASE,
        "seed": seed,
        "split": "leave-one-out by time",
        "data": {
            "digest": "5f" * 32,
            "users": n_users,
            "items": 1500,
            "repeated targets": 0.0123,
            "ties": {"popularity": 0.2},
        },
        "settings": {
            "sasrec": {"dim": 64, "dropout": 0.2, "conditioning": "late"},
            "hdgi": {"meta_paths": ["INTERACTED", "INTERACTED > BY"]},
        },
        "kgrec": "0.1.0",
    }
    return Measured(users, systems, np.array(ranks), told | about)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Measured]]:
    folder = tmp_path_factory.mktemp("runs")
    found = []
    for seed in range(1, 6):
        (folder / f"seed-{seed}").mkdir()
        measured = run(seed)
        measured.save(folder / f"seed-{seed}")
        found.append((folder / f"seed-{seed}", measured))
    return found


@pytest.fixture(scope="module")
def written(runs: list[tuple[Path, Measured]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(runs, folder)
    return folder


class Page(HTMLParser):
    """Tables by id, as lists of rows of cell texts, and every tag with its attributes."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.row: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows = self.tables[str(dict(attrs)["id"])] = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        elif tag == "span":
            self.rows[-1][-1] += "; "

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def markdown_tables(text: str) -> list[list[list[str]]]:
    """Rows of cells of each table; a pipe behind a backslash is no border."""
    found: list[list[list[str]]] = []
    before = ""
    for line in text.splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        before = line
    return found


def numeral(text: str) -> float:
    return float(text.replace(MINUS, "-"))


def mean_ndcg(runs: list[tuple[Path, Measured]], system: str, k: int, chosen: np.ndarray | None = None) -> float:
    """By a loop over users, not by the code under test."""
    total = []
    for _, measured in runs:
        ranks = measured.ranks[list(SYSTEMS).index(system)]
        total += [1 / np.log2(rank + 1) if rank <= k else 0.0 for rank in (ranks if chosen is None else ranks[chosen])]
    return sum(total) / len(total)


def test_main_table_holds_the_means_of_the_runs(runs: list[tuple[Path, Measured]], written: Path) -> None:
    table = page(written).tables["main"]
    column = table[0].index("NDCG@10")
    assert [row[0] for row in table[1:]] == [name for name, (kind, _) in SYSTEMS.items() if kind != "ablation"]
    for row in table[1:]:
        value, interval = row[column].split("; ")
        assert numeral(value) == pytest.approx(mean_ndcg(runs, row[0], 10), abs=5.1e-5)
        low, high = map(numeral, interval.split(" to "))
        assert low < numeral(value) < high
    hits = np.mean([measured.ranks[2] <= 100 for _, measured in runs])
    assert numeral(table[3][table[0].index("HR@100")].split("; ")[0]) == pytest.approx(hits, abs=5.1e-5)


def test_best_of_each_column_is_marked(written: Path) -> None:
    found = (written / "report.html").read_text(encoding="utf-8")
    main = found[found.index('id="main"') :]
    main = main[: main.index("</table>")]
    rows = main.split("<tr>")[2:]
    assert [row.count('class="best"') for row in rows] == [0, 0, 0, 0, 0, 6]


def test_slices_hold_their_means_and_an_empty_one_says_so(runs: list[tuple[Path, Measured]], written: Path) -> None:
    table = page(written).tables["slices-ndcg-100"]
    by_name = {row[0]: row for row in table}
    head = runs[0][1].users["head"].to_numpy(dtype=bool)
    row = next(row for name, row in by_name.items() if name.startswith("tail items"))
    assert row[1] == str(np.count_nonzero(~head))
    judged = row[table[0].index(JUDGED)].split("; ")[0]
    assert numeral(judged) == pytest.approx(mean_ndcg(runs, JUDGED, 100, ~head), abs=5.1e-5)
    for empty in ("warm users", "new items"):
        row = next(row for name, row in by_name.items() if name.startswith(empty))
        assert row[1:] == ["0"] + ["no targets"] * 6
    assert "nan" not in re.sub(r"provenance|pandas", "", page(written).text.lower()).split()


def test_differences_are_paired_and_corrected(runs: list[tuple[Path, Measured]], written: Path) -> None:
    tables = page(written).tables
    table = tables["differences-table"]
    pairs = {(row[0], row[1]) for row in table[1:]}
    assert pairs == {(name, "EASE") for name in (BASE, "persona: retrieval", JUDGED)} | {
        (name, BASE) for name in ("persona: retrieval", JUDGED)
    }
    row = next(row for row in table if row[:3] == [JUDGED, BASE, "NDCG@10"])
    expected = mean_ndcg(runs, JUDGED, 10) - mean_ndcg(runs, BASE, 10)
    assert numeral(row[3].split("; ")[0]) == pytest.approx(expected, abs=5.1e-5)
    ablations = tables["ablations-differences"]
    assert {row[1] for row in ablations[1:]} == {JUDGED}
    for found in (table, ablations):
        assert found[0][4:6] == ["p", "p, Holm"]
        ordered = [[0.0 if value.startswith("<") else float(value) for value in row[4:6]] for row in found[1:]]
        assert all(adjusted >= p for p, adjusted in ordered)


def test_ablations_that_are_missing_are_named(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    missing = "neither vector nor profile of the persona, no co-occurrence among the sources, no sources, no rerank"
    assert f"Not among the runs: {missing}." in text


def test_settings_and_runs_are_told(runs: list[tuple[Path, Measured]], written: Path) -> None:
    found = page(written)
    settings = {row[0]: row[1] for row in found.tables["settings-table"]}
    assert settings["digest"] == "5f" * 32 and settings["dim"] == "64"
    assert settings["meta_paths"] == "INTERACTED, INTERACTED > BY"
    assert settings["seed"] == "run 1: 1; run 2: 2; run 3: 3; run 4: 4; run 5: 5"
    for (folder, _), row in zip(runs, found.tables["runs"][1:], strict=True):
        assert row[1] == str(folder)
        assert row[3] == hashlib.sha256((folder / "ranks.parquet").read_bytes()).hexdigest()


def test_the_recipe_gives_the_figure_of_the_table(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    row = next(row for row in page(written).tables["main"] if row[0] == JUDGED)
    assert numeral(row[3].split("; ")[0]) == pytest.approx(float(printed.getvalue()), abs=5.1e-5)


def test_markdown_tables_have_consistent_columns_and_the_page_s_figures(written: Path) -> None:
    tables = markdown_tables((written / "report.md").read_text(encoding="utf-8"))
    of_page = list(page(written).tables.values())
    assert len(tables) == len(of_page) >= 13
    for mine, other in zip(tables, of_page, strict=True):
        assert len({len(row) for row in mine}) == 1
        assert len(mine) == len(other) + 1  # the line under the head
    main = tables[0]
    assert main[7][3].strip("*").split("** (")[0] == of_page[0][6][3].split("; ")[0]


def test_same_runs_same_bytes(runs: list[tuple[Path, Measured]], written: Path, tmp_path: Path) -> None:
    files = write_report(runs, tmp_path)
    assert files[0] == tmp_path / "report.html" and len(files) == 6
    for file in files:
        assert file.read_bytes() == (written / file.relative_to(tmp_path)).read_bytes()
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)


def loads_something(found: Page) -> list[tuple[str, str, str]]:
    """Attributes that could make a browser fetch or run something."""
    return [
        (tag, name, value or "")
        for tag, attributes in found.tags
        for name, value in attributes.items()
        if name.startswith("on")
        or (name in {"src", "href", "xlink:href", "srcset", "data", "action"} and not (value or "").startswith("#"))
    ]


def test_page_needs_nothing_beside_it(written: Path) -> None:
    found = page(written)
    assert loads_something(found) == []
    assert not {tag for tag, _ in found.tags} & {"script", "iframe", "link", "object", "embed", "img", "base", "form"}
    text = (written / "report.html").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?:[^\s\"'<>)]*", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, never fetched
    assert "@import" not in text and set(re.findall(r"url\(([^)])", text)) <= {"#"}


def test_ids_are_unique_and_every_link_arrives(written: Path) -> None:
    found = page(written)
    ids = [str(attributes["id"]) for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found.tags:
        for name in ("href", "xlink:href"):
            if name in attributes:
                assert str(attributes[name])[1:] in ids
        for name in ("aria-labelledby",):
            assert set(str(attributes.get(name) or "").split()) <= set(ids)
        for value in attributes.values():
            assert set(re.findall(r"url\(#([^)]+)\)", value or "")) <= set(ids)
    drawings = [attributes for tag, attributes in found.tags if tag == "svg"]
    assert len(drawings) == 4 and all(attributes["role"] == "img" for attributes in drawings)


def test_markdown_shows_the_plots_beside_it(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    plots = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(plots) == 4
    for plot in plots:
        root = ElementTree.parse(written / plot).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg" and root[0].tag.endswith("title")
    drawn = (written / "plots" / "gain-by-slice-plot.svg").read_text(encoding="utf-8")
    assert "history of $\\alpha$ and $\\beta$" in drawn  # text, not mathematics
    assert "京都の小説" in drawn


def hostile_run() -> Measured:
    plain = run(1, 60, data={HOSTILE: HOSTILE, "long": "x" * 5000, "lone": "\ud800\u202e\x00"}, split=HOSTILE)
    users = plain.users.assign(persona=HOSTILE)
    systems = [
        dataclasses.replace(system, name=f"{HOSTILE} {number}", beyond={HOSTILE: 1.0})
        for number, system in enumerate(plain.systems)
    ]
    return Measured(users, systems, plain.ranks, plain.about | {"judged": systems[5].name, "base": systems[3].name})


def test_hostile_texts_are_inert(tmp_path: Path) -> None:
    write_report([(Path(f"runs/{HOSTILE}"), hostile_run())], tmp_path)
    found = page(tmp_path)
    assert loads_something(found) == []
    assert not {tag for tag, _ in found.tags} & {"script", "img", "b", "iframe"}
    assert "<script>alert(1)</script>|`x`|" in found.text and "{{ 7*7 }}" in found.text
    assert max(len(cell) for table in found.tables.values() for row in table for cell in row) <= 300

    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    outside = text.split("```")[0] + text.split("```")[2]
    assert "<" not in outside and "`" not in outside and "://" not in outside and "$" not in outside
    assert not re.search(r"(?<!!)\[[^\]]*(?<!\\)\]\((?!#)", re.sub(r"!\[.*?[^\\]\]\(plots/[\w-]+\.svg\)", "", outside))
    for table in markdown_tables(text):
        assert len({len(row) for row in table}) == 1
    assert not [line for line in outside.splitlines() if line.startswith("# ") and "evil" in line]

    for plot in (tmp_path / "plots").iterdir():
        tags = {element.tag.split("}")[1] for element in ElementTree.parse(plot).iter()}
        assert not tags & {"script", "image", "img", "a", "foreignObject"}


def test_markdown_of_hostile_text_reads_as_it_was() -> None:
    rendered = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    told = rendered.render(f"| a |\n|---|\n| {markdown(HOSTILE)} |\n")
    assert told.count("<td>") == 1
    cell = Page(f"<table id='t'><tr>{told[told.index('<td>') : told.index('</td>')]}</td></tr></table>")
    assert cell.tables["t"][0][0] == " ".join(HOSTILE.splitlines())
    assert [tag for tag, _ in cell.tags] == ["table", "tr", "td"]


def test_one_run_without_seeds_base_or_curves(tmp_path: Path) -> None:
    whole = run(1, 50)
    alone = Measured(
        whole.users.assign(persona=None), [System("EASE", "baseline", {}, [])], whole.ranks[2:3], {"split": "global"}
    )
    write_report([(tmp_path / "nowhere", alone)], tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "by one moment for all" in text and "it takes 5 runs, and here is one" in text
    assert "with nothing: no other system was measured" in text
    assert "Nothing was trained in epochs" in text and "The runs tell nothing about it." in text
    assert page(tmp_path).tables["runs"][1] == ["run 1", str(tmp_path / "nowhere"), DASH, "not kept", "not kept"]


def test_systems_that_some_runs_lack_are_told(tmp_path: Path) -> None:
    both = [run(1, 50), run(2, 50)]
    fewer = Measured(both[1].users, both[1].systems[:-1], both[1].ranks[:-1], both[1].about)
    write_report([(Path("a"), both[0]), (Path("b"), fewer)], tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert 'left out everywhere: "persona: reranked, truncated SVD".' in text
    assert "95% over runs" not in text and "here are 2" in text


@pytest.mark.parametrize(
    ("about", "judged", "base"),
    [
        ({"judged": "EASE", "base": "popularity"}, "EASE", "popularity"),
        ({}, JUDGED, BASE),
        ({"judged": "gone", "base": ["no name"]}, JUDGED, BASE),
        ({"judged": BASE, "base": BASE}, BASE, "persona: retrieval"),
    ],
)
def test_who_is_judged_and_against_what(about: dict[str, object], judged: str, base: str) -> None:
    measured = dataclasses.replace(run(1, 20), about=about)
    found = roles([measured], {name: quality for name, (_, quality) in SYSTEMS.items()})
    assert (found.judged, found.base, found.best_baseline) == (judged, base, "EASE" if judged != "EASE" else "item-kNN")


def test_hit_curve_is_the_share_within_each_cut_off(runs: list[tuple[Path, Measured]]) -> None:
    measured = [one for _, one in runs]
    (curve,) = hit_curves(measured, [JUDGED])
    ranks = np.concatenate([one.ranks[5] for one in measured])
    assert curve.value == pytest.approx([float(np.mean(ranks <= k)) for k in range(1, LONGEST_LIST + 1)])
    assert (curve.low <= curve.value).all() and (curve.value <= curve.high).all()
    # The spread over users of a mean over runs, by its textbook formula.
    of_users = np.mean([one.ranks[5] <= 100 for one in measured], axis=0)
    width = 2 * 1.96 * of_users.std() / len(of_users) ** 0.5
    assert curve.high[-1] - curve.low[-1] == pytest.approx(width, rel=0.1)


def test_gains_by_history_take_every_user_once(runs: list[tuple[Path, Measured]]) -> None:
    measured = [one for _, one in runs]
    gains = gains_by_history(measured, JUDGED, BASE, "HR@10")
    assert sum(gain.users for gain in gains) == 1000
    assert [gain.value for gain in gains if not gain.users] == [None, None, None]
    chosen = (measured[0].users["history"] >= 6) & (measured[0].users["history"] <= 10)
    expected = np.mean([(one.ranks[5] <= 10)[chosen].mean() - (one.ranks[3] <= 10)[chosen].mean() for one in measured])
    assert gains[2].label == "6 to 10" and gains[2].value == pytest.approx(expected)


def test_folder_that_cannot_be_written_is_one_sentence(runs: list[tuple[Path, Measured]], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(KgrecError, match=r"^The report cannot be written to .*taken: [^.]+\.$"):
        write_report(runs, tmp_path / "taken")
    with pytest.raises(KgrecError, match="no evaluation to report"):
        write_report([], tmp_path)


def test_table_with_a_short_row_is_refused() -> None:
    with pytest.raises(ValueError, match="has not 2 cells"):
        Table("t", "", ["a", "b"], [[Cell("a")]])
