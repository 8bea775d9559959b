/** What the extension says itself, above the server's fragment and in its own few words. */

import { text } from "./ask.js";

/** What may help when there is no fragment, and what it is called. */
const REMEDIES = { refresh: "tryAgain", update: "update" };

/** Shows the lines that are to be said; what is said already is left alone, so that nothing is read out twice. */
export function fillShell(shell, { problem, notice, waiting }) {
  const lines = [];
  if (problem) {
    const { words, remedy } = problem;
    lines.push(line("alert", words, remedy && button(remedy, text(REMEDIES[remedy]))));
  }
  if (notice) lines.push(line(notice.role, notice.words, notice.action && button(notice.action, notice.label)));
  for (const { uuid, hours, state } of waiting) {
    if (state === "refused") continue; // the popup shows it: this form belongs to another log by now
    const words = text(state === "signin" ? "signInToSend" : "waitingHere", timeOf(hours));
    lines.push(line("status", words, button("take-back", text("takeBack"), { uuid })));
  }
  const same =
    lines.length === shell.children.length && lines.every((wanted, index) => wanted.isEqualNode(shell.children[index]));
  if (!same) shell.replaceChildren(...lines);
  shell.hidden = lines.length === 0;
}

/** A log without hours of its own is a timer's. */
function timeOf(hours) {
  return hours ? text("typedHours", hours) : text("timersTime");
}

/** Why there is no fragment to show, and what may help. */
export function problemOf({ answered, status, misfit }) {
  if (misfit) return { words: misfit.words, remedy: misfit.mayUpdate ? "update" : "refresh" };
  return { words: answered ? text("unexpected", status) : text("unreachable"), remedy: "refresh" };
}

function line(role, words, control) {
  const paragraph = document.createElement("p");
  paragraph.setAttribute("role", role);
  const span = document.createElement("span");
  span.textContent = words;
  paragraph.append(span, ...(control ? [control] : []));
  return paragraph;
}

function button(action, words, data = {}) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "dh-link";
  element.textContent = words;
  Object.assign(element.dataset, { action, ...data });
  return element;
}
