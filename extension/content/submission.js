/**
 * Sees that a reply is submitted, whatever way it is made, and never stands in its way. The click on the site's submit
 * control is seen before the page acts on it; a shortcut or anything else that makes no click is seen by its outcome:
 * the composer was emptied and an article appeared.
 */

import { text } from "./ask.js";

const OUTCOME_WITHIN = 10_000;
const LOOK_AGAIN_AFTER = [1_000, 3_000, 6_000];

export class Submissions {
  #site;
  #panel;
  #last = null; // the highest article id the page has shown
  #written = false;
  #grown = null; // {at, before}: an article has appeared
  #emptied = 0;
  #pending = null; // {sent, open, values}: a log under way whose article has not been seen
  #notices = new WeakSet();

  constructor(site, panel) {
    this.#site = site;
    this.#panel = panel;
  }

  /** Listens on an open ticket, in capture phase: before any handler of the page. */
  listen(ticketElement, signal) {
    const { submit, discard } = this.#site;
    for (const { event, selector } of submit) {
      const seen = ({ target }) => target.closest?.(selector) && this.#submitted(ticketElement);
      ticketElement.addEventListener(event, seen, { capture: true, signal });
    }
    const dropped = ({ target }) => {
      if (target.closest?.(discard.selector)) this.#written = false;
    };
    ticketElement.addEventListener("click", dropped, { capture: true, signal });
  }

  /** To be called whenever the page has changed. */
  observe(ticketElement) {
    const last = this.#lastArticle(ticketElement);
    const written = this.#isWritten(ticketElement);
    const now = Date.now();
    if (this.#last !== null) {
      if (last > this.#last && this.#last > 0) this.#appeared(now);
      if (written) this.#emptied = 0;
      else if (this.#written) this.#emptied = now;
    }
    this.#last = Math.max(last, this.#last ?? 0);
    this.#written = written;
    this.#lookForRefusal();
    this.#lookForOutcome(now);
  }

  #submitted(ticketElement) {
    const values = this.#panel.values();
    if (!values) return;
    if (this.#isWritten(ticketElement)) this.#arm(this.#lastArticle(ticketElement), values);
    else this.#panel.tell(text("noReply"));
  }

  #arm(after, values) {
    if (this.#pending?.open) return; // a second click while the first is under way
    const sent = this.#panel.arm(after);
    const pending = { sent, values, open: true };
    this.#pending = pending;
    this.#rememberNotices();
    sent.finally(() => (pending.open = false));
    this.#confirm(pending, LOOK_AGAIN_AFTER);
  }

  #appeared(now) {
    this.#grown = { at: now, before: this.#last };
    if (this.#pending) this.#confirm(this.#pending, [0, ...LOOK_AGAIN_AFTER]);
  }

  /** The server looks by itself; this only makes it look sooner. */
  async #confirm({ sent }, delays) {
    const uuid = await sent;
    if (!uuid) return;
    for (const delay of delays) setTimeout(() => this.#panel.confirm(uuid), delay);
  }

  #lookForOutcome(now) {
    const recent = (time) => now - time < OUTCOME_WITHIN;
    if (!this.#grown || !recent(this.#grown.at) || !recent(this.#emptied)) return;
    const { before } = this.#grown;
    const made = this.#pending;
    this.#grown = this.#pending = null;
    this.#emptied = 0;
    const values = this.#panel.values();
    if (!values || made?.open || JSON.stringify(made?.values) === JSON.stringify(values)) return;
    this.#arm(before, values);
    this.#confirm(this.#pending, [0]);
    this.#pending = null;
  }

  #lookForRefusal() {
    if (!this.#pending) return;
    const fresh = [...document.querySelectorAll(this.#site.refusal.selector)].filter(
      (notice) => !this.#notices.has(notice) && notice.checkVisibility() && notice.textContent.trim(),
    );
    if (!fresh.length) return;
    const { sent } = this.#pending;
    this.#pending = null;
    this.#rememberNotices();
    sent.then((uuid) => uuid && this.#panel.disarm(uuid));
  }

  #rememberNotices() {
    for (const notice of document.querySelectorAll(this.#site.refusal.selector)) this.#notices.add(notice);
  }

  #lastArticle(ticketElement) {
    const { selector, id } = this.#site.article;
    const ids = [...ticketElement.querySelectorAll(selector)].map((article) => Number(article.getAttribute(id)));
    // During a re-render the page may show none; what it has shown before still counts.
    return Math.max(this.#last ?? 0, ...ids.filter(Number.isSafeInteger));
  }

  #isWritten(ticketElement) {
    const body = ticketElement.querySelector(this.#site.body.selector);
    if (!body) return false;
    const { notWritten } = this.#site;
    const copy = body.querySelector(notWritten) ? body.cloneNode(true) : body;
    if (copy !== body) for (const part of copy.querySelectorAll(notWritten)) part.remove();
    return copy.textContent.trim() !== "" || copy.querySelector("img") !== null;
  }
}
