/** The background worker: who may ask what. Listeners stand at the top level, so that an event can wake the worker. */

import config from "../config.js";
import * as alerts from "./alerts.js";
import { broadcast } from "./broadcast.js";
import { takeCommands } from "./commands.js";
import * as drafts from "./drafts.js";
import * as drift from "./drift.js";
import * as fit from "./fit.js";
import * as outbox from "./outbox.js";
import * as session from "./session.js";

const PAGE = "helpdesk page";
const POPUP = "popup";

/** Every message there is: who may send it, what it carries, what answers it. */
const MESSAGES = {
  panel: { from: [PAGE], carries: { ticket: isId, person: isIdOrZero }, run: showPanel },
  draft: { from: [PAGE], carries: { ticket: isId, uuid: isUuid, fields: isFields }, run: saveDraft },
  log: {
    from: [PAGE],
    carries: { ticket: isId, person: isIdOrZero, uuid: isUuid, confirm: isConfirm, after: isIdOrZero, values: isFields },
    run: log,
  },
  confirm: { from: [PAGE], carries: { ticket: isId, uuid: isUuid }, run: confirm },
  disarm: { from: [PAGE], carries: { ticket: isId, uuid: isUuid }, run: disarm },
  action: {
    from: [PAGE],
    carries: { ticket: isId, method: isMethod, path: isText, fields: isFields, forget: isNames },
    run: act,
  },
  fragment: {
    from: [PAGE],
    carries: { person: isIdOrZero, method: isMethod, path: isText, fields: isFields },
    run: showFragment,
  },
  ahead: { from: [PAGE], carries: { ticket: isId, hours: isText }, run: lookAhead },
  drift: { from: [PAGE], carries: { drifts: isDrifts }, run: tellDrift },
  projects: { from: [PAGE], carries: { ticket: isId, words: isText }, run: findProjects },
  note: { from: [PAGE], carries: { ticket: isId, person: isIdOrZero, text: isReply }, run: writeNote },
  connect: { from: [PAGE, POPUP], carries: {}, run: connect },
  disconnect: { from: [POPUP], carries: {}, run: disconnect },
  me: { from: [POPUP], carries: { ticket: isIdOrNone }, run: showMe },
  press: { from: [PAGE, POPUP], carries: { method: isMethod, path: isText, fields: isFields }, run: press },
  update: { from: [PAGE, POPUP], carries: {}, run: fit.update },
  discard: { from: [POPUP], carries: { uuid: isUuid }, run: discard },
  takeback: { from: [PAGE, POPUP], carries: { uuid: isUuid }, run: takeBack },
};

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  const known = Object.hasOwn(MESSAGES, message?.kind) ? MESSAGES[message.kind] : null;
  if (!known?.from.includes(partOf(sender))) return false;
  if (!Object.entries(known.carries).every(([name, holds]) => holds(message[name]))) {
    respond({ failed: `${message.kind}: not as expected` });
    return false;
  }
  known.run(message).then(respond, (error) => respond({ failed: String(error) }));
  return true;
});

fit.takeUpdates();
takeCommands();
outbox.resume();
alerts.resume();
drafts.prune();

/** Which part of the extension a message comes from; undefined for anyone else. */
function partOf(sender) {
  if (sender.id !== chrome.runtime.id) return undefined;
  if (sender.url?.startsWith(chrome.runtime.getURL("popup/"))) return POPUP;
  const origin = sender.origin ?? (sender.url && new URL(sender.url).origin);
  if (sender.tab && sender.frameId === 0 && origin === config.helpdesk.origin) return PAGE;
  return undefined;
}

async function showPanel({ ticket, person = 0 }) {
  return forPage(ticket, await session.callAsAgent("GET", `/api/v1/tickets/${ticket}/panel`, undefined, { person }));
}

/** A part of the page that is read by itself: the timeline, an entry's form, what the panel discloses. */
async function showFragment({ person, method, path, fields }) {
  const body = method === "GET" ? undefined : fields;
  const { answered, status, html } = await session.callAsAgent(method, path, body, { person });
  if (method !== "GET") await broadcast("changed");
  return { answered, status, html, misfit: answered ? null : fit.misfit() };
}

async function saveDraft({ ticket, uuid, fields }) {
  const owner = await session.owner();
  return owner ? drafts.save(owner, ticket, uuid, fields) : null;
}

async function log(message) {
  const owner = await session.owner();
  const sent = owner && (await session.isOf(message.person)) && (await outbox.log(owner, message));
  if (!sent) return showPanel(message);
  const shown = sent.answer ? await forPage(message.ticket, sent.answer) : await showPanel(message);
  return { ...shown, uuid: sent.uuid };
}

async function confirm({ ticket, uuid }) {
  const answer = await outbox.confirm(uuid);
  return answer ? forPage(ticket, answer) : showPanel({ ticket });
}

