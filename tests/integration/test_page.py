"""The page in a real Chromium, with answers in the shapes of the service, and hostile text in them."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI, Request
from playwright.sync_api import Browser, Frame, Locator, Page, expect
from starlette.responses import JSONResponse

from kgrec.errors import KgrecError
from kgrec.personas.cards import CounterExample, PersonaCard, Trait, TypicalItem
from kgrec.personas.picture import drawn as drawn_map
from kgrec.personas.places import PersonaMap, UserPlace
from kgrec.results import Results
from recommender.evidence import Evidence
from recommender.explained import Explanation
from recommender.paths import Node, Path
from recommender.service import pictures
from recommender.service.page.routes import routes
from recommender.service.schemas import (
    Explained,
    Found,
    FoundItems,
    FoundUsers,
    Item,
    Link,
    Personas,
    Picture,
    Ready,
    Recommended,
)
from tests.chromium import chromium

HOSTILE = [
    "<img src=x onerror=window.hit=1>",
    '"><script>window.hit=1</script>',
    "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}",
    "Salt & Sea <b>bold</b> \u202eright to left",
    "x" * 300,
]
TOKEN = "a token of the service"


@dataclass
class Told:
    """What the page asked for, what it was told to do, and whose personas are served."""

    run: str = "run"
    bodies: list[Any] = field(default_factory=list)
    disliked: set[str] = field(default_factory=set)
    authorized: list[str | None] = field(default_factory=list)


def title(place: int) -> str:
    return HOSTILE[place % len(HOSTILE)] if place % 2 else f"A book of number {place}"


def card(place: int, run: str = "run") -> PersonaCard:
    name = HOSTILE[place] if place else "Salt mines · Lighthouses"
    traits = [Trait(HOSTILE[one], "Entity", 0.5, 2.25) for one in range(5)]
    typical = [TypicalItem(f"i{one}", title(one), 0.5, 2.0) for one in range(3)]
    counter = CounterExample("i9", title(9), 0.1, 0.2, HOSTILE[0])
    told = f"They like {name}, says {run}."
    worded_by = None if place else HOSTILE[1]
    return PersonaCard(
        f"{run}/{place}", place + 1, name, 100 - place, told, worded_by, 0.3 * place, 0.2, traits, typical, counter
    )


def explanation(whose: str, item_id: str) -> Explanation:
    user, own, shared, item = (
        Node(kind, f"{kind}1", HOSTILE[place]) for place, kind in enumerate(("User", "Item", "Entity", "Item"))
    )
    item = Node("Item", item_id, title(int(item_id[1:])))
    path = Path.of(user, [(user, "INTERACTED", own), (own, "SUBJECT", shared), (item, "SUBJECT", shared)], item)
    evidence = [Evidence("i1", HOSTILE[1], 0.5, 3, {"persona": 0.5}, "shared facts", None, None, [HOSTILE[2]])]
    return Explanation(
        whose, 1, item_id, item.name, 1.5, "first stage", {"persona": 1.25, HOSTILE[0]: 0.25}, 1.5, {"persona": 1.5},
        card(0).name, evidence, [HOSTILE[3]], path, f"Because of {HOSTILE[1]}.",
    )  # fmt: skip


async def unknown(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "There is no such thing."}, 404)


def service(told: Told, token: str | None) -> FastAPI:
    """Answers as the service does, in its own models; what was disliked is no more on the list."""
    app = FastAPI(exception_handlers={KgrecError: unknown})
    app.state.pictures = kept = pictures.Pictures()
    app.include_router(pictures.frames)
    app.include_router(routes)
    app.add_api_route("/v1/pictures/path", pictures.of_path, methods=["POST"])

    @app.middleware("http")
    async def guard(request: Request, go_on: Any) -> Any:
        if request.url.path.startswith("/v1"):
            told.authorized.append(request.headers.get("authorization"))
            if token is not None and told.authorized[-1] != f"Bearer {token}":
                return JSONResponse({"detail": "A token is needed."}, 401)
        return await go_on(request)

    def listed(first: int) -> Recommended:
        places = [place for place in range(first, first + 12) if f"i{place}" not in told.disliked][:10]
        items = [
            Item(rank=rank, item_id=f"i{place}", title=title(place), score=2.0, retrieved=1, reason=HOSTILE[0])
            for rank, place in enumerate(places, start=1)
        ]
        return Recommended(persona=card(0).name, items=items, passed_over=[], degraded=False)

    @app.get("/ready")
    async def ready() -> Ready:
        return Ready(graph="reachable", run=told.run, loaded="2026-11-27T01:02:03Z", problem=None)

    @app.get("/v1/users")
    async def users(starts: str) -> FoundUsers:
        return FoundUsers(users=[HOSTILE[0], "A1"])

    @app.get("/v1/items")
    async def items(title: str) -> FoundItems:
        return FoundItems(items=[Found(item_id=f"i{place}", title=HOSTILE[place], chosen=1) for place in range(4)])

    @app.get("/v1/personas")
    async def personas() -> Personas:
        return Personas(personas=[card(place, told.run) for place in range(4)], degraded=False)

    @app.get("/v1/users/{user_id:path}/recommendations")
    async def to_user(user_id: str) -> Any:
        if user_id == "nobody":
            return JSONResponse({"detail": f"The graph has no interactions of user {HOSTILE[0]}."}, 404)
        return listed(0)

    @app.post("/v1/sessions/recommendations")
    async def to_session(body: dict[str, Any]) -> Recommended:
        told.bodies.append(body)
        return listed(20 * len(body["items"]))

    @app.get("/v1/users/{user_id:path}/explanations/{item_id}")
    async def explain(user_id: str, item_id: str) -> Explained:
        return Explained(explanation=explanation(user_id, item_id), degraded=False)

    @app.post("/v1/pictures/map")
    async def map_of_personas() -> Picture:
        cards = Results(card(place) for place in range(4))
        return kept.keep(
            lambda: drawn_map(PersonaMap("run", cards, Results([UserPlace(HOSTILE[0], None, 0.1, 0.2)])), small=True)
        )

    @app.post("/v1/feedback")
    async def feedback(body: dict[str, Any]) -> dict[str, int]:
        told.bodies.append(body)
        told.disliked.update(one["item_id"] for one in body["events"] if one["kind"] == "dislike")
        return {"events": 1, "new": 1, "new_users": 0, "encoded": 1, "kept": 0}

    @app.get("/v1/browser/{query}")
    async def link(query: str) -> Link:
        return Link(link=f"http://127.0.0.1:7474/browser/?cmd=edit&arg={query}", told="there")

    return app


@contextmanager
def served(told: Told, token: str | None = None) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(service(told, token), port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@contextmanager
def opened(browser: Browser, url: str, **more: Any) -> Iterator[Page]:
    """A page that says nothing on its console, asks nobody else, and runs nothing that came in a text."""
    context = browser.new_context(reduced_motion="reduce", **more)
    page = context.new_page()
    page.set_default_timeout(20_000)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    yield page
    assert page.evaluate("window.hit") is None
    assert all(one.startswith((url, "data:")) for one in asked)
    assert [one for one in said if "status of 40" not in one and "GL Driver" not in one] == []
    context.close()


def ask_for(page: Page, user: str) -> None:
    page.get_by_label("A user, by id").fill(user)
    page.get_by_label("A user, by id").press("Enter")
    expect(page.locator("#items > li")).to_have_count(10)


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Go by the keyboard to what is wanted."""
    for _ in range(60):
        page.keyboard.press(key)
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{key} never comes to {wanted}")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_a_user_by_keyboard_alone(browser: Browser, width: int, scheme: str) -> None:
    """The list, why, a dislike, and the list that it changed; a persona.

    Axe finds nothing, and nothing is wider than the window.
    """
    told = Told()
    size = {"width": width, "height": 800}
    with served(told) as url, opened(browser, url, viewport=size, color_scheme=scheme) as page:
        expect(page.locator("#persona-title")).to_have_text(card(0).name)
        tab_to(page, page.get_by_label("A user, by id"))
        page.keyboard.type("A1")
        page.keyboard.press("Enter")
        expect(page.locator("#items > li")).to_have_count(10)
        assert page.locator("#items .title").all_text_contents() == [title(place) for place in range(10)]
        tab_to(page, page.get_by_role("button", name="Why A book of number 2?"))
        page.keyboard.press("Enter")
        expect(page.locator("#why")).to_be_focused()
        expect(page.locator("#why-text")).to_have_text(f"Because of {HOSTILE[1]}.")
        assert page.locator("#parts th").all_text_contents() == ["persona", HOSTILE[0]]
        assert page.get_by_role("link", name="Open in Neo4j Browser").get_attribute("href") == (
            "http://127.0.0.1:7474/browser/?cmd=edit&arg=why-item-picture"
        )
        drawn(page, "path", "A book of number 2", "canvas")
        drawn(page, "map", "scatterlayer", ".plotly .point")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert fits(page)
        tab_to(page, page.get_by_role("button", name="Dislike A book of number 2"), "Shift+Tab")
        with page.expect_response("**/ready"):  # after which the card is that of the list
            page.keyboard.press("Enter")
        expect(page.locator("#list-note")).to_contain_text('You said "dislike"')
        expect(page.locator("#items > li").nth(2)).to_have_attribute("data-item", "i3")
        expect(page.locator("#list")).to_be_focused()
        assert told.bodies == [{"events": [{"kind": "dislike", "user_id": "A1", "item_id": "i2"}]}]
        expect(page.locator("#persona-title")).to_have_text(card(0).name)
        tab_to(page, page.get_by_label("Persona", exact=True))
        page.keyboard.press("ArrowDown")
        expect(page.locator("#persona-title")).to_have_text(card(1).name)


