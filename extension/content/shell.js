/** What the extension says itself, above the server's fragment and in its own few words. */

import { text } from "./ask.js";

/** Shows the lines that are to be said; what is said already is left alone, so that nothing is read out twice. */
export function fillShell(shell, { problem, mayRetry, notice, waiting }) {
  const lines = [];
  if (problem) lines.push(line("alert", problem, mayRetry ? button("refresh", text("tryAgain")) : null));
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

/** Why there is no fragment to show. */
export function problemOf(answer) {
  return answer.answered ? text("unexpected", answer.status) : text("unreachable");
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
