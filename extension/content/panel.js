/**
 * One ticket's panel. Its host element lives as long as the page and is put into whatever composer the ticket has;
 * while it stands in none, it asks for nothing. It decides nothing about time: it shows the server's fragments, keeps
 * what is typed, and passes on what is pressed.
 */

import { Ahead } from "./ahead.js";
import { ask, text } from "./ask.js";
import { clockOf, earlier, panelIn } from "./fragment.js";
import { makeHost, styled } from "./host.js";
import { Picker } from "./picker.js";
import { collect, copyAttributes, draftName, fill, rememberFocus, restoreFocus, swap } from "./regions.js";
import { fillShell, problemOf } from "./shell.js";
import { followTheme } from "./theme.js";
import { Ticker } from "./ticker.js";

const RETRY_SECONDS = 5;
const FIELDS = "input[name], select[name], textarea[name]";
/** The focus goes back so long after it was lost, when the page has thrown the panel's composer away under it. */
const FOCUS_KEPT_MS = 100;
const RELOAD = text("reload"); // asked now: once the extension is gone there is nobody left to ask

export class Panel {
  #shell = document.createElement("div");
  #host = makeHost("panel", styled("projects"), styled("explain"), this.#shell);
  #shadow = this.#host.shadowRoot;
  #ahead;
  #badge;
  #person; // who is signed in to the page
  #root = null; // the [data-panel] in use
  #html = ""; // what it was made of
  #mounted = null; // the signal of the composer it stands in
  #draft = null; // {uuid, fields}
  #unsaved = {};
  #saving = false;
  #typed = 0;
  #waiting = []; // logs of this ticket that the worker keeps
  #problem = null; // {words, remedy}
  #notice = null;
  #pinned = false; // a refusal is shown: it stays until the person does something about it
  #gone = false;
  #busy = false;
  #logging = false;
  #asked = 0;
  #shown = 0;
  #timer = 0;
  #focus = null; // where the focus is, or was until `lostAt`
  #ticker = new Ticker();
  #opened = false; // what is to happen when a ticket is opened has happened
  #withoutTime = false; // the next reply may go out without time

