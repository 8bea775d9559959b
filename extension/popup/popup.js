/** The toolbar's popup: who is connected (the server's fragment), and what waits to be sent (ours). */

import { ask, text } from "../content/ask.js";
import { sanitize } from "../content/sanitize.js";

const SITES = { origins: chrome.runtime.getManifest().host_permissions };
const place = (id) => document.getElementById(id);
let busy = false;

async function show() {
  const { answered, html, waiting = [], server } = await ask("me");
  const fragment = answered && html ? sanitize(html).querySelector("[data-popup]") : null;
  document.body.dataset.state = fragment?.dataset.state ?? "error";
  place("me").replaceChildren(fragment ?? unreachable(server));
  place("server").textContent = server ?? "";
  showOutbox(waiting);
  await askForAccess();
}

function unreachable(server) {
  const box = element("div", { role: "alert" });
  box.append(
    element("p", {}, text("popupUnreachable", server)),
    element("p", { class: "dh-hint" }, text("popupUnreachableHint")),
    element("button", { type: "button", class: "dh-secondary", "data-action": "refresh" }, text("tryAgain")),
  );
  return box;
}

function showOutbox(waiting) {
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
      element("span", {}, text("ticketHours", ticket, hours || "–", day || "–")),
      element("small", {}, text(words)),
      press("take-back", "takeBack"),
      press("discard", "discard"),
    );
    list.append(row);
  }
  place("outbox").replaceChildren(element("h2", {}, heading), list);
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
    if (await chrome.permissions.request(SITES)) tell("");
  },
  async refresh() {},
};

document.addEventListener("click", async (event) => {
  const control = event.target.closest("[data-action]");
  if (!control || busy || !Object.hasOwn(ACTIONS, control.dataset.action)) return;
  busy = true;
  control.setAttribute("aria-busy", "true");
  try {
    await ACTIONS[control.dataset.action](control.dataset);
    await show();
  } finally {
    busy = false;
    control.removeAttribute("aria-busy");
  }
});

chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id === chrome.runtime.id && message.kind === "changed") show();
});

function element(name, attributes = {}, words = "") {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.textContent = words;
  return made;
}

show();
