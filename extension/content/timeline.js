/**
 * A ticket's timeline in the helpdesk's sidebar: a tab of our own with its panel. It is loaded when it is opened, asked
 * for again once a minute while it is on show, and decides nothing: it shows the server's fragment.
 */

import { ask, text } from "./ask.js";
import { Correction } from "./entry.js";
import { keepFocus, rest } from "./focus.js";
import { makeHost, styled } from "./host.js";
import { sanitize } from "./sanitize.js";
import { problemOf } from "./shell.js";
import { SidebarTab } from "./tab.js";
import { followTheme } from "./theme.js";

const FIRST_SIZE = 25;
const RETRY_SECONDS = 60;

export class Timeline {
  #ticket;
  #person;
  #tab;
  #host;
  #content = document.createElement("div");
  #correction = new Correction(this.#content);
  #signal = null; // of the ticket's being on show
  #timer = 0;
  #asked = 0;
  #what = "";
  #size = FIRST_SIZE;
  #html = null;
  #gone = false;

  constructor(site, ticket, person) {
    this.#ticket = ticket;
    this.#person = person;
    this.#content.className = "tl";
    this.#content.setAttribute("aria-live", "off");
    this.#host = makeHost("timeline", styled("lines"), styled("timeline"), this.#content);
    this.#tab = new SidebarTab(site.sidebar, text("timeline"), this.#host, (byKey) => this.#open(byKey));
    const shadow = this.#host.shadowRoot;
    shadow.addEventListener("click", (event) => this.#onClick(event));
    shadow.addEventListener("change", (event) => this.#onChange(event));
    shadow.addEventListener("keydown", (event) => event.isTrusted && this.#correction.pressed(event));
  }

  /** The ticket is on show, until the signal. */
  show(root, signal) {
    this.#signal = signal;
    this.place(root);
    followTheme(this.#host, signal);
    document.addEventListener("visibilitychange", () => this.#resume(), { signal });
    signal.addEventListener("abort", () => this.#hide(signal), { once: true });
    this.#resume();
  }

  /** Something has changed, by whatever hand: a log, a sign-in. */
  refresh() {
    this.#resume();
  }

  /** Puts the tab back where a page has rendered its sidebar anew. */
  place(root) {
    if (this.#signal) this.#tab.place(root);
  }

  #hide(signal) {
    if (this.#signal !== signal) return;
    this.#signal = null;
    clearTimeout(this.#timer);
    this.#tab.remove();
  }

  get #isOnShow() {
    return this.#signal !== null && this.#tab.isOpen && !document.hidden && !this.#gone;
  }

  #resume() {
    if (this.#isOnShow) this.#load();
  }

  /** Who works by keyboard goes on in it: it stands before its tab in the page. */
  #open(byKey) {
    if (byKey) rest(this.#content);
    this.#load();
  }

  async #load() {
    clearTimeout(this.#timer);
    if (!this.#isOnShow) return;
    const number = ++this.#asked;
    const query = new URLSearchParams({ order: "newest", size: this.#size, ...(this.#what && { what: this.#what }) });
    if (this.#html === null) this.#tell(text("timelineLoading"), "status");
    const person = await this.#person.current();
    const path = `/api/v1/tickets/${this.#ticket}/timeline?${query}`;
    const answer = await ask("fragment", { person, method: "GET", path, fields: {} });
    if (number !== this.#asked) return; // something newer has been asked for
    this.#receive(answer);
    const seconds = Number(this.#content.querySelector("[data-poll]")?.dataset.poll) || RETRY_SECONDS;
    if (this.#isOnShow) this.#timer = setTimeout(() => this.#load(), seconds * 1000);
  }

  #receive(answer) {
    this.#gone = Boolean(answer.gone);
    const html = answer.html ?? null;
    if (html === null) {
      const words = answer.gone ? text("reload") : problemOf(answer).words;
      // What was shown stays, with a line above it: the server may be away for a moment only.
      this.#tell(words, "alert", answer.gone ? null : text("tryAgain"));
      return;
    }
    if (html === this.#html && !this.#content.querySelector(":scope > .tl-notice")) return;
    this.#html = html;
    this.#swap(sanitize(html));
  }

  /** Shows a new fragment; the line that was on top of the view stays there, and what was open stays open. */
  #swap(next) {
    const anchor = this.#anchor();
    const opened = this.#content.querySelector("details")?.open ?? false;
    const giveBack = keepFocus(this.#content);
    const putBack = this.#correction.take();
    this.#content.replaceChildren(next);
    putBack();
    const details = this.#content.querySelector("details");
    if (details) details.open = opened;
    giveBack();
    anchor?.();
  }

  /** Remembers the first line in view; what it answers scrolls so that the line is where it was. */
  #anchor() {
    const scroller = this.#tab.scroller;
    if (!scroller || scroller.scrollTop === 0) return null;
    const top = scroller.getBoundingClientRect().top;
    const lines = [...this.#content.querySelectorAll("[data-item]")];
    const line = lines.find((one) => one.getBoundingClientRect().bottom > top);
    if (!line) return null;
    const { item } = line.dataset;
    const before = line.getBoundingClientRect().top;
    return () => {
      const now = [...this.#content.querySelectorAll("[data-item]")].find((one) => one.dataset.item === item);
      if (now) scroller.scrollTop += now.getBoundingClientRect().top - before;
    };
  }

  #tell(words, role, again = null) {
    this.#content.querySelector(":scope > .tl-notice")?.remove();
    const line = document.createElement("p");
    line.className = "tl-notice";
    line.setAttribute("role", role);
    line.append(words);
    if (again) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: again });
      button.className = "dh-link";
      button.dataset.action = "timeline-again";
      line.append(" ", button);
    }
    this.#content.prepend(line);
  }

  async #onClick(event) {
    const control = event.target.closest?.("[data-action]");
    // What a page's script makes up is not a person's wish.
    if (!control || !event.isTrusted || control.ariaBusy === "true") return;
    event.preventDefault();
    const { action, path, method = "POST", size } = control.dataset;
    control.ariaBusy = "true"; // disabled it would lose the focus
    try {
      if (action === "connect") await ask("connect");
      else if (this.#correction.takes(control)) await this.#correct(control);
      else if (path) await this.#act(path, method);
      else if (action === "timeline-more") this.#size = Number(size) || FIRST_SIZE;
      if (!path || this.#html === null) await this.#load();
    } finally {
      control.ariaBusy = null;
    }
  }

  /** A form of an entry is opened or sent; what it changes shows in the lines, too. */
  async #correct(control) {
    const { problem, changed } = await this.#correction.press(control, await this.#person.current());
    if (changed) await this.#load();
    if (problem) this.#tell(problem, "alert");
  }

  /** A control of the server's; its refusal is told in its own words. */
  async #act(path, method) {
    const answer = await ask("press", { method: method.toUpperCase(), path, fields: {} });
    await this.#load();
    if (answer.answered === false) this.#tell(text("notDone"), "alert");
    else if (answer.problem) this.#tell(answer.problem, "alert");
    else if (answer.status < 300) this.#tell(text("timelineAssigned"), "status");
  }

  #onChange(event) {
    const control = event.target;
    if (!control.matches?.("[data-filter]")) return;
    this.#what = control.value;
    this.#size = FIRST_SIZE;
    this.#load();
  }
}
