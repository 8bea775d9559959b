/** Which ticket the browser shows, by the address of the tab in front. */

import config from "../config.js";
import zammad from "../content/sites/zammad.js";

const SITES = { zammad };

/** Its id; 0 when the tab shows none, or not the helpdesk. The browser tells us no other site's addresses. */
export async function ticketHere() {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return tab?.url && new URL(tab.url).origin === config.helpdesk.origin ? ticketOf(tab.url) : 0;
}

function ticketOf(address) {
  const id = Number(SITES[config.helpdesk.kind].address.ticket.exec(address)?.[1]);
  return Number.isSafeInteger(id) ? id : 0;
}
