/** Runs in the helpdesk's page: a panel for every ticket that has been on show. */

import config from "../config.js";
import { Badge } from "./badge.js";
import { Panel } from "./panel.js";
import { Person } from "./person.js";
import zammad from "./sites/zammad.js";
import { Submissions } from "./submission.js";
import { watch } from "./watch.js";

const SITES = { zammad };
const site = SITES[config.helpdesk.kind];
const tickets = new Map();
const person = new Person(site);

function ticketOf(id) {
  if (!tickets.has(id)) {
    const badge = new Badge();
    const panel = new Panel(id, person, badge);
    tickets.set(id, { panel, badge, submissions: new Submissions(site, panel) });
  }
  return tickets.get(id);
}

watch(site, {
  visit({ ticket, root, composer, signal }) {
    const { panel, badge, submissions } = ticketOf(ticket);
    badge.mount(root.querySelector(site.header.selector), signal);
    panel.mount(composer, signal);
    submissions.listen(root, signal);
  },
  isInPlace: (ticket, composer) => ticketOf(ticket).panel.isIn(composer),
  changed: (ticket, root) => ticketOf(ticket).submissions.observe(root),
});

chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id !== chrome.runtime.id || message.kind !== "changed") return;
  for (const { panel } of tickets.values()) panel.refresh({ evenHidden: true });
});
