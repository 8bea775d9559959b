/** The mark on a locked ticket itself, where everybody who opens it sees it first. It says what its panel says. */

import { makeHost } from "./host.js";
import { followTheme } from "./theme.js";

export class Badge {
  #words = document.createElement("span");
  #host = makeHost("badge", this.#words);

  constructor() {
    this.#words.className = "dh-badge";
  }

  /** Puts it into the ticket's header for the time of a visit. */
  mount(place, signal) {
    if (!place) return;
    for (const stranger of place.querySelectorAll(':scope > [data-deskhours="badge"]')) stranger.remove();
    place.append(this.#host);
    followTheme(this.#host, signal);
    signal.addEventListener("abort", () => this.#host.remove(), { once: true });
  }

  /** Shows the words of a locked ticket; none of an open one. */
  show(words) {
    this.#host.dataset.locked = String(Boolean(words));
    if (this.#words.textContent !== (words ?? "")) this.#words.textContent = words ?? "";
  }
}
