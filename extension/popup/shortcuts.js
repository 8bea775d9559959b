/** The keyboard shortcuts with the keys that the browser really has: people change them, and others may hold them. */

import { text } from "../content/ask.js";

const WORDS = { _execute_action: "commandPopup", timer: "commandTimer", hours: "commandHours" };
const SETTINGS = "chrome://extensions/shortcuts";

/** Fills the list; nothing is shown where the browser has no shortcuts. */
export async function showShortcuts(place) {
  const commands = (await chrome.commands?.getAll()) ?? [];
  const rows = commands.filter(({ name }) => Object.hasOwn(WORDS, name)).map(rowOf);
  place.hidden = rows.length === 0;
  place.querySelector("summary").textContent = text("shortcuts");
  place.querySelector("dl").replaceChildren(...rows.flat());
  const change = place.querySelector("button");
  change.textContent = text("shortcutsChange");
  change.addEventListener("click", openSettings);
}

function rowOf({ name, shortcut }) {
  const [what, keys] = [document.createElement("dt"), document.createElement("dd")];
  what.textContent = text(WORDS[name]);
  if (shortcut) {
    const key = document.createElement("kbd");
    key.textContent = shortcut;
    keys.append(key);
  } else keys.textContent = text("shortcutUnset");
  return [what, keys];
}

/** Only the browser may change them, on a page of its own. */
function openSettings() {
  if (chrome.commands.openShortcutSettings) chrome.commands.openShortcutSettings();
  else chrome.tabs.create({ url: SETTINGS });
}
