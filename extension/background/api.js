/** The one door to the server. */

import config from "../config.js";
import { isMisfit, versions } from "./fit.js";

const PATIENCE = 10_000;
const ROOT = "/api/v1/";

/** The URL of a path below /api/v1/ of our server; anything else is refused, however it is spelled. */
export function address(path) {
  const url = new URL(path, config.server);
  if (url.origin !== new URL(config.server).origin || !url.pathname.startsWith(ROOT)) {
    throw new Error(`not a path of the API: ${path}`);
  }
  return url;
}

/**
 * Answers `{answered: true, status, html, json}` for whatever the server said, and `{answered: false}` when it said
 * nothing, or nothing but that it and this extension do not fit: those two must never be mixed up, for only the second
 * may be tried again blindly.
 */
export async function call(method, path, { body, token, person, accept = "text/html" } = {}) {
  const url = address(path);
  const headers = {
    Accept: accept,
    // First the one that the extension's own words are in, which is that of the browser's: a panel speaks one language.
    "Accept-Language": [chrome.i18n.getMessage("language"), ...navigator.languages].join(","),
    ...versions(),
  };
  if (person) headers["X-Helpdesk-User"] = String(person);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (isMisfit(response)) return { answered: false };
    const text = await response.text();
    const type = response.headers.get("Content-Type") ?? "";
    return {
      answered: true,
      status: response.status,
      html: type.startsWith("text/html") ? text : null,
      json: type.startsWith("application/json") ? parse(text) : null,
    };
  } catch {
    return { answered: false };
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
