// The page: whom the list is for, the list, why, the persona, the map. Text from data is text: nothing is set as HTML.

import { Refused, ask, at } from "./service.mjs";

const LISTED = 10;
const PAUSE = 250; // milliseconds without a key until what is typed is looked for

const byId = (id) => document.getElementById(id);
let whom = null; // {user} or {session: [{item_id, title}]}
let run = null; // whose personas these are
let personas = [];
let turn = 0; // of what was asked for last: an answer to anything before it is passed over

function make(name, text, attributes = {}) {
  const element = document.createElement(name);
  if (text !== null) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function button(text, label, act) {
  const made = make("button", text, { type: "button", "aria-label": label });
  made.addEventListener("click", () => guarded(act));
  return made;
}

function row(...cells) {
  const made = make("tr", null);
  cells.forEach((cell, place) => {
    const number = /^[-+]?\d[\d.,]*%?$/.test(cell) ? { class: "number" } : {};
    made.append(place ? make("td", cell, number) : make("th", cell, { scope: "row" }));
  });
  return made;
}

// Does what was asked for; what the page does by itself leaves an earlier problem on show.
async function guarded(act, byItself = false) {
  try {
    if (!byItself) byId("problem").hidden = true;
    await act();
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error);
    byId("problem").textContent = error instanceof Refused ? error.message : "Something went wrong in this page.";
    byId("problem").hidden = false;
  }
}

function after(pause, act) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => guarded(act, true), pause);
  };
}

// A picture has a frame of its own: its scripts reach nothing here.
async function draw(frame, path, body) {
  byId(frame).src = (await ask(path, body)).url;
}

// For whom

async function suggestUsers() {
  const found = await ask(at`/v1/users?starts=${byId("user").value}`);
  byId("users").replaceChildren(...found.users.map((user) => make("option", null, { value: user })));
}

async function search() {
  const words = byId("title").value.trim();
  const found = words ? await ask(at`/v1/items?title=${words}&limit=20`) : { items: [] };
  if (words !== byId("title").value.trim()) return;
  byId("found").replaceChildren(
    ...found.items.map((item) => {
      const line = make("li", null);
      line.append(button(item.title, `Add ${item.title} to the session`, () => add(item)));
      return line;
    }),
  );
  if (words && !found.items.length) byId("found").append(make("li", "No title has these words."));
}

async function add(item) {
  const session = whom?.session ?? [];
  await recommend({ session: [...session.filter((one) => one.item_id !== item.item_id), item] });
}

function showSession() {
  const session = whom?.session ?? [];
  byId("session").hidden = !session.length;
  byId("chosen").replaceChildren(
    ...session.map((item) => {
      const line = make("li", `${item.title} `);
      line.append(button("Remove", `Remove ${item.title} from the session`, async () => {
        const rest = session.filter((one) => one !== item);
        await (rest.length ? recommend({ session: rest }) : begin());
      }));
      return line;
    }),
  );
}

function begin() {
  turn += 1;
  whom = null;
  showSession();
  byId("items").replaceChildren();
  byId("list-title").textContent = "The list";
  byId("list-note").textContent = "Choose a user, or the titles of a session.";
  byId("why").hidden = true;
  byId("title").focus();
}

// The list

async function recommend(next) {
  const mine = (turn += 1);
  const list = byId("list");
  list.setAttribute("aria-busy", "true");
  try {
    const found = next.user === undefined
      ? await ask("/v1/sessions/recommendations", { items: next.session.map((one) => one.item_id), k: LISTED })
      : await ask(at`/v1/users/${next.user}/recommendations?k=${LISTED}`);
    if (mine !== turn) return;
    whom = next;
    showSession();
    showList(found);
    if (document.activeElement === document.body) list.focus(); // what was pressed is there no more
    guarded(() => follow(found.persona), true);
  } finally {
    if (mine === turn) list.setAttribute("aria-busy", "false");
  }
}

function showList(found) {
  byId("list-title").textContent = whom.user === undefined ? "For your session" : `For ${whom.user}`;
  const notes = [found.persona ? `Persona: ${found.persona}.` : "No persona yet."];
  if (found.degraded) notes.push("The graph is away: this comes from memory.");
  byId("list-note").textContent = notes.join(" ");
  byId("items").replaceChildren(...found.items.map(line));
  byId("why").hidden = true;
}

