/**
 * Whether the page is as the site's declaration says. It is looked at for each ticket that is opened, after the page has
 * been quiet for a while, and once more before anybody is told: pages render late. Found well, it is looked at again when
 * it has changed, once in a while, for a page may break later. While something is wrong, each later quiet moment is looked
 * at, too, so that a false alarm ends by itself.
 */

import { ticketsOnShow } from "./watch.js";

const QUIET_MS = 1_500;
const AGAIN_MS = 3_000;

/** Every selector of a declaration with its name and the count expected of it. */
export function partsOf(site) {
  const parts = [];
  const add = (part, name) => {
    for (const one of [part].flat()) {
      if (!one?.selector) continue;
      const [least, most] = [one.count, one.count].flat();
      parts.push({ ...one, name: one.name ?? name, least, most });
      for (const [inner, value] of Object.entries(one)) if (value?.selector) add(value, `${name}_${inner}`);
    }
  };
  for (const [name, part] of Object.entries(site)) if (name !== "ticket") add(part, name);
  return parts;
}

/**
 * What of the page is otherwise, as `[{part, expected, found, needed}]`. A ticket of which no part at all is there is not
 * rendered yet, or may not be read: nothing is wrong with it.
 */
export function driftsOf(site) {
  const parts = partsOf(site);
  const found = (root, { selector, anywhere }) => (anywhere ? document : root).querySelectorAll(selector).length;
  const isShownIn = (root) => parts.some((part) => !part.anywhere && found(root, part) > 0);
  const tickets = ticketsOnShow(site);
  const { needed, count } = site.ticket;
  if (tickets.length !== count) {
    const isDue = site.ticket.address.test(location.hash) && isShownIn(document);
    return isDue ? [{ part: "ticket", expected: String(count), found: tickets.length, needed }] : [];
  }
  const [{ root }] = tickets;
  if (!isShownIn(root)) return [];
  return parts.flatMap((part) => {
    const number = found(root, part);
    const least = part.due && root.querySelector(part.due) ? Math.max(1, part.least) : part.least;
    if (number >= least && number <= part.most) return [];
    const expected = least === part.most ? String(least) : `${least}-${part.most}`;
    return [{ part: part.name, expected, found: number, needed: Boolean(part.needed) }];
  });
}

export class Drift {
  /** Whether something is missing without which the panel could not see what is done, as of the last ticket on show. */
  isBroken = false;
  #current = "[]";
  #site;
  #told;
  #suspected = "[]";
  #fine = null; // the address that was looked at and found well
  #timer = 0;

  /** `told(drifts)` is called when what is wrong has changed. */
  constructor(site, told) {
    this.#site = site;
    this.#told = told;
  }

  /** To be called whenever the page has changed. */
  moved() {
    const isFine = location.hash === this.#fine;
    if (isFine && this.#timer) return; // a page that never is quiet is looked at all the same
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), isFine ? AGAIN_MS : QUIET_MS);
  }

  #look() {
    this.#timer = 0;
    const isTicket = this.#site.ticket.address.test(location.hash);
    const drifts = isTicket ? driftsOf(this.#site) : [];
    const now = JSON.stringify(drifts);
    const isSure = drifts.length === 0 || now === this.#suspected;
    this.#suspected = now;
    this.#fine = drifts.length === 0 ? location.hash : null;
    if (!isSure) return this.moved();
    if (now === this.#current) return;
    this.#current = now;
    if (isTicket) this.isBroken = drifts.some(({ needed }) => needed);
    this.#told(drifts);
  }
}
