/**
 * The wand: at its press, and never before, the composer's text goes to the server, which answers with a note. What
 * stood in the note's field comes back with Undo. The form stays usable meanwhile.
 */

import { ask, text } from "./ask.js";
import { writtenIn } from "./composer.js";

const FIELD = '[data-region="form"] [name="notes"]';
const SAID = "[data-note]";
const WAND = '[data-action="note-generate"]';
/** The server looks at less; it takes no more. */
const LONGEST = 50_000;
/** From the press on, whoever is asked on the way: helpdesk, a new session, the server. */
const PATIENCE_MS = 10_000;

export class Wand {
  #ticket;
  #site;
  #person;
  #shadow = null;
  #before = ""; // what stood in the field before the note that was made last
  #made = null;
  #busy = false;

  constructor(ticket, site, person) {
    this.#ticket = ticket;
    this.#site = site;
    this.#person = person;
  }

  /** Takes its own presses before the panel sees them: the panel does one thing at a time, and a note may take long. */
  listen(host, root, signal) {
    this.#shadow = host.shadowRoot;
    const pressed = (event) => {
      const action = event.composedPath()[0].closest?.("[data-action]")?.dataset.action;
      if (action !== "note-generate" && action !== "note-undo") return;
      event.preventDefault();
      event.stopPropagation();
      // What a page's script makes up is not a person's wish.
      if (!event.isTrusted || this.#busy) return;
      if (action === "note-undo") this.#undo();
      else this.#write(root);
    };
    host.addEventListener("click", pressed, { capture: true, signal });
  }

  async #write(root) {
    const reply = writtenIn(root, this.#site).slice(0, LONGEST);
    if (!reply) return this.#say(text("noteNoText"), { bad: true });
    this.#busy = true;
    this.#shadow.querySelector(WAND)?.setAttribute("aria-busy", "true");
    this.#say(text("noteWriting"));
    try {
      const answer = await within(PATIENCE_MS, this.#ask(reply));
      if (answer.note) this.#put(answer.note, answer.words);
      else this.#say(answer.words ?? text(answer.gone ? "reload" : "noteNoAnswer"), { bad: true });
    } finally {
      this.#busy = false;
      this.#shadow.querySelector(WAND)?.removeAttribute("aria-busy");
    }
  }

  async #ask(reply) {
    const person = await this.#person.current();
    return ask("note", { ticket: this.#ticket, person, text: reply });
  }

  #put(note, words) {
    const field = this.#shadow.querySelector(FIELD);
    if (!field) return;
    // A second note takes the place of the first; what the person typed themselves is what comes back.
    if (field.value !== this.#made) this.#before = field.value;
    this.#made = note;
    set(field, note);
    this.#say(words, { undo: true });
  }

  #undo() {
    const field = this.#shadow.querySelector(FIELD);
    if (!field) return;
    set(field, this.#before);
    this.#made = null;
    this.#say("");
    field.focus();
  }

  #say(words, { bad = false, undo = false } = {}) {
    const place = this.#shadow.querySelector(SAID);
    if (!place) return;
    place.className = bad ? "dh-error" : "dh-hint";
    place.replaceChildren(words);
    if (!undo) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dh-link";
    button.dataset.action = "note-undo";
    button.textContent = text("noteUndo");
    place.append(" ", button);
  }
}

/** The answer, or an empty one when it has not come by then; what comes later is nobody's any more. */
function within(milliseconds, answer) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds, {})));
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** As if it were typed, so that it is kept with the draft. */
function set(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