function line(item) {
  const made = make("li", null, { "data-item": item.item_id });
  made.append(make("div", item.title, { class: "title" }), make("div", item.reason, { class: "small" }));
  const buttons = make("div", null, { class: "row" });
  buttons.append(button("Why?", `Why ${item.title}?`, () => explain(item)));
  if (whom.user === undefined) {
    buttons.append(button("Add to session", `Add ${item.title} to the session`, () => add(item)));
  } else {
    buttons.append(button("Like", `Like ${item.title}`, () => tell("like", item)));
    buttons.append(button("Dislike", `Dislike ${item.title}`, () => tell("dislike", item)));
  }
  made.append(buttons);
  return made;
}

async function tell(kind, item) {
  const { user } = whom;
  await ask("/v1/feedback", { events: [{ kind, user_id: user, item_id: item.item_id }] });
  if (whom?.user !== user) return;
  await recommend({ user });
  byId("list-note").textContent += ` You said "${kind}" of ${item.title}: the list is made anew.`;
}

// Why

async function explain(item) {
  const mine = turn;
  const found = whom.user === undefined
    ? await ask("/v1/sessions/explanations", { items: whom.session.map((one) => one.item_id), item_id: item.item_id })
    : await ask(at`/v1/users/${whom.user}/explanations/${item.item_id}`);
  const link = await linkTo(item).catch(() => ({ link: null, told: "not known" }));
  if (mine !== turn) return;
  const why = found.explanation;
  byId("why-title").textContent = `Why ${item.title}`;
  byId("why-text").textContent = why.text;
  byId("parts").replaceChildren(...Object.entries(why.parts).map(([name, score]) => row(name, score.toFixed(3))));
  byId("path-text").textContent = inWords(why.path);
  byId("browser").hidden = !link.link;
  if (link.link) byId("browser").href = link.link;
  byId("browser-note").textContent = link.link ? "" : `Neo4j Browser: ${link.told}.`;
  byId("why").hidden = false;
  byId("why").focus();
  await draw("path", at`/v1/pictures/path`, why.path);
}

function linkTo(item) {
  return whom.user === undefined
    ? ask(at`/v1/browser/co-occurring-items?item_id=${item.item_id}`)
    : ask(at`/v1/browser/why-item-picture?user_id=${whom.user}&item_id=${item.item_id}`);
}

function inWords(path) {
  const name = (place) => path.nodes[place].name;
  return path.ties.map((tie) => `${name(tie.start)} —${tie.type}→ ${name(tie.end)}`).join("; ");
}

// Personas

function showPersona(card) {
  byId("persona-title").textContent = card.name;
  byId("summary").textContent = card.summary;
  byId("worded").textContent = card.worded_by ? `Worded by the model ${card.worded_by}, from what is below.` : "";
  byId("traits").replaceChildren(
    ...card.traits.map((trait) => row(trait.label, trait.kind, `${(100 * trait.share).toFixed(0)}%`, trait.lift.toFixed(1))),
  );
  byId("typical").replaceChildren(...card.typical.map((item) => make("li", item.title)));
  const counter = card.counter_example;
  byId("counter").textContent = counter
    ? `Less than others: ${counter.title}${counter.typical_of ? `, typical of ${counter.typical_of}` : ""}.`
    : "";
  byId("persona").hidden = false;
  byId("which").value = card.persona_id;
}

function choose(id) {
  const card = personas.find((one) => one.persona_id === id);
  if (card) showPersona(card);
}

// Shows the persona of a list, which may be one of another run than the page knows.
async function follow(name) {
  const mine = turn;
  await showState();
  const card = personas.find((one) => one.name === name);
  if (card && mine === turn) showPersona(card);
}

async function showPersonas() {
  personas = (await ask("/v1/personas")).personas;
  if (!personas.length) return;
  byId("which").replaceChildren(...personas.map((one) => make("option", one.name, { value: one.persona_id })));
  byId("personas").hidden = false;
  showPersona(personas[0]);
  guarded(() => draw("map", "/v1/pictures/map", {}), true);
}

async function showState() {
  const ready = await ask("/ready");
  byId("state").textContent = ready.graph === "away" ? "The graph is away: answers come from memory." : `Run ${ready.run}`;
  if (ready.run === run) return;
  await showPersonas();
  run = ready.run;
}

function onSubmit(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(act);
  });
}

onSubmit("user-form", () => recommend({ user: byId("user").value.trim() }));
onSubmit("search-form", search);
byId("user").addEventListener("input", after(PAUSE, suggestUsers));
byId("title").addEventListener("input", after(PAUSE, search));
byId("clear").addEventListener("click", () => guarded(begin));
byId("which").addEventListener("change", (event) => choose(event.target.value));
window.addEventListener("message", (event) => {
  if (event.source === byId("map").contentWindow) choose(event.data);
});

await guarded(showState, true);
await guarded(suggestUsers, true);
