/**
 * What a person has typed but not logged yet, per agent and ticket: `{uuid, fields, returned}`, and the ticket's last
 * panel, `{html, form, at}`. The UUID names the log
 * to be; it is the same for every tab that shows the ticket, so that two of them cannot make two logs of one draft.
 */

import { atomically, result } from "./store.js";

const MONTH = 30 * 24 * 3600_000;

export const keyOf = (owner, ticket) => `${owner}\n${ticket}`;

export function blank(owner, ticket, uuid = crypto.randomUUID()) {
  return { key: keyOf(owner, ticket), uuid, fields: {}, returned: false, at: Date.now() };
}

const shown = ({ uuid, fields, returned }) => ({ uuid, fields, returned });

/** The draft of the ticket; made if there is none. */
export function open(owner, ticket) {
  return atomically(["drafts"], async (drafts) => {
    let draft = await result(drafts.get(keyOf(owner, ticket)));
    if (!draft) {
      draft = blank(owner, ticket);
      await result(drafts.put(draft));
    }
    return shown(draft);
  });
}

/** Adds what was typed to the draft of that UUID; one that has ended stays ended. Answers the draft as it is now. */
export function save(owner, ticket, uuid, fields) {
  return atomically(["drafts"], async (drafts) => {
    const draft = (await result(drafts.get(keyOf(owner, ticket)))) ?? blank(owner, ticket, uuid);
    if (draft.uuid === uuid) {
      Object.assign(draft, { fields: { ...draft.fields, ...fields }, returned: false, at: Date.now() });
      await result(drafts.put(draft));
    }
    return shown(draft);
  });
}

/** Drops fields from the draft: what they held has been taken. */
export function forget(owner, ticket, names) {
  return atomically(["drafts"], async (drafts) => {
    const draft = await result(drafts.get(keyOf(owner, ticket)));
    if (!draft) return;
    const fields = Object.fromEntries(Object.entries(draft.fields).filter(([name]) => !names.includes(name)));
    await result(drafts.put({ ...draft, fields }));
  });
}

/** Keeps the ticket's panel with its form, to be shown when the server can't be asked. */
export function keepPanel(owner, ticket, html) {
  const [, form] = /data-region="form" data-rev="([^"]+)"/.exec(html) ?? [];
  if (!form) return null;
  return atomically(["drafts"], async (drafts) => {
    const draft = (await result(drafts.get(keyOf(owner, ticket)))) ?? blank(owner, ticket);
    if (draft.panel?.form === form) return;
    await result(drafts.put({ ...draft, panel: { html, form, at: Date.now() } }));
  });
}

/** The ticket's panel as it was kept: `{html, at}`. */
export async function keptPanel(owner, ticket) {
  const draft = await atomically(["drafts"], (drafts) => result(drafts.get(keyOf(owner, ticket))));
  return draft?.panel ?? null;
}

/** Forgets drafts that nobody has touched for a month. */
export function prune() {
  return atomically(["drafts"], async (drafts) => {
    for (const draft of await result(drafts.getAll())) {
      if (draft.at < Date.now() - MONTH) await result(drafts.delete(draft.key));
    }
  });
}
