/** Correcting a time entry below its line in the sidebar's timeline: the server's form, put there and sent. */

import { ask, text } from "./ask.js";
import { collect } from "./regions.js";
import { sanitize } from "./sanitize.js";

const PART = "[data-correction]";

export class Correction {
  #content;

  constructor(content) {
    this.#content = content;
  }

  /** Whether a control is one of an entry's. */
  takes(control) {
    return control.dataset.action?.startsWith("entry-") ?? false;
  }

  /** Answers what went wrong, in words, and whether the timeline has changed by it. */
  async press(control, person) {
    const { path, method = "GET" } = control.dataset;
    const line = control.closest("[data-entry]");
    const opened = line?.querySelector(PART);
    if (method === "GET" && opened?.querySelector("form")) {
      opened.remove();
      return {};
    }
    const form = control.closest("form");
    const answer = await ask("fragment", { person, method, path, fields: form ? collect(form) : {} });
    const part = answer.html ? sanitize(answer.html).querySelector(PART) : null;
    if (part === null) return { problem: text(answer.gone ? "reload" : "notDone") };
    const isDone = method !== "GET" && answer.status < 300;
    const told = part.querySelector(".dh-note");
    if (isDone && told) part.replaceChildren(told);
    this.take();
    this.#put(line?.dataset.entry, part);
    part.querySelector("[aria-invalid=true], input:not([type=hidden])")?.focus({ preventScroll: true });
    return { changed: isDone };
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
  }
}
