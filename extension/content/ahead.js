/**
 * The look ahead: while hours are typed, the server says what they would come to. It is asked when typing pauses, and
 * an answer that has been overtaken is dropped.
 */

import { ask } from "./ask.js";
import { sanitize } from "./sanitize.js";

const PAUSE_MS = 300;
const SLOT = "[data-ahead]";

export class Ahead {
  #ticket;
  #asked = "";
  #timer = 0;

  constructor(ticket) {
    this.#ticket = ticket;
  }

  /** To be called whenever the form is new or its hours have changed. */
  look(root) {
    const slot = root?.querySelector(SLOT);
    const hours = root?.querySelector('input[name="hours"]')?.value.trim() ?? "";
    if (!slot || (hours === this.#asked && slot.hasChildNodes() === Boolean(hours))) return;
    this.#asked = hours;
    clearTimeout(this.#timer);
    if (hours) this.#timer = setTimeout(() => this.#ask(root, hours), PAUSE_MS);
    else slot.replaceChildren();
  }

  async #ask(root, hours) {
    const { html } = await ask("ahead", { ticket: this.#ticket, hours });
    if (hours === this.#asked) root.querySelector(SLOT)?.replaceChildren(html ? sanitize(html) : "");
  }
}
