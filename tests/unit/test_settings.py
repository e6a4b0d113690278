"""Settings: precedence of their sources, and `kgrec settings`, which tells all of them."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from kgrec.commands import kgrec
from kgrec.errors import KgrecError
from kgrec.settings import TABLES, Neo4jSettings, explained, load_section, variable
from kgrec.settings_command import MODELS, model_of
from recommender.settings import SASRecSettings
from tests.unit.hostile import harm


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no variable of kgrec."""
    monkeypatch.chdir(tmp_path)
    for name in ("KGREC_SETTINGS", "KGREC_NEO4J_URI", "KGREC_NEO4J_USER", "KGREC_NEO4J_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(kgrec, ["settings", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_option_over_variable_over_file_over_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kgrec.toml").write_text("[sasrec]\ndim = 32\nheads = 4\nepochs = 5\n")
    monkeypatch.setenv("KGREC_SASREC_HEADS", "8")
    monkeypatch.setenv("KGREC_SASREC_EPOCHS", "6")
    found = load_section("sasrec", SASRecSettings, {"epochs": 7, "seed": None})
    assert (found.dim, found.heads, found.epochs, found.seed) == (32, 8, 7, SASRecSettings().seed)
    sources = {setting.name: setting.source for setting in explained("sasrec", SASRecSettings)}
    assert sources["dim"] == "kgrec.toml" and sources["heads"] == "KGREC_SASREC_HEADS" and sources["seed"] == "default"


def test_a_password_of_digits_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_NEO4J_PASSWORD", "0012345678")
    password = load_section("neo4j", Neo4jSettings).password
    assert password is not None and password.get_secret_value() == "0012345678"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("KGREC_SASREC_DIM", "wide", "Setting sasrec.dim is wrong"),
        ("KGREC_SASREC_HEADS", "3", "heads \\(3\\) must divide dim \\(64\\)"),
        ("KGREC_TEXTS_FIELDS", '["price"]', "Setting texts.fields.0 is wrong: Input should be 'title', .* or 'facts'"),
        ("KGREC_TEXTS_FIELDS", "[]", "Setting texts.fields is wrong"),
        ("KGREC_HDGI_META_PATHS", "INTERACTED, BY", "KGREC_HDGI_... is not JSON: .*meta_paths"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(name, value)
    table = name.split("_")[1].lower()
    with pytest.raises(KgrecError, match=sentence):
        load_section(table, model_of(table))


def test_a_wrong_value_says_where_it_comes_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kgrec.toml").write_text("[sasrec]\ndim = 0\nheads = 0\n")
    with pytest.raises(KgrecError, match=r"Setting sasrec\.dim is wrong: [^.]+\. It comes from kgrec\.toml\.$"):
        load_section("sasrec", model_of("sasrec"))
    monkeypatch.setenv("KGREC_SASREC_DIM", "-1")
    with pytest.raises(KgrecError, match=r"Setting sasrec\.dim is wrong: [^.]+\. It comes from KGREC_SASREC_DIM\.$"):
        load_section("sasrec", model_of("sasrec"))
    with pytest.raises(KgrecError, match=r"Setting sasrec\.dim is wrong: [^.]+\.$"):
        load_section("sasrec", model_of("sasrec"), {"dim": -2})


def test_a_byte_order_mark_is_named(folder: Path) -> None:
    (folder / "kgrec.toml").write_bytes(b"\xef\xbb\xbf[hdgi]\ndim = 5\n")
    with pytest.raises(KgrecError, match=r"kgrec\.toml begins with a byte order mark"):
        load_section("hdgi", model_of("hdgi"))


def test_every_table_has_a_model_and_every_field_a_description() -> None:
    assert tuple(MODELS) == TABLES
    silent = [
        f"{table}.{name}"
        for table in TABLES
        for name, field in model_of(table).model_fields.items()
        if not field.description or len(field.description.split()) < 2
    ]
    assert silent == []


def test_what_is_printed_is_a_settings_file_that_gives_the_same_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "kgrec.toml").write_text('[hdgi]\npersonas = 5\nmeta_paths = ["INTERACTED", "INTERACTED > BY"]\n')
    monkeypatch.setenv("KGREC_DBPEDIA_MIN_SCORE", "0.9")
    before: dict[str, BaseModel] = {table: load_section(table, model_of(table)) for table in TABLES}
    text = printed()
    assert set(tomllib.loads(text)) == set(TABLES)
    monkeypatch.delenv("KGREC_DBPEDIA_MIN_SCORE")
    (folder / "kgrec.toml").write_text(text)
    assert {table: load_section(table, model_of(table)) for table in TABLES} == before