  constructor(ticket, person, badge) {
    this.ticket = ticket;
    this.#person = person;
    this.#badge = badge;
    this.#ahead = new Ahead(ticket);
    new Picker(ticket, this.#shadow);
    this.#shell.className = "dh-shell";
    this.#shell.hidden = true;
    this.#shadow.addEventListener("click", (event) => this.#onClick(event));
    this.#shadow.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["input", "change"]) this.#shadow.addEventListener(name, (event) => this.#onInput(event));
    for (const name of ["focusin", "input", "keyup", "pointerup"]) {
      this.#shadow.addEventListener(name, () => (this.#focus = rememberFocus(this.#shadow)));
    }
    this.#shadow.addEventListener("focusout", () => this.#focus && (this.#focus.lostAt = performance.now()));
  }

  get state() {
    return this.#host.dataset.state;
  }

  /** Whether it stands where it was put; a page that renders its composer anew throws it out. */
  isIn(composer) {
    return this.#host.parentNode === composer;
  }

  mount(composer, signal) {
    for (const stranger of composer.querySelectorAll(':scope > [data-deskhours="panel"]')) stranger.remove();
    const focus = this.#focus;
    composer.append(this.#host);
    const thrownOut = focus && performance.now() - (focus.lostAt ?? performance.now()) < FOCUS_KEPT_MS;
    if (thrownOut && document.activeElement === document.body) restoreFocus(this.#shadow, focus);
    this.#mounted = signal;
    signal.addEventListener("abort", () => this.#unmount(signal), { once: true });
    followTheme(this.#host, signal);
    document.addEventListener("visibilitychange", () => this.refresh(), { signal });
    window.addEventListener("focus", () => this.refresh(), { signal });
    this.refresh();
  }

  #unmount(signal) {
    if (this.#mounted !== signal) return;
    this.#mounted = null;
    clearTimeout(this.#timer);
    this.#ticker.stop();
    this.#host.remove();
  }

  /** Asks the server again; `evenHidden` also in a tab that nobody looks at. */
  async refresh({ evenHidden = false } = {}) {
    if (!this.#mounted || this.#isActing || this.#gone || (document.hidden && !evenHidden)) return;
    clearTimeout(this.#timer);
    const first = !this.#root;
    await this.#exchange("panel", {}, { quiet: true });
    // Armed by a page that is gone: its article may have come while nobody looked.
    if (first && this.armed) await this.confirm(this.armed);
  }

  /** The log that waits for its article, by what the fragment offers to take back; null when none does. */
  get armed() {
    const control = this.#root?.querySelector('[data-action="disarm"][data-path]');
    return (this.state === "armed" && /\/logs\/([0-9a-f-]{36})\/disarm$/.exec(control?.dataset.path)?.[1]) || null;
  }

  /** What is to be logged with the reply; null when the box is not ticked. */
  values() {
    const form = this.#form;
    const { log_time: ticked, ...values } = form ? collect(form) : {};
    if (!ticked || this.#gone) return null;
    if (/^\d+$/.test(values.task_id)) values.task_id = Number(values.task_id);
    return values;
  }

  /** Hands the log to the worker, to be recorded once an article above `after` is there. Answers its UUID, or null. */
  arm(after) {
    return this.#log({ confirm: "article", after });
  }

  /** "An article has appeared, look now." */
  async confirm(uuid) {
    if (this.state === "armed" || this.#problem) await this.#exchange("confirm", { uuid });
  }

  /** "Nothing came of it." The server looks once more, for no answer is no proof; then the values come back. */
  async giveUp(uuid, words = null) {
    await this.confirm(uuid);
    if (this.state !== "armed" && !this.#problem) return;
    await this.#exchange("disarm", { uuid });
    if (words) this.tell(words);
  }

  /** Whether the team wants time with every reply, and none is filled in. Without a server nobody is held up. */
  get lacksTime() {
    if (this.#root?.dataset.required !== "true" || this.#withoutTime || this.#gone || this.#problem) return false;
    const values = this.values();
    return !values?.hours && !values?.timer_id;
  }

  askForTime() {
    this.#notice = { words: text("timeRequired"), role: "alert", action: "without-time", label: text("withoutTime") };
    this.#showShell();
    this.#host.scrollIntoView({ block: "nearest" });
  }

  /** A reply has gone out. */
  replied() {
    this.#withoutTime = false;
  }

  /** Tells the person something of our own, until the next thing they do. */
  tell(words, role = "alert") {
    this.#notice = words ? { words, role } : null;
    this.#showShell();
  }

  get #isActing() {
    return this.#busy || this.#logging;
  }
  get #form() {
    return this.#root?.querySelector('[data-region="form"]') ?? null;
  }
  async #log(how) {
    const values = this.values();
    if (!values || !this.#draft || this.#logging) return null;
    const focus = rememberFocus(this.#shadow);
    this.#logging = true;
    this.#notice = null;
    this.#host.dataset.state = how.confirm === "now" ? "queued" : "armed"; // whatever stood there is of an earlier log
    this.#form.inert = true;
    try {
      const answer = await this.#exchange("log", { uuid: this.#draft.uuid, after: 0, ...how, values });
      return answer.answered === false || answer.status < 300 ? (answer.uuid ?? null) : null;
    } finally {
      this.#logging = false;
      if (this.#form) this.#form.inert = false;
      restoreFocus(this.#shadow, focus);
      this.#showShell();
      this.#bringIntoView();
      this.#schedule();
    }
  }

  /** After something the person did: the outcome must not stand below the fold. */
  #bringIntoView() {
    if (["error", "disconnected"].includes(this.state)) this.#host.scrollIntoView({ block: "nearest" });
  }

  #onClick(event) {
    const control = event.target.closest?.("[data-action]");
    if (!control) return;
    event.preventDefault();
    if (event.isTrusted) this.press(control); // what a page's script makes up is not a person's wish
  }

  /** Does what a control says, for a person who has pressed it or its shortcut. */
  press(control) {
    if (this.#busy || control.disabled) return;
    this.#notice = null;
    this.#whileBusy(control, () => this.#act(control));
  }

  async #act(control) {
    const { action, path, method = "POST", uuid, forget = "" } = control.dataset;
    if (path) {
      const region = control.closest("[data-region]");
      const done = forget.split(" ").filter(Boolean);
      const message = { path, method: method.toUpperCase(), fields: region ? collect(region) : {}, forget: done };
      const answer = await this.#exchange("action", message);
      if (answer.answered === false) this.tell(text("notDone"));
      else if (answer.status < 300) this.#forget(done);
    } else if (action === "log-now") {
      await this.#log({ confirm: "now" });
    } else if (action === "connect") {
      this.tell(text("connecting"), "status");
      const outcome = await ask("connect");
      this.tell(outcome.connected ? null : (outcome.reason ?? text("connectFailed")));
      await this.#exchange("panel");
    } else if (action === "without-time") {
      this.#withoutTime = true;
      this.tell(text("goesWithout"), "status");
    } else if (action === "update") {
      this.tell((await ask("update")).words ?? text("updateNone"), "status");
    } else if (action === "take-back") {
      await ask("takeback", { uuid });
      await this.#exchange("panel");
    } else {
      await this.#exchange("panel");
    }
  }

  /** What these fields held has been taken: they begin anew. */
  #forget(names) {
    for (const name of names) {
      delete this.#draft?.fields[name];
      delete this.#unsaved[name];
      const control = this.#root?.querySelector(`[name="${name}"]`);
      if (control && "defaultValue" in control) control.value = control.defaultValue;
    }
  }

  async #whileBusy(control, work) {
    this.#busy = true;
    this.#host.toggleAttribute("data-busy", true);
    control.setAttribute("aria-busy", "true");
    try {
      await work();
    } finally {
      this.#busy = false;
      this.#host.removeAttribute("data-busy");
      control.removeAttribute("aria-busy");
      this.#bringIntoView();
      this.#schedule();
    }
  }

  #onInput({ target: control }) {
    if (!control.matches?.(FIELDS) || !this.#draft) return;
    const { [control.name]: value } = collect(control.parentNode);
    const name = draftName(control);
    if (this.#draft.fields[name] === value) return;
    this.#typed += 1;
    this.#pinned = false;
    this.#draft.fields[name] = value;
    this.#unsaved[name] = value;
    if (this.#notice) this.tell(null);
    if (name.startsWith("hours")) this.#ahead.look(this.#root);
    this.#save();
  }

  async #save() {
    if (this.#saving) return;
    this.#saving = true;
    while (Object.keys(this.#unsaved).length) {
      const fields = this.#unsaved;
      this.#unsaved = {};
      const saved = await ask("draft", { ticket: this.ticket, uuid: this.#draft.uuid, fields });
      if (saved?.gone) this.#receive(saved);
    }
    this.#saving = false;
  }

  /** Asks the worker and shows what it says, unless something newer is shown by then. */
  async #exchange(kind, message = {}, { quiet = false } = {}) {
    const number = ++this.#asked;
    const typed = this.#typed;
    // A log is handed over at once; everything else may wait for the helpdesk's word on who this is.
    const person = kind === "log" ? this.#person.known : await this.#person.current();
    const answer = await ask(kind, { ticket: this.ticket, person, ...message });
    const late = quiet && (this.#isActing || number < this.#shown);
    if (!late) {
      this.#shown = Math.max(number, this.#shown);
      if (!quiet) this.#pinned = false;
      this.#receive(answer, { untouched: typed === this.#typed && !this.#saving });
      if (kind === "log" && answer.status >= 400 && answer.status < 500 && this.#form) this.#pinned = true;
    }
    this.#schedule();
    return answer;
  }

  #receive(answer, { untouched = false } = {}) {
    if (answer.gone) {
      this.#gone = true;
      this.#problem = { words: RELOAD };
      this.#waiting = [];
      this.#showShell();
      return;
    }
    if (answer.waiting) this.#waiting = answer.waiting;
    const ended = this.#adopt(answer.draft, untouched);
    let next = panelIn(answer.html);
    this.#problem = next ? null : problemOf(answer);
    if (next) this.#html = answer.html;
    else if (ended || !this.#root) next = this.#earlier(answer.kept);
    this.#render(next, ended);
    this.#showShell();
  }

  /** What was shown last, here or before the page was loaded: without a server its form still takes logs. */
  #earlier(kept) {
    const ended = this.#waiting.some((row) => row.timer) ? ["timer", "form"] : [];
    if (this.#html) return earlier(this.#html, this.#ticker.now, ended);
    return kept ? earlier(kept.html, clockOf(kept), ["log", ...ended]) : null;
  }

  /** Takes over the worker's draft; answers whether the one in the form has ended, so that the form is to be new. */
  #adopt(draft, untouched) {
    if (!draft) return false;
    const ended = this.#draft !== null && this.#draft.uuid !== draft.uuid;
    if (this.#draft && !ended && !untouched) return false;
    this.#draft = { uuid: draft.uuid, fields: { ...draft.fields } };
    if (ended) {
      this.#unsaved = {};
      this.#pinned = false;
    }
    if (draft.returned) this.#notice = { words: text("returned"), role: "alert" };
    if (!ended && this.#root) fill(this.#root, this.#draft.fields, this.#shadow.activeElement);
    return ended;
  }

  #render(next, ended) {
    if (!next) return;
    const focus = rememberFocus(this.#shadow);
    if (!this.#root) {
      this.#root = next;
      this.#shadow.append(next);
      fill(next, this.#draft?.fields ?? {});
    } else {
      const holdingFields = [...this.#root.children].filter((region) => region.querySelector(FIELDS));
      const renew = ended ? holdingFields.map((region) => region.dataset.region) : [];
      const keep = this.#pinned ? ["alert", "form"] : [];
      if (!this.#pinned) copyAttributes(this.#root, next);
      for (const name of swap(this.#root, next, { renew, keep })) {
        fill(this.#root.querySelector(`:scope > [data-region="${name}"]`), this.#draft?.fields ?? {});
      }
    }
    restoreFocus(this.#shadow, focus);
    this.#root.dataset.now = next.dataset.now;
    if (this.#mounted) this.#ticker.hear(this.#root);
    this.#ahead.look(this.#root);
    this.#badge.show(this.#root.querySelector(".dh-badge")?.textContent);
    this.#open();
  }

  /** A ticket was opened, and its agents want a timer to start then. */
  #open() {
    const path = this.#root.dataset.onOpen;
    if (this.#opened || !path || !this.#mounted || document.hidden) return;
    this.#opened = true;
    const message = { path, method: "POST", fields: collect(this.#root), forget: [] };
    this.#whileBusy(this.#root, () => this.#exchange("action", message));
  }

  #showShell() {
    const { state, band = "none", locked = "false" } = this.#root?.dataset ?? {};
    const shown = this.#problem ? "error" : state;
    Object.assign(this.#host.dataset, { band, locked, ...(shown && { state: shown }) });
    const waiting = this.#logging ? [] : this.#waiting;
    fillShell(this.#shell, { problem: this.#problem, notice: this.#notice, waiting });
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (!this.#mounted || this.#gone || document.hidden || this.state === "disconnected") return;
    const seconds = this.#problem ? RETRY_SECONDS : Number(this.#root?.dataset.poll) || RETRY_SECONDS;
    this.#timer = setTimeout(() => this.refresh(), Math.max(0.2, seconds) * 1000);
  }
}
