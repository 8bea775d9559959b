/**
 * Who is connected. The tokens stay in this module and in IndexedDB; nothing that leaves the worker carries them.
 *
 * What is stored: `{agent, access, refresh, until}`, or `{agent}` once the server has refused to go on: then nobody is
 * signed in, but what that agent has typed and logged is still that agent's.
 */

import config from "../config.js";
import { call } from "./api.js";
import { misfit } from "./fit.js";
import { atomically, result } from "./store.js";

const SESSION = "current";
const AHEAD = 60_000;
const REFUSALS = [401, 422];
const NO_ANSWER = { answered: false };
const AWAY = Symbol("no answer to a refresh");

let connecting = null;
let refreshing = null;

const read = () => atomically(["session"], (store) => result(store.get(SESSION)));

/** The id of the agent signed in, under which drafts and logs are kept; "" when nobody is. */
export async function owner() {
  return ownerOf(await read());
}

const ownerOf = (session) => String(session?.agent.id ?? "");

/** Whether the session is that person's in the helpdesk; an unknown person (0) is given the benefit of the doubt. */
export async function isOf(person) {
  const session = await read();
  return !person || !session?.agent.helpdesk_user_id || session.agent.helpdesk_user_id === person;
}

/**
 * Calls the API as the agent signed in, or as nobody; `as` names the one agent that may make this call, `person` who is
 * signed in to the helpdesk's page. A session that the server can't be asked to go on with is like any call it does not
 * answer.
 */
export async function callAsAgent(method, path, body, { as, person, accept } = {}) {
  const session = await current();
  if (session === AWAY) return NO_ANSWER;
  if (as !== undefined && ownerOf(session) !== as) return { answered: true, status: 401, html: null, json: null };
  const send = (token) => call(method, path, { body, person, token, accept });
  const answer = await send(session?.access);
  if (answer.status !== 401 || !session?.access) return answer;
  const renewed = await current({ refused: session.access });
  if (renewed === AWAY) return NO_ANSWER;
  // What was asked as one agent is never done as another who has connected meanwhile.
  const goesOn = renewed?.access && ownerOf(renewed) === ownerOf(session);
  return goesOn ? send(renewed.access) : answer;
}

/**
 * The session, with an access token that is good for a while; `refused` is one that was just answered with 401. One
 * refresh at a time serves all who ask; AWAY when the server did not answer it.
 */
async function current({ refused } = {}) {
  const session = await read();
  if (!session?.refresh) return session;
  const isGood = refused ? session.access !== refused : session.until - AHEAD > Date.now();
  if (isGood) return session;
  refreshing ??= refresh(session).finally(() => (refreshing = null));
  return refreshing;
}

/**
 * Until one of the new tokens is used the server takes the one sent here again, with the same outcome. So they are
 * stored first, and a worker that is stopped at any point in between leaves a successor that can go on.
 */
async function refresh(session) {
  const answer = await call("POST", "/api/v1/session/refresh", {
    accept: "application/json",
    body: { refresh_token: session.refresh },
  });
  const renewed = kept(answer.json);
  if (renewed) return replace(session, renewed);
  return REFUSALS.includes(answer.status) ? replace(session, { agent: session.agent }) : AWAY;
}

/** Stores a session in an earlier one's place; who has connected or disconnected meanwhile is not overruled. */
function replace(earlier, session) {
  return atomically(["session"], async (store) => {
    const stored = await result(store.get(SESSION));
    if (stored?.refresh !== earlier.refresh) return stored;
    await result(store.put(session, SESSION));
    return session;
  });
}

/** What is stored of the server's answer; null when it holds no session. */
function kept(json) {
  if (!json?.access_token || !json.refresh_token || !json.agent) return null;
  const { access_token: access, refresh_token: refresh, expires_in: seconds, agent } = json;
  return { agent, access, refresh, until: Date.now() + seconds * 1000 };
}

/** Opens the sign-in window, once however often it is asked; answers `{connected, reason}`. */
export function connect() {
  connecting ??= signIn().finally(() => (connecting = null));
  return connecting;
}

export async function disconnect() {
  await callAsAgent("DELETE", "/api/v1/session");
  await atomically(["session"], (store) => result(store.delete(SESSION)));
}

async function signIn() {
  const state = random();
  const verifier = random();
  const start = new URL("/oauth/start", config.server);
  start.search = new URLSearchParams({
    redirect_uri: chrome.identity.getRedirectURL("deskhours"),
    state,
    code_challenge: base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
    code_challenge_method: "S256",
  });
  if (!(await call("GET", "/api/v1/me")).answered) return away();

  let final;
  const awake = setInterval(chrome.runtime.getPlatformInfo, 20_000);
  try {
    final = new URL(await chrome.identity.launchWebAuthFlow({ url: start.href, interactive: true }));
  } catch {
    return failure("connectCancelled");
  } finally {
    clearInterval(awake);
  }

  const answer = final.searchParams;
  if (answer.get("state") !== state) return failure("connectMixedUp");
  if (answer.has("error")) {
    return failure("connectRefused", answer.get("error_description") || answer.get("error"));
  }
  const answered = await call("POST", "/api/v1/session", {
    accept: "application/json",
    body: { code: answer.get("code"), code_verifier: verifier },
  });
  if (!answered.answered) return away();
  const session = kept(answered.json);
  if (!session) return failure("connectFailed");
  await atomically(["session"], (store) => result(store.put(session, SESSION)));
  return { connected: true };
}

function away() {
  return misfit() ? failure("connectRefused", misfit().words) : failure("connectUnreachable");
}

function failure(message, detail) {
  return { connected: false, reason: chrome.i18n.getMessage(message, detail) };
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
