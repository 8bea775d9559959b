/**
 * The toolbar's popup: who is connected, what is under way and whether all is well (the server's fragment), and what
 * waits in this browser to be sent (ours). It asks again while it is open.
 */

import { ask, text } from "../content/ask.js";
import { collect, copyAttributes, rememberFocus, restoreFocus, swap } from "../content/regions.js";
import { sanitize } from "../content/sanitize.js";
import { ticketHere } from "./here.js";
import { showShortcuts } from "./shortcuts.js";

const SITES = { origins: chrome.runtime.getManifest().host_permissions };
const POLL_SECONDS = 5;
const REMEDIES = { refresh: "tryAgain", update: "update" };
const place = (id) => document.getElementById(id);

let busy = false;
let asked = 0;
let shown = 0;
let timer = 0;
let outboxShown = "";

async function show() {
  clearTimeout(timer);
  const number = ++asked;
  const answer = await ask("me", { ticket: await ticketHere() });
  // A slow answer must not put an earlier state over a later one.
  if (number > shown) {
    shown = number;
    keepingFocus(() => render(answer));
  }
  schedule();
}

function schedule() {
  clearTimeout(timer);
  if (document.hidden) return;
  const seconds = Number(place("me").querySelector("[data-popup]")?.dataset.poll) || POLL_SECONDS;
  timer = setTimeout(() => (busy ? schedule() : show()), seconds * 1000);
}

function render({ answered, status, html, misfit, waiting = [], server }) {
  const next = answered && html ? sanitize(html).querySelector("[data-popup]") : null;
  const root = place("me").querySelector("[data-popup]");
  document.body.dataset.state = next?.dataset.state ?? "error";
  if (misfit) showTrouble(misfit.words, misfit.mayUpdate ? "update" : "refresh");
  else if (!next) showTrouble(answered ? text("popupUnexpected", status) : text("popupUnreachable", server));
  else if (root) {
    copyAttributes(root, next);
    swap(root, next);
  } else place("me").replaceChildren(next);
  place("server").textContent = server ?? "";
  showOutbox(waiting);
}

function showTrouble(words, action = "refresh") {
  if (place("me").firstElementChild?.firstElementChild?.textContent === words) return; // it is said already
  const box = element("div", { role: "alert", class: "dh-away" });
  box.append(
    element("p", {}, words),
    element("p", { class: "dh-hint" }, text("popupUnreachableHint")),
    element("button", { type: "button", class: "dh-secondary", "data-action": action }, text(REMEDIES[action])),
  );
  place("me").replaceChildren(box);
}

function showOutbox(waiting) {
  const same = JSON.stringify(waiting);
  if (same === outboxShown) return;
  outboxShown = same;
  const count = waiting.filter((row) => row.state !== "refused").length;
  place("outbox").hidden = waiting.length === 0;
  place("outbox").dataset.waiting = count;
  const heading = count === 1 ? text("oneWaiting") : count ? text("manyWaiting", count) : text("nothingWaiting");
  const list = element("ul");
  for (const { uuid, ticket, hours, day, state } of waiting) {
    const words = { waiting: "stateWaiting", signin: "stateSignin", refused: "stateRefused" }[state];
    const row = element("li", { "data-state": state });
    const press = (action, name) =>
      element("button", { type: "button", class: "dh-link", "data-action": action, "data-uuid": uuid }, text(name));
    row.append(
      element("span", {}, text("ticketHours", ticket, hours ? text("typedHours", hours) : text("timersTime"), day ? dayOf(day) : "–")),
      element("small", {}, text(words)),
      press("take-back", "takeBack"),
      press("discard", "discard"),
    );
    list.append(row);
  }
  place("outbox").replaceChildren(element("h2", {}, heading), list);
}

/** What has the focus keeps it while things around it are replaced; when it is gone itself, the tab order goes on here. */
function keepingFocus(change) {
  const focus = rememberFocus(document);
  const { uuid } = focus.control.dataset;
  const { href } = focus.control;
  change();
  if (focus.control === document.body || focus.control.isConnected) return;
  const heir = [...document.querySelectorAll("a, button")].find((candidate) =>
    href ? candidate.href === href : uuid && candidate.dataset.uuid === uuid && candidate.dataset.action === focus.action,
  );
  if (heir) heir.focus({ preventScroll: true });
  else if (!uuid) restoreFocus(document, focus);
  if (document.activeElement === document.body) document.querySelector("main").focus({ preventScroll: true });
}

/** Firefox lets people withhold a site from an extension; then it must ask. */
async function askForAccess() {
  if (await chrome.permissions.contains(SITES)) return;
  tell(text("allowAccessWhy"), element("button", { type: "button", "data-action": "allow" }, text("allowAccess")));
}

function tell(words, ...controls) {
  say("alert", words, ...controls);
}

function say(role, words, ...controls) {
  place("notice").hidden = !words;
  place("notice").dataset.role = role;
  place("notice").replaceChildren(...(words ? [element("p", { role }, words), ...controls] : []));
}

const ACTIONS = {
  async connect() {
    say("status", text("connecting"));
    const outcome = await ask("connect");
    tell(outcome.connected ? "" : (outcome.reason ?? text("connectFailed")));
  },
  async disconnect() {
    await ask("disconnect");
  },
  async "take-back"({ uuid }) {
    await ask("takeback", { uuid });
  },
  async discard({ uuid }) {
    await ask("discard", { uuid });
  },
  async allow() {
    if (await chrome.permissions.request(SITES)) say("status", text("allowAccessDone"));
  },
  async update() {
    say("status", (await ask("update")).words ?? text("updateNone"));
  },
  async refresh() {},
};

/** A control with a path is the server's own: it knows what it means, we only send it. */
async function press(control) {
  const { path, method = "POST" } = control.dataset;
  const form = control.closest("form");
  const message = { path, method: method.toUpperCase(), fields: form ? collect(form) : {} };
  const { answered, status, problem } = await ask("press", message);
  if (!answered) tell(text("popupNotDone"));
  else if (status >= 400) tell(problem ?? text("popupUnexpected", status));
}

document.addEventListener("click", async (event) => {
  const control = event.target.closest("[data-action]");
  if (!control || busy) return;
  const { action, path } = control.dataset;
  if (!path && !Object.hasOwn(ACTIONS, action)) return;
  busy = true;
  control.setAttribute("aria-busy", "true");
  try {
    if (action !== "allow") tell("");
    await (path ? press(control) : ACTIONS[action](control.dataset));
    await show();
  } finally {
    busy = false;
    control.removeAttribute("aria-busy");
  }
});

chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id === chrome.runtime.id && message.kind === "changed") show();
});

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : show()));

/** A day (YYYY-MM-DD) as the server writes it for people: days before months. */
function dayOf(day) {
  const language = text("language");
  const form = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "medium", timeZone: "UTC" });
  return form.format(new Date(day));
}

function element(name, attributes = {}, words = "") {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.textContent = words;
  return made;
}

document.documentElement.lang = text("language");
// As the administrator has named it.
document.title = document.querySelector("h1").textContent = chrome.runtime.getManifest().name;
show();
askForAccess();
showShortcuts(place("shortcuts"));