def test_the_map_nearer_and_farther_by_keyboard_alone(browser: Browser) -> None:
    """Chromium does not always hand the focus on to what is in a frame; then the page is opened anew."""
    for _ in range(4):
        with served(Told()) as url, opened(browser, url) as page:
            drawn(page, "map", "scatterlayer", ".plotly .point")
            page.locator("#map").scroll_into_view_if_needed()
            tab_to(page, page.locator("#map"))
            if not comes_to_the_map(page):
                continue
            widths = [seen(page)]
            for key in ("+", "-", "ArrowRight"):
                page.keyboard.press(key)
                widths.append(seen(page))
        (left, right), nearer, farther, moved = widths
        assert nearer == pytest.approx((left + 0.1 * (right - left), right - 0.1 * (right - left)))
        assert farther == pytest.approx((left, right)) and moved[0] - left == pytest.approx(0.1 * (right - left))
        return
    raise AssertionError("Tab never comes to the map.")


def comes_to_the_map(page: Page) -> bool:
    """Whether Tab comes to it within its frame, where what surrounds it may scroll, and is come to first."""
    for _ in range(3):
        if becomes_active(page, "map"):
            return True
        page.keyboard.press("Tab")
    return False


def becomes_active(page: Page, frame: str) -> bool:
    """Whether what a frame is named after has its focus, of which the frame hears a moment later."""
    for _ in range(60):
        if framed(page, frame).evaluate("document.activeElement.id") == frame:
            return True
        page.wait_for_timeout(50)
    return False


