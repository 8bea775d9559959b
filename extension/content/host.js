/** The panel's host element: its shadow root, its styles, and the events that stay inside it. */

import { text } from "./ask.js";
import { loadOnOpening } from "./disclosure.js";

/** Events that would make the page act on what is done in here: its shortcuts, its autosave, a composer that opens. */
const KEPT_INSIDE = [
  ...["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "cut", "copy"],
  ...["focusin", "focusout"],
];

const styles = new Map();

/** A stylesheet of this folder as an element of its own, read once. */
export function styled(name) {
  const address = chrome.runtime.getURL(`content/${name}.css`);
  if (!styles.has(name)) styles.set(name, fetch(address).then((file) => file.text()));
  const style = document.createElement("style");
  styles.get(name).then((css) => (style.textContent = css));
  return style;
}

/** Makes a host of that kind, with its open shadow root; what it holds comes after the styles. */
export function makeHost(kind, ...content) {
  const host = document.createElement("div");
  host.lang = text("language"); // of our own words; the server's fragment says its own
  const shadow = host.attachShadow({ mode: "open" });
  Object.assign(host.dataset, { deskhours: kind, band: "none", locked: "false" });
  for (const name of KEPT_INSIDE) host.addEventListener(name, (event) => event.stopPropagation());
  shadow.append(styled("panel"), ...content);
  loadOnOpening(host, shadow);
  return host;
}