async function disarm({ ticket, uuid }) {
  return forPage(ticket, await outbox.disarm(uuid));
}

/** What a control does on the server; `forget` names the fields that are done with once it is taken. */
async function act({ ticket, method, path, fields, forget }) {
  const answer = await session.callAsAgent(method, path, method === "GET" ? undefined : fields);
  if (answer.answered && answer.status < 300 && forget.length) {
    await drafts.forget(await session.owner(), ticket, forget);
  }
  broadcast("changed");
  return forPage(ticket, answer);
}

/** What the hours that are being typed would come to, as a fragment; null when nobody can say. */
async function lookAhead({ ticket, hours }) {
  const path = `/api/v1/tickets/${ticket}/ahead?hours=${encodeURIComponent(hours)}`;
  const { status, html } = await session.callAsAgent("GET", path);
  return { html: status === 200 ? html : null };
}

async function tellDrift({ drifts }) {
  await drift.report(drifts);
  return {};
}

/** Projects that are like what is being typed, as a fragment; null when nobody can say. */
async function findProjects({ ticket, words }) {
  const path = `/api/v1/tickets/${ticket}/projects?q=${encodeURIComponent(words)}`;
  const { status, html } = await session.callAsAgent("GET", path);
  return { html: status === 200 ? html : null };
}

/** A note for the reply that is being typed, and who wrote it; without one, the server's words for why. */
async function writeNote({ ticket, person, text }) {
  const path = `/api/v1/tickets/${ticket}/note`;
  const { json } = await session.callAsAgent("POST", path, { text }, { person, accept: "application/json" });
  return { note: json?.note ?? null, words: json?.message ?? json?.error?.message ?? null };
}

async function connect() {
  const outcome = await session.connect();
  if (outcome.connected) {
    broadcast("changed");
    outbox.flush({ afterSignIn: true });
    alerts.look();
  }
  return outcome;
}

async function disconnect() {
  await session.disconnect();
  await broadcast("changed");
  return {};
}

/** The popup's fragment; `ticket` is the one that the browser shows, if it shows one. */
async function showMe({ ticket = 0 }) {
  const path = ticket ? `/api/v1/me?ticket=${ticket}` : "/api/v1/me";
  const { answered, status, html } = await session.callAsAgent("GET", path);
  const waiting = await outbox.waiting(await session.owner());
  return { answered, status, html, waiting, server: config.server, misfit: answered ? null : fit.misfit() };
}

/** A control of the popup's or the timeline's fragment; answers the server's words when it refuses. */
async function press({ method, path, fields }) {
  const { answered, status, json } = await session.callAsAgent(method, path, fields, { accept: "application/json" });
  await broadcast("changed");
  const { message, fields: reasons = {} } = json?.error ?? {};
  return { answered, status, problem: message ? [message, ...Object.values(reasons)].join(" ") : null };
}

async function discard({ uuid }) {
  await outbox.discard(uuid);
  await broadcast("changed");
  return {};
}

async function takeBack({ uuid }) {
  await outbox.disarm(uuid);
  await broadcast("changed");
  return {};
}

/** What a page is told: the server's fragment and what we keep for the ticket; never the answer's JSON. */
async function forPage(ticket, { answered, status, html }) {
  const owner = await session.owner();
  if (owner && html && status === 200) await drafts.keepPanel(owner, ticket, html);
  return {
    answered,
    status,
    html,
    misfit: answered ? null : fit.misfit(),
    kept: owner && !answered ? await drafts.keptPanel(owner, ticket) : null,
    draft: owner ? await drafts.open(owner, ticket) : null,
    waiting: owner ? await outbox.waiting(owner, ticket) : [],
  };
}

function isId(value) {
  return Number.isSafeInteger(value) && value > 0;
}

function isIdOrZero(value) {
  return value === 0 || isId(value);
}

function isIdOrNone(value) {
  return value === undefined || isIdOrZero(value);
}

function isUuid(value) {
  return typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

function isText(value) {
  return typeof value === "string" && value.length <= 2_000;
}

function isReply(value) {
  return typeof value === "string" && value.length <= 50_000;
}

function isNames(value) {
  return Array.isArray(value) && value.length <= 20 && value.every(isText);
}

function isDrifts(value) {
  const holds = ({ part, expected, found }) => isText(part) && isText(expected) && Number.isSafeInteger(found);
  return Array.isArray(value) && value.length <= 50 && value.every((one) => one && holds(one));
}

function isConfirm(value) {
  return value === "article" || value === "now";
}

function isMethod(value) {
  return ["GET", "POST", "PUT", "PATCH", "DELETE"].includes(value);
}

function isFields(value) {
  const holds = (field) => ["string", "boolean", "number"].includes(typeof field) && String(field).length <= 65_536;
  return typeof value === "object" && value !== null && Object.values(value).every(holds);
}
