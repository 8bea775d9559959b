/** The server's fragment as nodes; also one of earlier, while there is no server to ask. */

import { sanitize } from "./sanitize.js";

/** The [data-panel] of a fragment, or null. */
export function panelIn(html) {
  return html ? sanitize(html).querySelector("[data-panel]") : null;
}

/**
 * A fragment of earlier: its form still takes logs. `now` is the server's clock by our reckoning, in milliseconds; the
 * regions named in `without` are true no longer.
 */
export function earlier(html, now, without) {
  const panel = panelIn(html);
  if (!panel) return null;
  if (Number.isFinite(now)) panel.dataset.now = new Date(now).toISOString();
  for (const name of without) panel.querySelector(`:scope > [data-region="${name}"]`)?.remove();
  return panel;
}

/** The server's clock as it is now, reckoned from a fragment that was kept at `at`. */
export function clockOf({ html, at }) {
  const [, then] = /data-now="([^"]+)"/.exec(html) ?? [];
  return Date.parse(then) + Date.now() - at;
}
