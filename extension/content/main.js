/** Runs in the helpdesk's page: a panel for every ticket that has been on show. */

import config from "../config.js";
import { ask } from "./ask.js";
import { Badge } from "./badge.js";
import { command } from "./commands.js";
import { Drift } from "./drift.js";
import { Notice } from "./notice.js";
import { Panel } from "./panel.js";
import { Person } from "./person.js";
import zammad from "./sites/zammad.js";
import { Submissions } from "./submission.js";
import { Timeline } from "./timeline.js";
import { Wand } from "./wand.js";
import { ticketsOnShow, watch } from "./watch.js";

const SITES = { zammad };
const site = SITES[config.helpdesk.kind];
const tickets = new Map();
const person = new Person(site);

function ticketOf(id) {
  if (!tickets.has(id)) {
    const badge = new Badge();
    const panel = new Panel(id, person, badge);
    const timeline = new Timeline(site, id, person);
    const submissions = new Submissions(site, panel);
    tickets.set(id, { panel, badge, timeline, submissions, wand: new Wand(id, site, person) });
  }
  return tickets.get(id);
}

const notice = new Notice((ticket) => ticketOf(ticket).panel);

/** A page that is otherwise than expected gets a notice; where the panel could not see what is done, it stands aside. */
const drift = new Drift(site, (drifts) => {
  lookAnew();
  const [, ticket] = site.ticket.address.exec(location.hash) ?? [];
  notice.show(Number(ticket), drifts, drift);
  if (drifts.length) ask("drift", { drifts });
});

const lookAnew = watch(site, {
  visit({ ticket, root, composer, signal }) {
    if (drift.isBroken) return;
    const { panel, badge, submissions, wand } = ticketOf(ticket);
    badge.mount(root.querySelector(site.header.selector), signal);
    panel.mount(composer, signal);
    wand.listen(composer.querySelector(':scope > [data-deskhours="panel"]'), root, signal);
    submissions.listen(root, signal);
  },
  isInPlace: (ticket, composer) => ticketOf(ticket).panel.isIn(composer) !== drift.isBroken,
  show: ({ ticket, root, signal }) => ticketOf(ticket).timeline.show(root, signal),
  changed(ticket, root) {
    const { submissions, timeline } = ticketOf(ticket);
    if (!drift.isBroken) submissions.observe(root);
    timeline.place(root);
  },
  looked: () => drift.moved(),
});

chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id !== chrome.runtime.id) return;
  if (message.kind === "changed") {
    for (const { panel, timeline } of tickets.values()) {
      panel.refresh({ evenHidden: true });
      timeline.refresh();
    }
  }
  if (message.kind === "command") {
    for (const { ticket, root } of ticketsOnShow(site)) command(message.name, ticketOf(ticket).panel, root);
  }
});
