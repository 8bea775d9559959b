/**
 * Logs on their way to the server. A log is stored here before it is sent, and leaves only with the server's answer:
 * accepted, or refused (then it is a draft again). No answer, a server in trouble or a session that ended keep it, over
 * a closed tab and a closed browser. Its UUID never changes, so sending it twice makes nothing twice.
 *
 * A row: `{uuid, owner, ticket, body, fields, at, tries, due, seen, state}`; `state` is
 * waiting | signin (until its agent connects) | refused (a newer draft is in its place; it is shown until dealt with) |
 * discarding (until the server has heard of it).
 */

import { broadcast } from "./broadcast.js";
import { blank, keyOf } from "./drafts.js";
import { callAsAgent, owner as whoIsConnected } from "./session.js";
import { atomically, result } from "./store.js";

const ALARM = "outbox";
const PAUSES = [2_000, 5_000, 15_000, 30_000];
const MINUTE = 60_000;

let line = Promise.resolve();
let timer = 0;

const all = () => atomically(["outbox"], (outbox) => result(outbox.getAll()));
const logPath = (uuid, action = "") => `/api/v1/logs/${uuid}${action && `/${action}`}`;
const isUnanswered = (answer) => !answer.answered || [408, 429].includes(answer.status) || answer.status >= 500;
const isAccepted = (answer) => answer.answered && answer.status >= 200 && answer.status < 300;

/** What is kept for this agent, oldest first; all of it, or one ticket's. */
export async function waiting(owner, ticket) {
  return (await all())
    .filter((row) => row.owner === owner && row.state !== "discarding")
    .filter((row) => ticket === undefined || row.ticket === ticket)
    .sort((one, other) => one.at - other.at)
    .map(({ uuid, ticket, body, fields, state }) => {
      return { uuid, ticket, state, hours: fields.hours, day: fields.spent_date, timer: Boolean(body.timer_id) };
    });
}

/**
 * Stores a log and sends it. Answers `{uuid, answer}`, the answer null when another run has sent it; null when there is
 * nothing to send: the draft it was made of has ended meanwhile (a double click, another tab).
 */
export async function log(owner, { ticket, uuid, confirm, after, values }) {
  const row = await atomically(["outbox", "drafts"], async (outbox, drafts) => {
    const draft = (await result(drafts.get(keyOf(owner, ticket)))) ?? blank(owner, ticket, uuid);
    const earlier = await result(outbox.get(uuid));
    const ofAnotherReply = earlier?.body.confirm === "article" && earlier.body.after_article_id !== after;
    if (draft.uuid !== uuid || ofAnotherReply) {
      if (confirm === "now") return null;
      uuid = crypto.randomUUID(); // a reply of its own is a log of its own
    }
    const body = { ticket_id: ticket, confirm, ...values };
    if (confirm === "article") body.after_article_id = after;
    const { timer_id: _timer, ...typed } = values; // which timer is for the form to say that comes next
    const fields = { log_time: true, ...typed, ...(values.task_id && { task_id: String(values.task_id) }) };
    const start = { at: Date.now(), tries: 0, due: 0, seen: false, state: "waiting" };
    const fresh = { uuid, owner, ticket, body, fields, ...start };
    await result(outbox.put(fresh));
    await result(drafts.put(draft));
    return fresh;
  });
  if (!row) return null;
  const answers = await flush({ now: true });
  // Another tab's run may have sent this very row; then its answer has been dealt with there.
  return { uuid: row.uuid, answer: answers.get(row.uuid) ?? null };
}

/** The log's article has appeared. */
export async function confirm(uuid) {
  const kept = await atomically(["outbox"], async (outbox) => {
    const row = await result(outbox.get(uuid));
    if (row) await result(outbox.put({ ...row, seen: true }));
    return row;
  });
  return kept ? null : callAsAgent("POST", logPath(uuid, "confirm"), {});
}

/** The reply was refused, or the person wants the log back: it is the draft again, unless another has been begun. */
export function disarm(uuid) {
  return inLine(async () => {
    const row = await atomically(["outbox"], (outbox) => result(outbox.get(uuid)));
    if (row) await giveBack(row);
    await schedule();
    return callAsAgent("POST", logPath(uuid, "disarm"), {}); // it may have arrived without our knowing
  });
}

/** Given up. The row stays, unseen, until the server has heard of it: the log may have arrived without our knowing. */
export async function discard(uuid) {
  const row = await atomically(["outbox"], async (outbox) => {
    const kept = await result(outbox.get(uuid));
    if (kept) await result(outbox.put({ ...kept, at: Date.now(), state: "discarding" }));
    return kept;
  });
  if (row) await flush({ now: true });
}

/** Sends what is due, in the order in which it was made; one run at a time. Answers the answers by UUID. */
export function flush({ now = false, afterSignIn = false } = {}) {
  return inLine(() => run({ now, afterSignIn }));
}

/** One thing after the other: what is on its way can't be taken back in the middle. */
function inLine(work) {
  line = line.catch(() => {}).then(work);
  return line;
}

