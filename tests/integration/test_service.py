"""The service over HTTP: real models, a real Neo4j behind a connection that can be cut, a real uvicorn."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy, booleans
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.lock import writing
from kgrec.settings import Neo4jSettings
from recommender import fusion
from recommender.fusion import Fusion
from recommender.service.application import application
from recommender.service.current import Current
from recommender.service.loaded import Loaded
from recommender.service.settings import ServeSettings
from tests.conftest import CommandLine
from tests.integration.cuttable import Cuttable, cuttable
from tests.integration.test_recommender import train_small


@pytest.fixture(scope="module")
def run(database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small graph of the persona tests, both stages trained on it."""
    folder = tmp_path_factory.mktemp("run")
    train_small(database, command_line, folder)
    return folder


@pytest.fixture(scope="module")
def wire(neo4j_address: dict[str, str]) -> Iterator[Cuttable]:
    with cuttable(urlsplit(neo4j_address["uri"]).port or 0) as proxy:
        yield proxy


KNOWN = {"user_id": "u02", "item_id": "i00"}


class Client:
    """Asks a service."""

    def __init__(self, url: str, current: Current):
        self.url, self.current = url, current

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **more)

    def post(self, path: str, body: object = None, **more: Any) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=30, **more)


@pytest.fixture(scope="module")
def start(run: Path, command_line: CommandLine, neo4j_address: dict[str, str], wire: Cuttable) -> Callable[..., Any]:
    """Start a service in this process, of a run folder."""
    login = Neo4jSettings(
        uri=f"bolt://127.0.0.1:{wire.port}",
        user=neo4j_address["user"],
        password=SecretStr(neo4j_address["password"]),
    )

    @contextmanager
    def started(folder: Path, **more: Any) -> Iterator[Client]:
        serve = ServeSettings(**more)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in command_line.environment.items():
                patch.setenv(name, value)
            current = Current(lambda: Loaded.of(folder, serve, login), Loaded.now, 3.0)
            config = uvicorn.Config(application(current, serve), port=0, log_config=None, ws="none")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            while not server.started:
                thread.join(0.02)
                assert thread.is_alive(), "the service did not start"
            try:
                yield Client(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", current)
            finally:
                server.should_exit = True
                thread.join()

    return started


@pytest.fixture(scope="module")
def client(start: Callable[..., Any], run: Path) -> Iterator[Client]:
    with start(run) as found:
        yield found


def of_command_line(command_line: CommandLine, run: Path, *words: str) -> Any:
    return json.loads(command_line("recommend", *words, "-k", "7", "--run", str(run), "--format", "json").stdout)


def lines(answer: requests.Response, user_id: str) -> list[dict[str, Any]]:
    """An answer in the form in which the command line has the lists of users."""
    found = answer.json()
    return [one | {"user_id": user_id, "persona": found["persona"]} for one in found["items"]]


def test_lists_are_those_of_the_command_line_bit_for_bit(client: Client, command_line: CommandLine, run: Path) -> None:
    for user_id in ("u00", "u07"):
        answer = client.get(f"/v1/users/{user_id}/recommendations?k=7")
        assert lines(answer, user_id) == of_command_line(command_line, run, "--user", user_id)
        assert answer.json()["degraded"] is False
    answer = client.post("/v1/sessions/recommendations", {"items": ["i00", "nobody knows it", "i02"], "k": 7})
    document = of_command_line(command_line, run, "--session", "i00,nobody knows it,i02")
    assert answer.json() == document | {"degraded": False} and document["passed_over"] == ["nobody knows it"]


def test_so_are_lists_and_reasons_of_who_said_something(
    client: Client, database: Database, command_line: CommandLine, run: Path
) -> None:
    """Somebody of whom an interest alone is known, and somebody with a history, a like, a dislike and an interest."""
    said = {
        "only keen": [("interest", "Publisher 3")],
        "keen": [("interaction", "i00"), ("like", "i02"), ("dislike", "i05"), ("interest", "Publisher 3")],
    }
    events = [
        {"kind": kind, "user_id": user_id, "interest" if kind == "interest" else "item_id": what}
        for user_id, all_of_it in said.items()
        for kind, what in all_of_it
    ]
    try:
        assert client.post("/v1/feedback", {"events": events}).json()["new"] == 5
        for user_id in said:
            found = lines(client.get(f"/v1/users/{user_id}/recommendations?k=7"), user_id)
            assert found == of_command_line(command_line, run, "--user", user_id)
            assert not {one["item_id"] for one in found} & {"i00", "i02", "i05"} or user_id == "only keen"
            explained = of_command_line(command_line, run, "--user", user_id, "--explain")
            asked = [client.get(f"/v1/users/{user_id}/explanations/{one['item_id']}").json() for one in found]
            assert [one["explanation"] for one in asked] == explained
            assert any(one["interests"] == ["Publisher 3"] for one in explained)
    finally:
        database.driver.execute_query("MATCH (u:User) WHERE u.user_id IN $who DETACH DELETE u", who=list(said))


def until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never was so")


def without_reasons(items: list[dict[str, Any]]) -> object:
    return [{name: value for name, value in one.items() if name != "reason"} for one in items]


def test_without_the_graph_answers_come_from_memory_and_say_so(
    client: Client, wire: Cuttable, command_line: CommandLine, run: Path
) -> None:
    def ask() -> list[dict[str, Any]]:
        user = client.get("/v1/users/u01/recommendations")
        session = client.post("/v1/sessions/recommendations", {"items": ["i00", "i02"]})
        likes = client.post("/v1/cold-start/recommendations", {"likes": ["Lighthouses", "Publisher 3"]})
        assert (user.status_code, session.status_code, likes.status_code) == (200, 200, 200)
        item_id = user.json()["items"][0]["item_id"]
        for path in ("/personas", "/users/u01/persona", f"/users/u01/explanations/{item_id}"):
            answer = client.get(f"/v1{path}")
            assert answer.status_code == 200 and answer.json()["degraded"] is user.json()["degraded"]
        drawn = client.get(client.post("/v1/pictures/map", {}).json()["url"])
        assert drawn.status_code == 200 and user.json()["persona"].split(" ")[0] in drawn.text
        return [user.json(), session.json(), likes.json()]

    def told(answer: dict[str, Any]) -> object:
        return without_reasons(answer["items"]), answer["persona"]

    before = ask()
    assert not any(answer["degraded"] for answer in before) and client.get("/ready").json()["graph"] == "reachable"
    wire.cut()
    try:
        meanwhile = ask()
        assert all(answer["degraded"] for answer in meanwhile)
        assert [told(one) for one in meanwhile] == [told(one) for one in before]
        assert client.get("/ready").json()["graph"] == "away"

        never_asked = client.get("/v1/users/u03/recommendations?k=7")
        assert never_asked.json()["degraded"] is True
        expected = of_command_line(command_line, run, "--user", "u03")  # which has a connection of its own
        assert without_reasons(lines(never_asked, "u03")) == without_reasons(expected)
        first = expected[0]["item_id"]
        assert client.get(f"/v1/users/u03/explanations/{first}").json()["explanation"]["item_id"] == first
        persona = client.get("/v1/users/u03/persona").json()
        assert persona["persona"]["name"] == persona["memberships"][0]["name"] == expected[0]["persona"]
        assert client.get("/v1/users?starts=u0&limit=3").json()["users"] == ["u00", "u01", "u02"]

        nobody = client.get("/v1/users/nobody/recommendations").json()
        assert (nobody["degraded"], nobody["persona"], len(nobody["items"])) == (True, "", 10)
        chosen = [one["score"] for one in nobody["items"]]
        assert chosen == sorted(chosen, reverse=True)
        assert nobody["items"][0]["reason"] == f"chosen {chosen[0]:.0f} times"
        assert client.get("/v1/users/nobody/persona").json()["persona"] is None
        meaningless = client.post("/v1/cold-start/recommendations", {"likes": ["qwertyuiop"]}).json()
        assert (meaningless["items"], meaningless["not_understood"]) == (nobody["items"], ["qwertyuiop"])
        event = {"kind": "like", "user_id": "u03", "item_id": first}
        refused = client.post("/v1/feedback", {"events": [event]})
        assert refused.status_code == 503 and refused.headers["Retry-After"]
    finally:
        wire.mend()
    until(lambda: client.get("/ready").json()["graph"] == "reachable")
    assert ask() == before


def test_what_users_told_counts_while_the_graph_is_away(
    start: Callable[..., Any], command_line: CommandLine, run: Path, wire: Cuttable
) -> None:
    """Told by another process before it is loaded, or to this one; nobody else is remembered as last seen."""
    first = {user_id: of_command_line(command_line, run, "--user", user_id)[0]["item_id"] for user_id in ("u11", "u13")}
    command_line("feedback", "--user", "u11", "--dislike", first["u11"], "--run", str(run))
    with start(run, remembered_users=0) as client:
        events = [
            {"kind": "dislike", "user_id": "u13", "item_id": first["u13"]},
            {"kind": "like", "user_id": "somebody else", "item_id": "i03"},
            {"kind": "interaction", "user_id": "somebody else", "item_id": "i05"},
            {"kind": "interest", "user_id": "somebody else", "interest": "Publisher 3"},
        ]
        assert client.post("/v1/feedback", {"events": events}).json()["new"] == 4
        wire.cut()
        try:
            for user_id in ("u11", "u13", "somebody else"):
                answer = client.get(f"/v1/users/{user_id}/recommendations?k=7")
                assert answer.json()["degraded"] is True
                expected = of_command_line(command_line, run, "--user", user_id)
                assert without_reasons(lines(answer, user_id)) == without_reasons(expected)
                assert first.get(user_id) not in [one["item_id"] for one in expected]
            kept = next(one for one in answer.json()["items"] if "Publisher 3" in one["reason"])
            told = client.get(f"/v1/users/somebody else/explanations/{kept['item_id']}").json()["explanation"]
            assert told["interests"] == ["Publisher 3"]
            if "Publisher 3" in [node["name"] for node in told["path"]["nodes"]]:  # how it has it, only the graph knows
                assert [tie["type"] for tie in told["path"]["ties"]] == ["STATED_INTEREST", "has"]
        finally:
            wire.mend()
        until(lambda: client.get("/ready").json()["graph"] == "reachable")


def test_a_graph_that_says_nothing_is_waited_for_no_longer_than_said(
    start: Callable[..., Any], run: Path, wire: Cuttable
) -> None:
    """The first request waits and is answered from memory; what does not fit in beside it is refused, and told when."""
    statuses: dict[str, requests.Response] = {}
    with start(run, at_once=1, queue=0, graph_seconds=1.0, timeout_seconds=1.5) as client:
        path = "/v1/users/u05/recommendations"
        assert client.get(path).json()["degraded"] is False
        with wire.silent():
            waits = threading.Thread(target=lambda: statuses.update(first=client.get(path)))
            waits.start()
            until(lambda: "kgrec_under_way 1.0" in client.get("/metrics").text)
            refused = client.get(path)
            waits.join()
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
            assert statuses["first"].status_code == 200 and statuses["first"].json()["degraded"] is True
        until(lambda: client.get(path).json().get("degraded") is False)
    with start(run, graph_seconds=5.0, timeout_seconds=0.3) as client:
        with wire.silent():
            assert client.get(path).status_code == 504
        until(lambda: client.get(path).status_code == 200)


def test_another_run_takes_its_place_without_a_failed_request(
    start: Callable[..., Any], command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    """What is served follows the folder by itself, and when it is told to."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    statuses: list[int] = []
    over = threading.Event()
    with start(folder) as client:

        def ask() -> None:
            while not over.is_set():
                statuses.append(client.get("/v1/users/u00/recommendations").status_code)

        def loaded() -> str:
            return str(client.get("/ready").json()["loaded"])

        before, first = client.get("/v1/users/u00/recommendations?k=7"), loaded()
        asking = threading.Thread(target=ask)
        asking.start()
        try:
            fusion.save({"persona-late": Fusion({"persona": 0.7}, 1.0, 0.0, 0.0)}, folder)
            until(lambda: loaded() != first)
            second = loaded()
            assert client.post("/v1/reload").status_code == 202
            until(lambda: loaded() != second)
        finally:
            over.set()
            asking.join()
        assert set(statuses) == {200} and len(statuses) > 5
        after = client.get("/v1/users/u00/recommendations?k=7")
        assert lines(after, "u00") == of_command_line(command_line, folder, "--user", "u00") != lines(before, "u00")

        (folder / "evaluation" / "fusion.json").write_text("{")
        assert client.post("/v1/reload").status_code == 202
        until(lambda: client.get("/ready").json()["problem"] is not None)
        assert client.get("/v1/users/u00/recommendations?k=7").json() == after.json()


def test_items_that_are_loaded_meanwhile_are_known_as_soon_as_the_load_has_ended(
    database: Database, client: Client
) -> None:
    path, asked = "/v1/sessions/recommendations", {"items": ["i00", "came later"]}
    answered = {"passed_over": ["came later"]}
    try:
        with writing(database):
            made = "CREATE (:Item {item_id: 'came later', title: 'The Late Sea'})"
            database.driver.execute_query(made)
            graph = client.current.loaded.graph
            assert database.read("serve/n_items")[0]["n_items"] == graph.n_items() + 1
            assert client.post(path, asked).json().items() >= answered.items()
        until(lambda: client.post(path, asked).json()["passed_over"] == [])
        assert client.get("/v1/items?title=late").json()["items"][0]["item_id"] == "came later"
    finally:
        database.driver.execute_query("MATCH (i:Item {item_id: 'came later'}) DETACH DELETE i")
    until(lambda: client.post(path, asked).json().items() >= answered.items())


def test_feedback_is_in_the_next_list_and_its_reasons_in_words(client: Client) -> None:
    path = "/v1/users/somebody new/recommendations"
    assert client.get(path).status_code == 404
    events = [
        {"kind": "interaction", "user_id": "somebody new", "item_id": "i00"},
        {"kind": "like", "user_id": "somebody new", "item_id": "i02"},
    ]
    assert client.post("/v1/feedback", {"events": events}).json()["new"] == 2
    first = client.get(path).json()["items"]
    dislike = {"kind": "dislike", "user_id": "somebody new", "item_id": first[0]["item_id"]}
    assert client.post("/v1/feedback", {"events": [dislike]}).json()["new"] == 1
    second = client.get(path).json()["items"]
    assert first[0]["item_id"] not in [one["item_id"] for one in second]
    told = client.get(f"/v1/users/somebody new/explanations/{second[0]['item_id']}").json()["explanation"]
    assert told["score"] == second[0]["score"] and told["evidence"][0]["title"] in told["text"]
    again = client.post("/v1/sessions/explanations", {"items": ["i00", "i02"], "item_id": second[0]["item_id"]})
    assert again.json()["explanation"]["item_id"] == second[0]["item_id"]
    unknown = {"kind": "like", "user_id": "somebody new", "item_id": "nobody knows it"}
    assert client.post("/v1/feedback", {"events": [unknown]}).status_code == 404


def test_an_interest_that_may_be_several_things_is_the_clients_to_mend(client: Client, database: Database) -> None:
    """And not sent again for ever: 422 has no Retry-After."""
    event = {"kind": "interest", "user_id": "u00", "interest": "Twice"}
    database.driver.execute_query("CREATE (:Author {name: 'Twice'}), (:Brand {name: 'Twice'})")
    try:
        refused = client.post("/v1/feedback", {"events": [event]})
    finally:
        database.driver.execute_query("MATCH (n:Author|Brand {name: 'Twice'}) DETACH DELETE n")
    assert refused.status_code == 422 and "Retry-After" not in refused.headers
    assert refused.json()["detail"] == [
        {
            "loc": ["body"],
            "msg": "Event 1: 'Twice' may be 'Author Twice', 'Brand Twice': give one of them.",
            "type": "ambiguous",
        }
    ]


def test_an_interest_in_any_case_is_taken_and_what_comes_near_is_refused(client: Client, database: Database) -> None:
    event = {"kind": "interest", "user_id": "somebody keen", "interest": "LIGHTHOUSES"}
    try:
        answer = client.post("/v1/feedback", {"events": [event]})
        assert answer.status_code == 200 and answer.json()["understood"] == [
            {"interest": "LIGHTHOUSES", "kind": "Entity", "name": "Lighthouses"}
        ]
        refused = client.post("/v1/feedback", {"events": [event | {"interest": "publisher"}]})
        assert refused.status_code == 404 and "; nearest: " in refused.json()["detail"]
    finally:
        database.driver.execute_query("MATCH (u:User {user_id: 'somebody keen'}) DETACH DELETE u")


def test_personas_and_what_they_are_to_a_user(client: Client, command_line: CommandLine) -> None:
    cards = client.get("/v1/personas").json()["personas"]
    assert cards == json.loads(command_line("personas", "list", "--format", "json").stdout)
    for wanted in (cards[0]["persona_id"], str(cards[0]["number"])):
        assert client.get(f"/v1/personas/{wanted}").json()["persona"] == cards[0]
    found = client.get("/v1/users/u00/persona").json()
    assert found["persona"]["name"] == client.get("/v1/users/u00/recommendations").json()["persona"]
    assert found["memberships"][0]["name"] == found["persona"]["name"]
    assert sum(one["weight"] for one in found["memberships"]) == pytest.approx(1)
    places = np.array([[card["x"], card["y"]] for card in cards])
    nearest = np.linalg.norm(places - [found["x"], found["y"]], axis=1).argmin()
    assert cards[nearest] == found["persona"]
    assert {client.get(f"/v1/{path}").status_code for path in ("personas/none", "users/nobody/persona")} == {404}


def test_a_cold_start_tells_what_was_understood(client: Client, command_line: CommandLine, run: Path) -> None:
    answer = client.post("/v1/cold-start/recommendations", {"likes": ["Lighthouses", "qwertyuiop"], "k": 7})
    document = of_command_line(command_line, run, "--likes", "Lighthouses", "--likes", "qwertyuiop")
    assert answer.json() == document | {"passed_over": [], "degraded": False}
    assert [one["name"] for one in document["understood"]] == ["Lighthouses"] and len(document["items"]) == 7
    assert document["not_understood"] == ["qwertyuiop"]
    assert client.post("/v1/cold-start/recommendations", {"likes": ["qwertyuiop"]}).status_code == 404


def test_schemathesis_finds_nothing(client: Client) -> None:
    """Of what OpenAPI allows and of what it does not; who and what is asked for is known or not."""
    operations = schemathesis.openapi.from_url(f"{client.url}/openapi.json").get_all_operations()
    for operation in operations:
        assert isinstance(operation, Ok)
        for mode in GenerationMode:
            with suppress(Unsatisfiable):  # nothing of it can be wrong
                ask_with(operation.ok().as_strategy(generation_mode=mode), mode is GenerationMode.POSITIVE)


def ask_with(cases: SearchStrategy[Any], right: bool) -> None:
    @seed(1)
    @settings(max_examples=4, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=cases, known=booleans())
    def check(case: Any, known: bool) -> None:
        if known and right:
            case.path_parameters |= {name: KNOWN[name] for name in KNOWN.keys() & case.path_parameters.keys()}
        case.call_and_validate()

    check()


def test_an_item_that_the_graph_has_lost_is_no_error(client: Client, database: Database) -> None:
    path = "/v1/users/u09/recommendations"
    before = client.get(path).json()
    lost = before["items"][0]["item_id"]
    database.driver.execute_query("MATCH (i:Item {item_id: $lost}) SET i.item_id = 'lost'", lost=lost)
    try:
        answer = client.get(path)
        assert answer.status_code == 200 and answer.json()["items"][0] | {"reason": ""} == before["items"][0] | {
            "reason": ""
        }
    finally:
        database.driver.execute_query("MATCH (i:Item {item_id: 'lost'}) SET i.item_id = $lost", lost=lost)


def test_titles_are_found_by_words(client: Client) -> None:
    found = client.get("/v1/items?title=I0&limit=3").json()["items"]
    assert len(found) == 3 and all(one["title"].startswith("i0") for one in found)
    assert [one["chosen"] for one in found] == sorted((one["chosen"] for one in found), reverse=True)
    assert client.get("/v1/items", params={"title": "i0 (.*"}).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/users/u00/recommendations?k=101", None, {}, 422),
        ("/v1/users/%20/recommendations", None, {}, 422),
        ("/v1/users/nobody/recommendations", None, {}, 404),
        ("/v1/users/u00/explanations/nothing", None, {}, 404),
        ("/v1/sessions/recommendations", b'{"items": ["nothing"]}', {}, 404),
        ("/v1/sessions/recommendations", b'{"items": ["i00"], "more": 1}', {}, 422),
        ("/v1/sessions/recommendations", b'{"items": ["\\ud800"], "k": NaN}', {}, 422),
        ("/v1/sessions/recommendations", b'{"items": ["i00"], "k": ' + 5_000 * b"1" + b"}", {}, 400),
        ("/v1/sessions/recommendations", b'{"items": ["' + 300_000 * b"i" + b'"]}', {}, 413),
        ("/v1/reload", b"", {"Origin": "https://elsewhere.example"}, 403),
        ("/ready", None, {"Host": "elsewhere.example"}, 400),
        ("/nowhere", None, {}, 404),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    client: Client, path: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json"} | headers
    answer = requests.request("GET" if body is None else "POST", client.url + path, data=body, headers=headers)
    assert answer.status_code == status and (status == 400 or answer.json()["detail"])


def test_with_a_token_nothing_is_told_without_it(start: Callable[..., Any], run: Path) -> None:
    with start(run, token="a token of some length") as client:
        paths = ("/v1/users/u00/recommendations", "/v1/items?title=i", "/metrics", "/nowhere")
        for token in (None, "", "another token of some length", "a token of some l\u00e4ngth"):
            headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}
            assert {client.get(path, headers=headers).status_code for path in paths} == {401}
        right = {"Authorization": "Bearer a token of some length"}
        assert [client.get(path, headers=right).status_code for path in paths] == [200, 200, 200, 404]
        assert {client.get(path).status_code for path in ("/health", "/ready", "/openapi.json")} == {200}


def test_start_is_refused_beyond_loopback_without_a_token_and_at_a_port_that_is_taken(
    command_line: CommandLine, client: Client
) -> None:
    for words, sentence in (
        (("--host", "0.0.0.0", "--port", "0"), "KGREC_SERVE_TOKEN"),
        (("--port", client.url.rpartition(":")[2]), "--port"),
        (("--host", "no such host"), "--host"),
    ):
        refused = command_line("serve", *words, check=False).exception
        assert isinstance(refused, KgrecError) and sentence in str(refused)


def test_the_page_shows_what_the_service_says_and_what_feedback_changes(client: Client) -> None:
    """A real browser over a real graph: a user is found, a list, why, a dislike, the list without it, the map."""
    from playwright.sync_api import expect

    from tests.chromium import chromium

    path = "/v1/users/u05/recommendations?k=10"
    before = [one["title"] for one in client.get(path).json()["items"]]
    with chromium() as browser:
        page = browser.new_page()
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(client.url)
        page.get_by_label("A user, by id").press_sequentially("u0")
        expect(page.locator("#users option")).to_have_count(10)
        page.get_by_label("A user, by id").fill("u05")
        page.get_by_label("A user, by id").press("Enter")
        page.wait_for_selector("#items > li")
        assert page.locator("#items .title").all_text_contents() == before
        page.get_by_role("button", name=f"Why {before[0]}?").click()
        page.frame_locator("#path").locator("canvas").first.wait_for(state="attached")
        page.frame_locator("#map").locator(".plotly").first.wait_for(state="attached")
        assert before[0] in page.locator("#path-text").inner_text()
        names = {one["name"] for one in client.get("/v1/personas").json()["personas"]}
        assert set(page.locator("#which option").all_text_contents()) == names and names
        page.get_by_role("button", name=f"Dislike {before[0]}").click()
        page.get_by_text("the list is made anew").wait_for()
        now = page.locator("#items .title").all_text_contents()
        assert before[0] not in now and now == [one["title"] for one in client.get(path).json()["items"]]
        assert said == []


def test_sighup_loads_anew_sigterm_finishes_what_is_under_way_and_the_log_names_nobody(
    command_line: CommandLine, run: Path, wire: Cuttable, database: Database, tmp_path: Path
) -> None:
    """All that it says is JSON, a line each, also of items that came after the training."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    variables = os.environ | command_line.environment
    variables |= {"KGREC_NEO4J_URI": f"bolt://127.0.0.1:{wire.port}", "KGREC_SERVE_GRAPH_SECONDS": "1"}
    command = [sys.executable, "-m", "kgrec", "serve", "--port", "0", "--run", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=variables)
    assert process.stderr is not None
    serving = json.loads(process.stderr.readline())
    assert (serving["event"], serving["folder"]) == ("serving", str(folder))
    url = serving["url"]
    path = f"{url}/v1/users/u07/recommendations"

    def loaded() -> str:
        return str(requests.get(f"{url}/ready", timeout=30).json()["loaded"])

    first = loaded()
    database.driver.execute_query("CREATE (:Item {item_id: 'came later'})")
    process.send_signal(signal.SIGHUP)
    until(lambda: loaded() != first)
    database.driver.execute_query("MATCH (i:Item {item_id: 'came later'}) DELETE i")
    assert requests.get(path, timeout=30).status_code == 200
    found: list[requests.Response] = []
    with wire.silent():
        asking = threading.Thread(target=lambda: found.append(requests.get(path, timeout=30)))
        asking.start()
        until(lambda: "kgrec_under_way 1.0" in requests.get(f"{url}/metrics", timeout=30).text)
        process.send_signal(signal.SIGTERM)
        asking.join()
        _, rest = process.communicate()
    assert found[0].status_code == 200 and found[0].json()["degraded"] is True
    assert process.returncode == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(path, timeout=30)
    told = [json.loads(line) for line in rest.splitlines()]
    assert all({"time", "level", "event"} <= one.keys() for one in told)
    assert len([one for one in told if one["event"].startswith("Items that came after the training")]) == 1
    answered = [one for one in told if one["event"] == "answered"]
    assert [(one["route"], one["status"]) for one in answered] == 2 * [
        ("/v1/users/{user_id:path}/recommendations", 200)
    ]
    assert "u07" not in rest


def test_a_whole_training_into_the_folder_loses_no_request(
    start: Callable[..., Any], command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    """The last test, as the graph has other personas by it: those are served once their models are trained."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    session = {"items": ["i00", "i02"], "k": 7}
    statuses: list[int] = []
    over = threading.Event()
    with start(folder) as client:

        def ready() -> dict[str, Any]:
            found: dict[str, Any] = client.get("/ready").json()
            return found

        def ask() -> None:
            while not over.is_set():
                statuses.append(client.get("/v1/users/u00/recommendations").status_code)
                statuses.append(client.post("/v1/sessions/recommendations", session).status_code)

        before, first = client.get("/v1/users/u00/recommendations?k=7"), ready()
        asking = threading.Thread(target=ask)
        asking.start()
        try:
            again = ("--run", str(folder), "--seed", "3", "--fresh")
            command_line("train", "personas", *again)
            assert ready()["run"] == first["run"]
            command_line("train", "sasrec", *again)
            until(lambda: ready()["run"] != first["run"])
        finally:
            over.set()
            asking.join()
        assert set(statuses) == {200} and len(statuses) > 10
        assert ready()["problem"] is None
        after = client.get("/v1/users/u00/recommendations?k=7")
        assert after.json()["degraded"] is False
        assert lines(after, "u00") == of_command_line(command_line, folder, "--user", "u00") != lines(before, "u00")
        answer = client.post("/v1/sessions/recommendations", session)
        assert answer.json() == of_command_line(command_line, folder, "--session", "i00,i02") | {"degraded": False}