def test_origin_and_default_of_a_value_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mine.toml").write_text("[hdgi]\npersonas = 5\n")
    monkeypatch.setenv("KGREC_SETTINGS", str(folder / "mine.toml"))
    monkeypatch.setenv("KGREC_NEO4J_URI", "bolt://127.0.0.1:1")
    lines = printed().splitlines()
    personas = lines.index("personas = 5")
    assert lines[personas - 1] == f"# From {folder / 'mine.toml'}; the default is 0."
    assert "[KGREC_HDGI_PERSONAS]" in lines[personas - 2]
    assert lines[lines.index('uri = "bolt://127.0.0.1:1"') - 1] == "# From KGREC_NEO4J_URI; the default is none."
    assert lines[lines.index("dim = 64") - 1] == "# The default."


def test_a_password_is_never_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kgrec.toml").write_text('[neo4j]\npassword = "secret of the file"\n')
    assert "secret of the file" not in printed() and "# From kgrec.toml; the default is none." in printed()
    monkeypatch.setenv("KGREC_NEO4J_PASSWORD", "secret of the variable")
    assert "secret of" not in printed() and "# From KGREC_NEO4J_PASSWORD; the default is none." in printed()


def test_hostile_text_in_a_setting_or_the_file_s_name_stays_where_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = 'a"\n[sasrec]\ndim = 1\n\x1b[2J\\\x9b31m\u202e\U000e0041'
    (folder / "\x9b\n[x]").write_text("[hdgi]\npersonas = 5\n")
    monkeypatch.setenv("KGREC_SETTINGS", str(folder / "\x9b\n[x]"))
    monkeypatch.setenv("KGREC_NEO4J_USER", hostile)
    text = printed()
    assert tomllib.loads(text)["neo4j"]["user"] == hostile and harm(text) == set()


NUMBERS = [
    (table, setting.name)
    for table in TABLES
    for setting in explained(table, model_of(table))
    if isinstance(setting.default, int | float) and setting.name != "seed"
]


@pytest.mark.parametrize(("table", "name"), NUMBERS, ids=".".join)
@pytest.mark.parametrize("value", ["1e8", "-1", "inf", "nan"])
def test_a_number_out_of_bounds_is_named(monkeypatch: pytest.MonkeyPatch, table: str, name: str, value: str) -> None:
    """As ``dim = 1e8``, which would end in the lack of memory, or of time."""
    monkeypatch.setenv(variable(table, name), value)
    with pytest.raises(KgrecError, match=rf"Setting {table}\.{name} is wrong: Input should be "):
        load_section(table, model_of(table))


@pytest.mark.parametrize("table", ["hdgi", "sasrec"])
@pytest.mark.parametrize("seed", ["-1", str(2**32), "1" * 9_999])
def test_a_seed_that_a_generator_does_not_take_is_named(monkeypatch: pytest.MonkeyPatch, table: str, seed: str) -> None:
    monkeypatch.setenv(variable(table, "seed"), seed)
    with pytest.raises(KgrecError, match=f"Setting {table}.seed is wrong"):
        load_section(table, model_of(table))


@pytest.mark.parametrize(
    "address",
    ["bolt://[::1", "bolt://localhost:abc", "bolt://localhost:99999", "bolt://a b", f"bolt://{'x' * 300}", "bolt://ü/"],
)
def test_an_address_that_no_client_can_take_apart_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for table, name, given in (
        ("neo4j", "uri", address),
        ("dbpedia", "endpoint", address.replace("bolt", "http") + "/sparql"),
    ):
        monkeypatch.setenv(variable(table, name), given)
        with pytest.raises(KgrecError, match=rf"Setting {table}\.{name} is wrong: (it names no host|an address)"):
            load_section(table, model_of(table))


@pytest.mark.parametrize("address", ["neo4j://graph.example:7687/", "neo4j+s://graph.example?policy=eu-1", "bolt://h/"])
def test_an_address_of_a_member_or_a_cluster_is_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("KGREC_NEO4J_URI", address)
    assert load_section("neo4j", Neo4jSettings).uri == address


@pytest.mark.parametrize("content", ["x = " + "[" * 5_000, "[load]\nseed = " + "1" * 5_000, '[load]\nseed = "\ud800"'])
def test_a_file_that_python_cannot_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    (folder / "mine.toml").write_bytes(content.encode(errors="surrogatepass"))
    monkeypatch.setenv("KGREC_SETTINGS", str(folder / "mine.toml"))
    with pytest.raises(KgrecError, match=r"The settings file .*mine\.toml cannot be read"):
        load_section("hdgi", model_of("hdgi"))


def test_a_folder_in_the_place_of_the_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kgrec.toml").mkdir()
    with pytest.raises(KgrecError, match=r"The settings kgrec\.toml are no file"):
        load_section("hdgi", model_of("hdgi"))
    monkeypatch.setenv("KGREC_SETTINGS", "/dev/null")
    with pytest.raises(KgrecError, match="The settings /dev/null are no file"):
        load_section("hdgi", model_of("hdgi"))


def test_a_variable_of_lists_without_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_HDGI_META_PATHS", "[" * 100_000)
    with pytest.raises(KgrecError, match=r"A variable KGREC_HDGI_\.\.\. is not JSON"):
        load_section("hdgi", model_of("hdgi"))
