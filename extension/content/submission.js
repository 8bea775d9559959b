/**
 * Sees that a reply is submitted, whatever way it is made, and stands in its way only where the admin wants time with
 * every reply. The press of a site's submit
 * control is seen before the page acts on it. A shortcut that makes no event is seen by the page locking that control,
 * while the text still stands in the composer; where a page locks nothing, by its outcome: the composer was emptied and
 * an article appeared.
 *
 * What becomes of it is seen by the control being freed again: with the text gone it went through, with the text in
 * place it was refused or called off. A ticket that is closed for good meanwhile is left to the server, which looks for
 * the article by itself.
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
  #noticed = false; // the submission whose outcome is to come was seen when it was made
  #pending = null; // {sent, open, written, root, asked, calledOff}: a log under way whose outcome is not known
  #notices = new WeakSet();
  #roots = new WeakSet();

  constructor(site, panel) {
    this.#site = site;
    this.#panel = panel;
  }

  /** Listens on an open ticket, in capture phase: before any handler of the page. */
  listen(root, signal) {
    const { submit, discard, dialog } = this.#site;
    const options = { capture: true, signal };
    for (const { event, selector, maySpeak } of submit) {
      const seen = (event) => {
        if (!event.target.closest?.(selector)) return;
        if (this.#isWritten(root) && this.#panel.lacksTime) {
          // The one case in which a reply waits: the admin wants time with it. One more press sends it without.
          event.preventDefault();
          event.stopImmediatePropagation();
          this.#panel.askForTime();
        } else {
          this.#submitted(root, maySpeak);
        }
      };
      root.addEventListener(event, seen, options);
    }
    const pressed = ({ target }) => {
      if (target.closest?.(discard.selector)) this.#written = false;
      if (target.closest?.(dialog.cancel.selector)) this.#calledOff();
    };
    root.addEventListener("click", pressed, options);
    const keyed = ({ key, target }) => key === dialog.cancelKey && target.closest?.(dialog.selector) && this.#calledOff();
    root.addEventListener("keydown", keyed, options);
    this.#watchLock(root);
  }

  /** To be called whenever the page has changed. */
  observe(root) {
    const last = this.#lastArticle(root);
    const written = this.#isWritten(root);
    const now = Date.now();
    if (this.#last !== null) {
      if (last > this.#last && this.#last > 0) this.#appeared(now);
      if (written) this.#emptied = 0;
      else if (this.#written) this.#emptied = now;
    }
    this.#last = Math.max(last, this.#last ?? 0);
    this.#written = written;
    if (this.#pending?.root === root && root.querySelector(this.#site.dialog.selector)) this.#pending.asked = true;
    this.#lookForRefusal();
    this.#lookForOutcome(root, now);
  }

  /** Not bound to a visit: the outcome may come while the ticket is out of the document. It goes with the element. */
  #watchLock(root) {
    if (this.#roots.has(root)) return;
    this.#roots.add(root);
    const { selector, attribute } = this.#site.lock;
    const changed = (records) => {
      if (!records.some(({ target }) => target.matches(selector))) return;
      const ours = this.#pending?.root === root;
      if (root.querySelector(selector)?.hasAttribute(attribute)) {
        if (!ours) this.#submitted(root);
      } else if (ours) {
        this.#freed(this.#pending);
      }
    };
    new MutationObserver(changed).observe(root, { attributeFilter: [attribute], subtree: true });
  }

  /** `maySpeak`: an article may come of it though nothing stands in the composer. */
  #submitted(root, maySpeak = false) {
    this.#noticed = true;
    const values = this.#panel.values();
    this.#panel.replied();
    if (!values) return;
    const written = this.#isWritten(root);
    if (written || maySpeak) this.#arm(root, this.#lastArticle(root), written);
    else this.#panel.tell(text("noReply"));
  }

  #arm(root, after, written) {
    if (this.#pending?.open) return; // a second press while the first is under way
    const sent = this.#panel.arm(after);
    const asked = root.querySelector(this.#site.dialog.selector) !== null; // after a shortcut it is there already
    const pending = { sent, written, root, open: true, asked, calledOff: false };
    this.#pending = pending;
    this.#rememberNotices();
    sent.finally(() => (pending.open = false));
    if (written) this.#confirm(pending, LOOK_AGAIN_AFTER);
    else setTimeout(() => this.#pending === pending && this.#wentThrough(pending), OUTCOME_WITHIN);
  }

  #calledOff() {
    if (this.#pending) this.#pending.calledOff = true;
  }

  /** The page has freed its submit control. Its time dialog frees it however it is closed, also when all goes on. */
  #freed(pending) {
    const written = this.#isWritten(pending.root);
    if (pending.calledOff || (written && !pending.asked)) this.#refused(pending);
    else if (!written) this.#wentThrough(pending);
    else setTimeout(() => this.#pending === pending && this.#freedForGood(pending), OUTCOME_WITHIN);
  }

  #freedForGood(pending) {
    if (this.#isWritten(pending.root)) this.#refused(pending);
    else this.#wentThrough(pending);
  }

  #wentThrough(pending) {
    this.#pending = null;
    if (pending.written) this.#confirm(pending, [0, ...LOOK_AGAIN_AFTER]);
    else this.#confirm(pending, [0, ...LOOK_AGAIN_AFTER.slice(0, 2)], text("noReply"));
  }

  #refused(pending) {
    this.#pending = null;
    this.#noticed = false;
    this.#rememberNotices();
    pending.sent.then((uuid) => uuid && this.#panel.giveUp(uuid));
  }

  #appeared(now) {
    this.#grown = { at: now, before: this.#last };
    if (this.#pending) this.#confirm(this.#pending, [0, ...LOOK_AGAIN_AFTER]);
    else if (this.#panel.armed) this.#panel.confirm(this.#panel.armed);
  }

  /** The server looks by itself; this only makes it look sooner. With `words` the last look decides: then they are said. */
  async #confirm({ sent }, delays, words = null) {
    const uuid = await sent;
    if (!uuid) return;
    for (const delay of delays.slice(0, words ? -1 : undefined)) setTimeout(() => this.#panel.confirm(uuid), delay);
    if (words) setTimeout(() => this.#panel.giveUp(uuid, words), delays.at(-1));
  }

  #lookForOutcome(root, now) {
    const recent = (time) => now - time < OUTCOME_WITHIN;
    if (!this.#grown || !recent(this.#grown.at) || !recent(this.#emptied)) return;
    const { before } = this.#grown;
    const noticed = this.#noticed;
    this.#grown = this.#pending = null;
    this.#emptied = 0;
    this.#noticed = false;
    if (noticed || !this.#panel.values()) return;
    this.#arm(root, before, true);
    this.#confirm(this.#pending, [0]);
    this.#pending = null;
  }

  #lookForRefusal() {
    if (!this.#pending) return;
    const fresh = [...document.querySelectorAll(this.#site.refusal.selector)].filter(
      (notice) => !this.#notices.has(notice) && notice.checkVisibility() && notice.textContent.trim(),
    );
    if (fresh.length) this.#refused(this.#pending);
  }

  #rememberNotices() {
    for (const notice of document.querySelectorAll(this.#site.refusal.selector)) this.#notices.add(notice);
  }

  #lastArticle(root) {
    const { selector, id } = this.#site.article;
    const ids = [...root.querySelectorAll(selector)].map((article) => Number(article.getAttribute(id)));
    // During a re-render the page may show none; what it has shown before still counts.
    return Math.max(this.#last ?? 0, ...ids.filter(Number.isSafeInteger));
  }

  #isWritten(root) {
    const body = root.querySelector(this.#site.body.selector);
    if (!body) return false;
    const notWritten = this.#site.notWritten.selector;
    const copy = body.querySelector(notWritten) ? body.cloneNode(true) : body;
    if (copy !== body) for (const part of copy.querySelectorAll(notWritten)) part.remove();
    return copy.textContent.trim() !== "" || copy.querySelector("img") !== null;
  }
}
