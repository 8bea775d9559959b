/**
 * Parts of the panel that are read when somebody opens them: `details[data-load]` names the path, `[data-loaded]` takes
 * the server's fragment. Inside, `[data-look]` reads another one, of what is typed into the fields `[data-ask]` beside
 * it. What is typed here is a question, no draft.
 */

import { ask, text } from "./ask.js";
import { rememberFocus, restoreFocus } from "./regions.js";
import { sanitize } from "./sanitize.js";

const PART = "details[data-load]";
const LOOK = "[data-look]";

/** Makes every such part below the shadow root work, whenever it comes. */
export function loadOnOpening(host, shadow) {
  // It does not bubble, but it can be captured.
  shadow.addEventListener("toggle", ({ target }) => target.matches?.(PART) && target.open && load(shadow, target), true);
  shadow.addEventListener("click", (event) => {
    const control = event.target.closest?.(LOOK);
    if (control && event.isTrusted) look(shadow, control);
  });
  shadow.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("[data-ask]");
    if (event.key !== "Enter" || !field || !event.isTrusted) return;
    event.preventDefault();
    look(shadow, field.parentNode.querySelector(LOOK));
  });
  // Something was done: what is open may no longer be so.
  new MutationObserver(() => {
    if (host.hasAttribute("data-busy")) return;
    for (const part of shadow.querySelectorAll(`${PART}[open]`)) load(shadow, part);
  }).observe(host, { attributeFilter: ["data-busy"] });
}

function load(shadow, part, path = part.dataset.load, method = "GET") {
  return fill(shadow, part.querySelector("[data-loaded]"), path, method);
}

/** What a control asks for takes the place of all, or of the one entry that it is about. */
async function look(shadow, control) {
  if (control.getAttribute("aria-busy") === "true") return;
  const { look: path, method = "GET" } = control.dataset;
  const question = new URLSearchParams();
  for (const { dataset, value } of "anew" in control.dataset ? [] : control.parentNode.querySelectorAll("[data-ask]")) {
    if (value.trim()) question.set(dataset.ask, value.trim());
  }
  control.setAttribute("aria-busy", "true");
  const slot = control.closest("[data-entry-asked]") ?? control.closest("[data-loaded]");
  await fill(shadow, slot, question.size ? `${path}?${question}` : path, method);
  control.removeAttribute("aria-busy");
}

async function fill(shadow, slot, path, method) {
  slot.setAttribute("aria-busy", "true");
  const { answered, status, html } = await ask("fragment", { person: 0, method, path, fields: {} });
  slot.removeAttribute("aria-busy");
  const fresh = answered && html ? sanitize(html) : null;
  const problem = fresh?.querySelector('[data-region="alert"]');
  const focus = rememberFocus(shadow);
  const shown = fresh && status < 400;
  if (shown && slot.dataset.entryAsked) slot.replaceWith(fresh);
  else if (shown) slot.replaceChildren(fresh);
  else slot.replaceChildren(...(problem?.childNodes ?? [said(text(answered ? "partUnexpected" : "partUnreachable"))]));
  restoreAsked(shadow, focus);
}

/** A field that was asked from has the focus in the new fragment, too; it has no name by which to find it. */
function restoreAsked(shadow, focus) {
  const asked = focus?.control.dataset.ask;
  const heir = asked && !focus.control.isConnected && shadow.querySelector(`[data-ask="${asked}"]`);
  if (heir) heir.focus({ preventScroll: true });
  else if (focus && !focus.control.isConnected && focus.control.dataset.look) {
    shadow.querySelector(`[data-look="${focus.control.dataset.look}"]`)?.focus({ preventScroll: true });
  } else restoreFocus(shadow, focus);
}

function said(words) {
  const paragraph = document.createElement("p");
  paragraph.setAttribute("role", "alert");
  paragraph.textContent = words;
  return paragraph;
}
