/**
 * Whether this extension and the server fit. The server judges; what it says 412 to it has not looked at, so for all who
 * asked it is as good as no answer: logs wait, drafts stay, nobody is signed out.
 */

/** Of the contract in docs/extension.md; plugin_server/runtime/fit.py has its own. */
const API = 1;
const MISFIT = 412;

let current = null;

const have = () => chrome.runtime.getManifest().version;
const text = (name, ...substitutes) => chrome.i18n.getMessage(name, substitutes);

/** What every call says of this extension. */
export const versions = () => ({ "X-Deskhours-Extension": have(), "X-Deskhours-Api": String(API) });

/** Looks at the server's answer; whether it was that the two do not fit. */
export function isMisfit(response) {
  const speaks = response.headers.get("X-Deskhours-Api"); // none: it is somebody else's answer, a proxy's
  current = response.status === MISFIT && speaks !== null ? describe(Number(speaks), response.headers) : null;
  return current !== null;
}

/** `{words, mayUpdate}` while extension and server do not fit, as far as is known; else null. */
export const misfit = () => current;

function describe(speaks, headers) {
  if (speaks < API) return { words: text("serverTooOld", have()), mayUpdate: false };
  const least = headers.get("X-Deskhours-Least-Extension") ?? "";
  return { words: text("extensionTooOld", have(), least), mayUpdate: "requestUpdateCheck" in chrome.runtime };
}

/** Asks the browser for a newer extension, for a person who has pressed Update; answers the words on what comes of it. */
export async function update() {
  const { status } = await chrome.runtime.requestUpdateCheck();
  const outcome = { update_available: "updateComes", throttled: "updateLater" }[status] ?? "updateNone";
  return { words: text(outcome) };
}

/** To be called when the worker starts. A browser puts an update off while the extension is in use; now it is of none. */
export function takeUpdates() {
  // Firefox, which has no such request, would put every update off for a listener.
  if (!("requestUpdateCheck" in chrome.runtime)) return;
  chrome.runtime.onUpdateAvailable.addListener(() => {
    if (current) chrome.runtime.reload();
  });
}
