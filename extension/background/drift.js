/**
 * Tells the server which parts of the helpdesk's page were not as expected, each once a day: the part's name and two counts,
 * nothing of the page, no ticket. What could not be told is told with the next page.
 */

import config from "../config.js";
import { callAsAgent, owner } from "./session.js";
import { atomically, result } from "./store.js";

const TOLD = "drift"; // kept beside the session: {day, told}

/** `drifts` is `[{part, expected, found}]`. */
export async function report(drifts) {
  if (!(await owner())) return;
  const day = new Date().toISOString().slice(0, 10);
  const fresh = await take(day, drifts);
  for (const { part, expected, found } of fresh) {
    const extension = chrome.runtime.getManifest().version;
    const body = { site: config.helpdesk.kind, part, expected, found, extension };
    const { status } = await callAsAgent("POST", "/api/v1/drift", body, { accept: "application/json" });
    if (status !== 204) await giveBack(day, part);
  }
}

/** Those that have not been told today; from now on they have. */
function take(day, drifts) {
  return change(day, (told) => {
    const fresh = drifts.filter(({ part }) => !told.includes(part));
    return [[...told, ...fresh.map(({ part }) => part)], fresh];
  });
}

function giveBack(day, part) {
  return change(day, (told) => [told.filter((one) => one !== part)]);
}

/** `update` makes of what was told today what is to be kept, and an answer. */
function change(day, update) {
  return atomically(["session"], async (store) => {
    const kept = await result(store.get(TOLD));
    const [told, answer] = update(kept?.day === day ? kept.told : []);
    await result(store.put({ day, told }, TOLD));
    return answer;
  });
}
