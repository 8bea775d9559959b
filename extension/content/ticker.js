/**
 * Lets the time of a running timer go on, every second, by the server's clock: the fragment says what time it was
 * there (`data-now`), and from then on only durations count. A wrong clock of this machine changes nothing.
 *
 * `data-seconds` are those counted already; `data-ticks-since` is the instant from which they go on.
 */
const CLOCK = "[data-seconds][data-ticks-since]";

export class Ticker {
  #root = null;
  #now = 0; // the server's, in milliseconds
  #heardAt = 0;
  #interval = 0;

  /** A fragment has come: `root` shows it. */
  hear(root) {
    this.#root = root;
    const now = Date.parse(root.dataset.now);
    if (!Number.isNaN(now)) {
      this.#now = now;
      this.#heardAt = performance.now();
    }
    this.#tick();
    const runs = root.querySelector(CLOCK) !== null;
    if (runs && !this.#interval) this.#interval = setInterval(() => this.#tick(), 1000);
    if (!runs) this.stop();
  }

  /** The server's clock, in milliseconds; not a number before the first fragment. */
  get now() {
    return this.#now ? this.#now + performance.now() - this.#heardAt : NaN;
  }

  stop() {
    clearInterval(this.#interval);
    this.#interval = 0;
  }

  #tick() {
    const { now } = this;
    for (const clock of this.#root.querySelectorAll(CLOCK)) {
      const since = Date.parse(clock.dataset.ticksSince);
      const gone = Number(clock.dataset.seconds) + Math.max(0, Math.floor((now - since) / 1000));
      const shown = text(gone);
      if (clock.textContent !== shown) clock.textContent = shown;
    }
  }
}

/** Hours, minutes and seconds, as the server writes them. */
function text(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
