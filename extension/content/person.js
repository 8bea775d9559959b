/**
 * Who is signed in to the helpdesk in this page. It proves nothing and grants nothing: it only tells when the page's
 * person is not the one whom the extension is connected as, so that nobody's time is logged as somebody else's.
 */

const FRESH_MS = 10_000;
/** Whatever a person does waits for this answer: a helpdesk that hangs must not hold it up for long. */
const PATIENCE_MS = 2_000;

export class Person {
  /** The helpdesk's id of the person; 0 while it is not known. */
  known = 0;
  #site;
  #asked = -Infinity;

  constructor(site) {
    this.#site = site;
  }

  /** The person as of a moment ago; while the helpdesk does not answer, the last one known. */
  async current() {
    if (performance.now() - this.#asked > FRESH_MS) {
      this.#asked = performance.now();
      const { path, id } = this.#site.person;
      try {
        const signal = AbortSignal.timeout(PATIENCE_MS);
        const answer = await fetch(path, { headers: { Accept: "application/json" }, signal });
        this.known = answer.ok ? Number((await answer.json())[id]) || 0 : 0;
      } catch {
        // No answer says nothing of who it is: whoever was known stays so, and is asked for again soon.
      }
    }
    return this.known;
  }
}
