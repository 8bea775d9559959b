/** Who is connected. The token stays in this module and in IndexedDB; nothing that leaves the worker carries it. */

import config from "../config.js";
import { call } from "./api.js";
import { atomically, result } from "./store.js";

const SESSION = "current";
let connecting = null;

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
 * signed in to the helpdesk's page.
 */
export async function callAsAgent(method, path, body, { as, person } = {}) {
  const session = await read();
  if (as !== undefined && ownerOf(session) !== as) return { answered: true, status: 401, html: null, json: null };
  return call(method, path, { body, person, token: session?.token });
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
  if (!(await call("GET", "/api/v1/me")).answered) return failure("connectUnreachable");

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
  const session = await call("POST", "/api/v1/session", {
    accept: "application/json",
    body: { code: answer.get("code"), code_verifier: verifier },
  });
  if (!session.answered) return failure("connectUnreachable");
  if (!session.json?.access_token) return failure("connectFailed");
  const { access_token: token, agent } = session.json;
  await atomically(["session"], (store) => result(store.put({ token, agent }, SESSION)));
  return { connected: true };
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