def seen(page: Page) -> tuple[float, float]:
    """From where to where the map is seen."""
    left, right = framed(page, "map").evaluate("document.getElementById('map').layout.xaxis.range")
    return float(left), float(right)


def drawn(page: Page, frame: str, text: str, selector: str) -> None:
    """Wait until something is drawn in a frame, which runs its own scripts and reaches nothing beyond."""
    page.frame_locator(f"#{frame}").locator(selector).first.wait_for(state="attached")
    found = framed(page, frame)
    assert text in found.content()
    assert found.evaluate("origin") == "null" and found.evaluate("window.hit") is None


def framed(page: Page, frame: str) -> Frame:
    found = page.locator(f"#{frame}").element_handle().content_frame()
    assert found is not None
    return found


def test_a_session_of_titles(browser: Browser) -> None:
    told = Told()
    with served(told) as url, opened(browser, url) as page:
        page.get_by_role("searchbox").fill("salt")
        expect(page.locator("#found button")).to_have_text(HOSTILE[:4])  # as it is typed
        page.locator("#found button").nth(0).click()
        expect(page.locator("#items > li").first).to_have_attribute("data-item", "i20")
        assert Axe().run(page).violations_count == 0
        page.get_by_role("button", name=f"Add {HOSTILE[1]} to the session").first.click()
        expect(page.locator("#items > li").first).to_have_attribute("data-item", "i40")
        expect(page.locator("#chosen li")).to_have_text([re.compile(re.escape(one)) for one in HOSTILE[:2]])
        page.get_by_role("button", name=f"Remove {HOSTILE[0]} from the session").click()
        expect(page.locator("#chosen li")).to_have_count(1)
        expect(page.locator("#list")).to_be_focused()
        page.get_by_role("button", name="Begin anew").click()
        expect(page.locator("#items > li")).to_have_count(0)
        assert [one["items"] for one in told.bodies] == [["i0"], ["i0", "i1"], ["i1"]]


