/** Tells every open page of the helpdesk, and the popup, that something has changed. */

import config from "../config.js";

/** The tabs in which the helpdesk is open. */
export async function helpdeskTabs() {
  const { hostname, origin, protocol } = new URL(config.helpdesk.origin);
  // Match patterns know no ports (Firefox refuses them), so the port is compared here.
  const tabs = await chrome.tabs.query({ url: `${protocol}//${hostname}/*` });
  return tabs.filter((tab) => tab.url && new URL(tab.url).origin === origin);
}

export async function broadcast(kind) {
  const message = { kind };
  const nobodyListens = () => {};
  const tabs = await helpdeskTabs();
  await Promise.all([
    chrome.runtime.sendMessage(message).catch(nobodyListens),
    ...tabs.map((tab) => chrome.tabs.sendMessage(tab.id, message).catch(nobodyListens)),
  ]);
}
