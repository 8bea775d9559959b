/** Tells every open page of the helpdesk, and the popup, that something has changed. */

import config from "../config.js";

export async function broadcast(kind) {
  const message = { kind };
  const nobodyListens = () => {};
  const { hostname, origin, protocol } = new URL(config.helpdesk.origin);
  // Match patterns know no ports (Firefox refuses them), so the port is compared here.
  const tabs = await chrome.tabs.query({ url: `${protocol}//${hostname}/*` });
  const ours = tabs.filter((tab) => tab.url && new URL(tab.url).origin === origin);
  await Promise.all([
    chrome.runtime.sendMessage(message).catch(nobodyListens),
    ...ours.map((tab) => chrome.tabs.sendMessage(tab.id, message).catch(nobodyListens)),
  ]);
}