def test_a_persona_is_chosen_by_its_name_and_on_the_map(browser: Browser) -> None:
    with served(Told()) as url, opened(browser, url) as page:
        page.get_by_label("Persona", exact=True).select_option("run/1")
        expect(page.locator("#persona-title")).to_have_text(HOSTILE[1])
        page.frame_locator("#map").locator(".plotly").first.wait_for(state="attached")
        page.locator("#map").scroll_into_view_if_needed()
        frame = framed(page, "map")
        frame.locator(".plotly .point").nth(1).wait_for(state="attached")
        place = frame.locator(".plotly .scatterlayer .point").first.bounding_box()
        assert place is not None
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        expect(frame.locator(".hoverlayer")).to_contain_text(card(0).name)
        page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        expect(page.locator("#persona-title")).to_have_text(card(0).name)
        page.evaluate("window.postMessage('run/2', '*')")  # not of the map
        page.evaluate("new Promise((done) => setTimeout(done, 50))")
        expect(page.locator("#persona-title")).to_have_text(card(0).name)


def test_after_a_switch_to_another_run_the_card_is_of_the_personas_served_now(browser: Browser) -> None:
    told = Told()
    with served(told) as url, opened(browser, url) as page:
        expect(page.locator("#summary")).to_have_text(card(0).summary)
        page.locator("#which").select_option("run/1")
        before = page.locator("#map").get_attribute("src")
        told.run = "another"
        ask_for(page, "A1")
        expect(page.locator("#summary")).to_have_text(card(0, "another").summary)
        expect(page.locator("#state")).to_have_text("Run another")
        expect(page.locator("#which option").first).to_have_attribute("value", "another/0")
        expect(page.locator("#map")).not_to_have_attribute("src", before or "")


def test_what_the_service_refuses_is_said_as_text(browser: Browser) -> None:
    with served(Told()) as url, opened(browser, url) as page:
        page.get_by_label("A user, by id").fill("nobody")
        page.get_by_role("button", name="Recommend").click()
        expect(page.get_by_role("alert")).to_have_text(f"The graph has no interactions of user {HOSTILE[0]}.")
        ask_for(page, "A1")
        expect(page.locator("#problem")).to_be_hidden()


def test_a_token_is_asked_for_and_kept_in_memory_only(browser: Browser) -> None:
    told = Told()
    with served(told, TOKEN) as url, opened(browser, url) as page:
        for given in ("a wrong one", TOKEN):
            page.get_by_label(re.compile("asks for its token")).fill(given)
            page.get_by_label(re.compile("asks for its token")).press("Enter")
        expect(page.locator("#persona-title")).to_have_text(card(0).name)
        ask_for(page, "A1")
        assert told.authorized[-1] == f"Bearer {TOKEN}" and told.authorized[0] is None
        kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, location.href]")
        assert kept == [0, 0, "", url] and TOKEN not in page.content()
        page.reload()
        expect(page.get_by_label(re.compile("asks for its token"))).to_be_visible()


def test_the_page_is_under_a_policy_and_has_no_other_files(browser: Browser) -> None:
    with served(Told()) as url, opened(browser, url) as page:
        answer = page.request.get(url)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self';" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        for name in ("routes.py", "__init__.py", "..%2froutes.py", "pictures/nothing"):
            assert page.request.get(f"{url}page/{name}").status == 404
    context = browser.new_context()
    with served(Told()) as url:
        page = context.new_page()
        page.goto(url)
        inline = """() => {
            const one = document.createElement("script");
            try { one.textContent = "window.hit = 1"; document.body.append(one); } catch { return "refused"; }
            return String(window.hit);
        }"""
        assert page.evaluate(inline) in ("refused", "undefined")
    context.close()
