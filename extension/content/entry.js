/** Correcting a time entry below its line in the sidebar's timeline: the server's form, put there and sent. */

import { ask, text } from "./ask.js";
import { rest } from "./focus.js";
import { collect } from "./regions.js";
import { sanitize } from "./sanitize.js";
import { problemOf } from "./shell.js";

const PART = "[data-correction]";
const OPENER = '[data-action="entry-open"]';
const ALERT = '[role="alert"], [data-region="alert"] > *';

/** Why there is no form: the server's own words and what it offers, such as Connect; ours where it said nothing. */
function refusal(answer) {
  if (answer.gone) return text("reload");
  if (!answer.answered) return text("notDone");
  const alert = answer.html ? sanitize(answer.html).querySelector(ALERT) : null;
  return alert ?? problemOf(answer).words;
}

export class Correction {
  #content;

  constructor(content) {
    this.#content = content;
  }

  /** Whether a control is one of an entry's. */
  takes(control) {
    return control.dataset.action?.startsWith("entry-") ?? false;
  }

  /** Answers what went wrong, in words or as the server's own line, and whether the timeline has changed by it. */
  async press(control, person) {
    const { action, path, method = "GET" } = control.dataset;
    const line = control.closest("[data-entry]");
    const opened = line?.querySelector(PART);
    if (action === "entry-close" || (method === "GET" && opened?.querySelector("form"))) {
      this.#close();
      return {};
    }
    const form = control.closest("form");
    const answer = await ask("fragment", { person, method, path, fields: form ? collect(form) : {} });
    const part = answer.html ? sanitize(answer.html).querySelector(PART) : null;
    if (part === null) return { problem: refusal(answer) };
    const isDone = method !== "GET" && answer.status < 300;
    const told = part.querySelector(".dh-note");
    if (isDone && told) part.replaceChildren(told);
    this.take();
    this.#put(line?.dataset.entry, part);
    const field = part.querySelector("[aria-invalid=true]") ?? part.querySelector("input:not([type=hidden])");
    if (field) field.focus({ preventScroll: true });
    else rest(part.querySelector("[role=status]") ?? part);
    return { changed: isDone };
  }

  /** Escape closes what is open, wherever in it the focus is. */
  pressed(event) {
    if (event.key !== "Escape" || event.isComposing || !event.target.closest?.(PART)) return;
    event.preventDefault();
    event.stopPropagation(); // the page has a meaning of its own for it
    this.#close();
  }

  /** What was typed is dropped; the focus goes back to where the form was opened. */
  #close() {
    const part = this.#content.querySelector(PART);
    const opener = part?.closest("[data-entry]")?.querySelector(OPENER);
    part?.remove();
    this.#tellOpen();
    if (opener) opener.focus({ preventScroll: true });
    else rest(this.#content);
  }

  /** Takes the form out, with what is typed into it; what it answers puts it below its line again. */
  take() {
    const part = this.#content.querySelector(PART);
    if (part === null) return () => {};
    const entry = part.closest("[data-entry]")?.dataset.entry ?? part.dataset.correction;
    const focused = part.getRootNode().activeElement;
    part.remove();
    return () => {
      this.#put(entry, part);
      if (part.contains(focused)) focused.focus({ preventScroll: true });
    };
  }

  /** An entry that is gone from the ticket has no line any more: what became of it stands on top then. */
  #put(entry, part) {
    const line = [...this.#content.querySelectorAll("[data-entry]")].find((one) => one.dataset.entry === entry);
    if (line) line.append(part);
    else this.#content.prepend(part);
    this.#tellOpen();
  }

  #tellOpen() {
    for (const opener of this.#content.querySelectorAll(OPENER)) {
      opener.ariaExpanded = String(opener.closest("[data-entry]").querySelector(`${PART} form`) !== null);
    }
  }
}