async function run({ now, afterSignIn }) {
  const owner = await whoIsConnected();
  const time = Date.now();
  const rows = (await all())
    .filter((row) => row.owner === owner)
    .filter(({ state }) => ["waiting", "discarding"].includes(state) || (afterSignIn && state === "signin"))
    .sort((one, other) => one.at - other.at);
  // All or none: a ticket's logs must arrive in their order, for arming one replaces an unconfirmed one before it.
  if (!now && !afterSignIn && !rows.some((row) => row.due <= time)) rows.length = 0;
  const answers = new Map();
  let silent = false;
  const held = new Set(); // tickets of which an earlier log is still to be sent
  for (const row of rows) {
    const answer = silent || held.has(row.ticket) ? { answered: false } : await send(row, owner);
    silent ||= !answer.answered;
    if (isUnanswered(answer)) held.add(row.ticket);
    answers.set(row.uuid, await settle(row, answer));
  }
  await schedule();
  if (rows.length) await broadcast("changed");
  return answers;
}

function send(row, owner) {
  if (row.state === "discarding") return callAsAgent("DELETE", logPath(row.uuid), undefined, { as: owner });
  return callAsAgent("PUT", logPath(row.uuid), { ...row.body, age_seconds: ageOf(row) }, { as: owner });
}

/** How long ago its person asked for it, in seconds: a timer is to stop as of then. */
function ageOf(row) {
  return Math.min(30 * 86_400, Math.max(0, Math.round((Date.now() - row.at) / 1000)));
}

async function settle(row, answer) {
  if (row.state === "discarding") {
    // Unknown there, or too late: whatever the server says, there is nothing left to be done from here.
    if (isUnanswered(answer)) await update(row, { tries: row.tries + 1, due: Date.now() + MINUTE });
    else if (answer.status !== 401) await atomically(["outbox"], (outbox) => result(outbox.delete(row.uuid)));
    return answer;
  }
  if (isAccepted(answer)) {
    const seen = await leave(row);
    const confirmed = seen ? await callAsAgent("POST", logPath(row.uuid, "confirm"), {}) : null;
    return confirmed?.answered && confirmed.html ? confirmed : answer;
  }
  if (isUnanswered(answer)) await stay(row);
  else if (answer.status === 401) await update(row, { state: "signin" });
  else await giveBack(row);
  return answer;
}

/** Accepted: the row goes, and the draft it was made of has ended. Answers whether its article was seen meanwhile. */
function leave(row) {
  return atomically(["outbox", "drafts"], async (outbox, drafts) => {
    const current = await result(outbox.get(row.uuid));
    if (current?.at === row.at) await result(outbox.delete(row.uuid));
    await endDraft(drafts, row);
    return current?.seen ?? false;
  });
}

/** No answer: the row holds the values from now on, and the form is free for the next log. */
function stay(row) {
  return atomically(["outbox", "drafts"], async (outbox, drafts) => {
    const current = await result(outbox.get(row.uuid));
    if (current?.at !== row.at) return;
    const tries = row.tries + 1;
    await result(outbox.put({ ...current, tries, due: Date.now() + (PAUSES[tries - 1] ?? MINUTE) }));
    await endDraft(drafts, row);
  });
}

/** Refused: what it holds is a draft again, unless another has been begun; then it stays here to be looked at. */
function giveBack(row) {
  return atomically(["outbox", "drafts"], async (outbox, drafts) => {
    const draft = await result(drafts.get(keyOf(row.owner, row.ticket)));
    const itsOwn = !draft || draft.uuid === row.uuid;
    if (!itsOwn && Object.keys(draft.fields).length) {
      await result(outbox.put({ ...row, state: "refused" }));
      return;
    }
    await result(outbox.delete(row.uuid));
    const returned = { ...blank(row.owner, row.ticket, row.uuid), fields: row.fields, returned: !itsOwn };
    await result(drafts.put({ ...returned, panel: draft?.panel }));
  });
}

function update(row, change) {
  return atomically(["outbox"], async (outbox) => {
    const current = await result(outbox.get(row.uuid));
    if (current?.at === row.at) await result(outbox.put({ ...current, ...change }));
  });
}

async function endDraft(drafts, row) {
  const draft = await result(drafts.get(keyOf(row.owner, row.ticket)));
  if (draft?.uuid !== row.uuid) return;
  await result(drafts.put({ ...blank(row.owner, row.ticket), panel: draft.panel }));
}

/** A timer while the worker lives, an alarm for when it does not. */
async function schedule() {
  const due = (await all()).filter(({ state }) => ["waiting", "discarding"].includes(state)).map((row) => row.due);
  clearTimeout(timer);
  if (!due.length) {
    await chrome.alarms.clear(ALARM);
    return;
  }
  timer = setTimeout(flush, Math.max(0, Math.min(...due) - Date.now()));
  if (!(await chrome.alarms.get(ALARM))) await chrome.alarms.create(ALARM, { periodInMinutes: 1 });
}

/** To be called when the worker starts: listens for the alarm and goes on where the last worker stopped. */
export function resume() {
  chrome.alarms.onAlarm.addListener((alarm) => {
    if (alarm.name === ALARM) flush({ now: true });
  });
  schedule();
}
