/**
 * Says, at the page's edge, that the helpdesk's page is otherwise than expected. Where the panel has to stand aside, the
 * ticket's panel can be opened in here, for time without a reply: that needs nothing of the page but the ticket's number in
 * its address. Dismissed, it stays away from this tab until another part is missed, or the extension is another one.
 */

import { text } from "./ask.js";
import { makeHost, styled } from "./host.js";
import { followTheme } from "./theme.js";

const DISMISSED = "deskhours-notice";

export class Notice {
  #words = document.createElement("p");
  #open = button("notice-open", text("driftOpen"));
  #box = document.createElement("section");
  #place = document.createElement("div"); // the panel's, in the document itself, where it always stands
  #host = makeHost("notice", styled("notice"), this.#box);
  #controller = null;
  #opened = null;
  #parts = []; // that are missed
  #panelOf;

  /** `panelOf(ticket)` is the ticket's panel. */
  constructor(panelOf) {
    this.#panelOf = panelOf;
    this.#box.className = "dh-notice";
    this.#box.tabIndex = -1;
    this.#box.setAttribute("aria-label", chrome.runtime.getManifest().name);
    this.#words.setAttribute("role", "status");
    const controls = document.createElement("div");
    controls.className = "dh-buttons";
    controls.append(this.#open, button("notice-dismiss", text("driftDismiss")));
    this.#box.append(this.#words, controls, document.createElement("slot"));
    this.#host.append(this.#place);
    this.#host.shadowRoot.addEventListener("click", (event) => this.#onClick(event));
  }

  /** Shows the words for a page of which `drifts` tell; `isBroken`: the panel has to stand aside. */
  show(ticket, drifts, { isBroken = false } = {}) {
    this.#controller?.abort();
    this.#controller = null;
    this.#host.remove();
    this.#parts = drifts.map(({ part }) => part);
    if (this.#parts.every(isDismissed)) return;
    this.#controller = new AbortController();
    this.#opened = ticket;
    this.#open.hidden = !isBroken || !ticket;
    document.body.append(this.#host);
    followTheme(this.#host, this.#controller.signal);
    // Put in after the host stands: what is there from the start is not read out.
    this.#words.textContent = "";
    requestAnimationFrame(() => (this.#words.textContent = text(isBroken ? "driftBroken" : "driftPartly")));
  }

  #onClick(event) {
    const action = event.target.closest?.("[data-action]")?.dataset.action;
    if (!action || !event.isTrusted) return;
    if (action === "notice-dismiss") {
      sessionStorage.setItem(DISMISSED, JSON.stringify([version(), ...dismissed(), ...this.#parts]));
      this.show(null, []);
    } else if (action === "notice-open") {
      this.#open.hidden = true;
      this.#box.focus(); // the tab order goes on from here, to the panel
      this.#panelOf(this.#opened).mount(this.#place, this.#controller.signal);
      const panel = this.#place.firstElementChild;
      panel.toggleAttribute("data-alone", true);
      this.#controller.signal.addEventListener("abort", () => panel.removeAttribute("data-alone"), { once: true });
    }
  }
}

const version = () => chrome.runtime.getManifest().version;
const isDismissed = (part) => dismissed().includes(part);

/** Parts whose notice was dismissed in this tab, for this version of the extension. */
function dismissed() {
  const [of, ...parts] = JSON.parse(sessionStorage.getItem(DISMISSED) ?? "[]");
  return of === version() ? parts : [];
}

function button(action, words) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "dh-secondary";
  made.dataset.action = action;
  made.textContent = words;
  return made;
}
