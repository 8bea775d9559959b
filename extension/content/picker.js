/**
 * The project picker: a combobox (ARIA 1.2) with a list of its own. The server is asked when typing pauses; arrow keys
 * move through its answer, Enter or a click puts one into the field, Escape closes the list. Linking is a button's work.
 */

import { ask } from "./ask.js";
import { sanitize } from "./sanitize.js";

const PAUSE_MS = 250;
const FIELD = "[role=combobox]";

const optionsOf = (list) => [...list.querySelectorAll("[role=option][data-value]")];
const activeOf = (list) => optionsOf(list).find((option) => option.ariaSelected === "true");

export class Picker {
  #ticket;
  #shadow;
  #timer = 0;
  #asked = null; // the words of the latest question

  constructor(ticket, shadow) {
    this.#ticket = ticket;
    this.#shadow = shadow;
    const on = (name, act) =>
      shadow.addEventListener(name, (event) => event.target.matches?.(FIELD) && act(event.target, event));
    on("input", (field, { isTrusted }) => isTrusted && this.#typed(field));
    on("keydown", (field, event) => this.#pressed(field, event));
    on("focusout", (field) => this.#close(field));
    // The press would take the focus from the field, and with it the list.
    shadow.addEventListener("pointerdown", (event) => event.target.closest?.("[role=option]") && event.preventDefault());
    shadow.addEventListener("click", ({ target, isTrusted }) => {
      const option = target.closest?.("[role=option]");
      const field = option && this.#fieldOf(option.parentNode);
      if (field && isTrusted) this.#choose(field, option);
    });
  }

  #typed(field) {
    const words = field.value.trim();
    clearTimeout(this.#timer);
    this.#asked = words;
    if (!words) return this.#close(field);
    this.#timer = setTimeout(() => this.#ask(field, words), PAUSE_MS);
  }

  async #ask(field, words) {
    const { html } = await ask("projects", { ticket: this.#ticket, words });
    const list = this.#listOf(field);
    if (words !== this.#asked || !list || this.#shadow.activeElement !== field) return;
    const marked = activeOf(list)?.dataset.value;
    list.replaceChildren(html ? sanitize(html) : "");
    list.hidden = !html;
    field.setAttribute("aria-expanded", String(Boolean(html)));
    this.#mark(field, optionsOf(list).find((option) => option.dataset.value === marked) ?? null);
  }

  #pressed(field, event) {
    const { key } = event;
    const list = this.#listOf(field);
    if (event.isComposing || !list || list.hidden) {
      if (key === "ArrowDown" && field.value.trim()) this.#typed(field);
      return;
    }
    const options = optionsOf(list);
    const active = activeOf(list);
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step && options.length) {
      const place = active ? options.indexOf(active) + step : step > 0 ? 0 : -1;
      this.#mark(field, options.at(place % options.length));
    } else if (key === "Enter" && active) this.#choose(field, active);
    else if (key === "Escape") this.#close(field);
    else return;
    event.preventDefault();
  }

  #mark(field, option) {
    const list = this.#listOf(field);
    for (const other of list.children) other.ariaSelected = String(other === option);
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  #choose(field, option) {
    const { value } = option.dataset;
    if (!value) return;
    field.value = value;
    this.#close(field);
    field.dispatchEvent(new Event("input", { bubbles: true })); // the draft keeps it; the list stays closed
  }

  #close(field) {
    const list = this.#listOf(field);
    clearTimeout(this.#timer);
    this.#asked = null;
    if (!list) return;
    list.hidden = true;
    list.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  #listOf(field) {
    return this.#shadow.getElementById(field.getAttribute("aria-controls"));
  }

  #fieldOf(list) {
    return this.#shadow.querySelector(`${FIELD}[aria-controls="${list.id}"]`);
  }
}
