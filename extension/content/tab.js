/**
 * A tab of our own in the helpdesk's sidebar, beside the page's. The page knows nothing of it: while ours is open, the
 * page's panel is put out of sight, and whatever tab of the page is pressed next brings everything back as it was.
 */

export class SidebarTab {
  #site;
  #button;
  #panel;
  #opened; // called when it is opened, with whether a key did it
  #sidebar = null;
  #listening = null; // ends what listens to the sidebar it stands in
  #hidden = null; // of the page's own: {tab, panel}

  constructor(site, title, content, opened) {
    this.#site = site;
    this.#opened = opened;
    this.#button = this.#make("button", site.tab.className, { type: "button", title });
    this.#button.setAttribute("aria-label", title);
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.append(icon());
    this.#button.addEventListener("click", (event) => {
      event.stopPropagation(); // the page takes any tab for its own
      if (event.isTrusted && !this.isOpen) this.#open({ byKey: event.detail === 0 });
    });
    this.#panel = this.#make("div", `${site.panel.className} ${site.hidden}`);
    const heading = document.createElement("h2");
    heading.textContent = title;
    const header = document.createElement("div");
    header.className = site.heading.className;
    header.append(heading);
    this.#panel.append(header, content);
  }

  get isOpen() {
    return this.#hidden !== null;
  }

  /** What scrolls the panel; null while it is in no document. */
  get scroller() {
    for (let place = this.#panel; place && place !== this.#sidebar; place = place.parentElement) {
      if (place.scrollHeight > place.clientHeight && getComputedStyle(place).overflowY !== "visible") return place;
    }
    return null;
  }

  /** Puts it into the ticket's sidebar, where it is not there yet. One that was open opens again. */
  place(root) {
    const sidebar = root.querySelector(this.#site.selector);
    const tab = sidebar?.querySelector(`${this.#site.tab.selector}:not([data-deskhours])`);
    const panel = sidebar?.querySelector(`${this.#site.panel.selector}:not([data-deskhours])`);
    if (!tab || !panel) return;
    if (this.#sidebar === sidebar && tab.parentNode.contains(this.#button) && panel.parentNode.contains(this.#panel)) return;
    const wasOpen = this.isOpen;
    this.#leave();
    for (const stranger of sidebar.querySelectorAll("[data-deskhours^=timeline-]")) stranger.remove();
    tab.parentNode.append(this.#button);
    panel.parentNode.append(this.#panel);
    this.#sidebar = sidebar;
    this.#listening = new AbortController();
    sidebar.addEventListener("click", (event) => this.#onOther(event), { capture: true, signal: this.#listening.signal });
    if (wasOpen) this.#open();
  }

  /** Takes it out of the page; what it had put out of sight is shown again. */
  remove() {
    this.#leave();
    this.#button.remove();
    this.#panel.remove();
    this.#sidebar = null;
  }

  #leave() {
    this.#listening?.abort();
    this.#listening = null;
    this.#close();
  }

  #open({ byKey = false } = {}) {
    const { tab, panel, active, hidden } = this.#site;
    const of = (part, state) => this.#sidebar.querySelector(`${part.selector}${state}:not([data-deskhours])`);
    this.#hidden = { tab: of(tab, `.${active}`), panel: of(panel, `:not(.${hidden})`) };
    this.#hidden.tab?.classList.remove(active);
    this.#hidden.panel?.classList.add(hidden);
    this.#show(true);
    this.#opened(byKey);
  }

  #close() {
    if (!this.#hidden) return;
    const { active, hidden } = this.#site;
    this.#hidden.tab?.classList.add(active);
    this.#hidden.panel?.classList.remove(hidden);
    this.#hidden = null;
    this.#show(false);
  }

  #show(on) {
    this.#button.classList.toggle(this.#site.active, on);
    this.#button.setAttribute("aria-expanded", String(on));
    this.#panel.classList.toggle(this.#site.hidden, !on);
  }

  /** A tab of the page's. The one that the page holds for open would close the whole sidebar: it is only shown again. */
  #onOther(event) {
    const tab = event.target.closest?.(`${this.#site.tab.selector}:not([data-deskhours])`);
    if (!tab || !this.isOpen) return;
    const isItsOwn = tab === this.#hidden.tab;
    this.#close();
    if (isItsOwn) event.stopPropagation();
  }

  #make(name, className, properties = {}) {
    const element = Object.assign(document.createElement(name), { className, ...properties });
    element.dataset.deskhours = name === "button" ? "timeline-tab" : "timeline-panel";
    element.dataset.tab = "deskhours-timeline";
    return element;
  }
}

/** A clock over lines, in the page's own colour. */
function icon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("width", "18");
  svg.setAttribute("height", "18");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M10 3a7 7 0 1 1-6.5 4.4M3 3.5v4h4M10 6.5V10l2.5 1.5");
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", "currentcolor");
  path.setAttribute("stroke-width", "1.6");
  svg.append(path);
  return svg;
}
