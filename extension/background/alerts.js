/**
 * Budget alerts on the desktop. The server hands each to one browser of its person; once shown it is reported, so that
 * no other shows it again. One that this browser did not come to show is handed out again.
 */

import config from "../config.js";
import { helpdeskTabs } from "./broadcast.js";
import { callAsAgent, owner as whoIsConnected } from "./session.js";

const ALARM = "alerts";
/** An id of ours begins so; the ticket's address follows, for the worker that is clicked may be another one. */
const OURS = "deskhours-alert ";

let looking = null;

/** To be called when the worker starts: alarms and clicks wake it. */
export function resume() {
  chrome.alarms.onAlarm.addListener((alarm) => {
    if (alarm.name === ALARM) look();
  });
  chrome.notifications.onClicked.addListener(open);
  keepLooking();
}

async function keepLooking() {
  if (!(await chrome.alarms.get(ALARM))) await chrome.alarms.create(ALARM, { periodInMinutes: 1 });
}

/** Shows what waits for the agent who is connected; once at a time. */
export function look() {
  looking ??= show().finally(() => (looking = null));
  return looking;
}

async function show() {
  const owner = await whoIsConnected();
  if (!owner) return;
  const asAgent = { as: owner, accept: "application/json" };
  const { status, json } = await callAsAgent("POST", "/api/v1/alerts/take", {}, asAgent);
  if (status !== 200) return;
  for (const { id, title, message, url } of json?.items ?? []) {
    if (!isTicket(url)) continue;
    await chrome.notifications.create(`${OURS}${id} ${url}`, {
      type: "basic",
      iconUrl: chrome.runtime.getURL("icons/icon-128.png"),
      title,
      message,
    });
    await callAsAgent("POST", `/api/v1/alerts/${id}/shown`, {}, asAgent);
  }
}

/** The ticket in a tab of the helpdesk that is there: helpdesks take a second one for another session. */
async function open(notification) {
  if (!notification.startsWith(OURS)) return;
  const url = notification.slice(OURS.length).split(" ")[1];
  chrome.notifications.clear(notification);
  if (!isTicket(url)) return;
  const [tab] = await helpdeskTabs();
  if (!tab) {
    await chrome.tabs.create({ url });
    return;
  }
  await chrome.tabs.update(tab.id, { active: true, url });
  await chrome.windows.update(tab.windowId, { focused: true });
}

function isTicket(url) {
  return typeof url === "string" && url.startsWith(`${config.helpdesk.origin}/`);
}
