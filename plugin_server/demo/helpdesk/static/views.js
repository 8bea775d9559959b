// The dashboard and the list of all tickets.

import {call} from './api.js';
import {ago, el} from './dom.js';
import {failure} from './notify.js';
import {fullName, session} from './session.js';

const CLOSED = new Set(['closed', 'merged']);

function names(logins) {
  return Object.fromEntries(session.owners.map((one) => [one.login, fullName(one)]).concat([['-', '-']]))[logins] ?? logins;
}

function table(tickets) {
  if (!tickets.length) return el('p.empty', {}, 'No tickets here.');
  return el('table.ticket-list', {},
    el('thead', {}, el('tr', {}, ['#', 'Title', 'Customer', 'Group', 'State', 'Owner', 'Updated'].map((name) => el('th', {}, name)))),
    el('tbody', {}, tickets.map((ticket) => el('tr', {'data-id': ticket.id},
      el('td.number', {}, ticket.number),
      el('td.title', {}, el('a', {href: `#ticket/zoom/${ticket.id}`}, ticket.title)),
      el('td', {}, ticket.organization ?? ticket.customer),
      el('td', {}, ticket.group),
      el('td', {}, el(`span.state.state-${ticket.state.replace(/\W+/g, '-')}`, {}, ticket.state)),
      el('td', {}, names(ticket.owner)),
      el('td', {}, ago(ticket.updated_at))))));
}

class View {
  constructor(key, title) {
    this.title = title;
    this.el = el('div.content', {id: `content_permanent_${key}`}, el('div.main.page', {}, el('h1', {}, title), this.box = el('div')));
  }

  async shown() {
    try {
      const tickets = await call('GET', 'tickets?expand=true');
      this.show(tickets.sort((a, b) => b.updated_at.localeCompare(a.updated_at)));
    } catch (error) {
      failure(error);
    }
  }

  hidden() {}

  closeModal() { return false; }
}

export class TicketList extends View {
  constructor() { super('TicketView', 'All tickets'); }

  show(tickets) { this.box.replaceChildren(table(tickets)); }
}

export class Dashboard extends View {
  constructor() { super('Dashboard', 'Dashboard'); }

  show(tickets) {
    const open = tickets.filter((ticket) => !CLOSED.has(ticket.state));
    const mine = open.filter((ticket) => ticket.owner_id === session.me.id);
    const nobodys = open.filter((ticket) => ticket.owner_id === 1);
    const card = (count, name) => el('div.stat', {}, el('strong', {}, String(count)), el('span', {}, name));
    this.box.replaceChildren(
      el('div.stats', {}, card(mine.length, 'my tickets'), card(nobodys.length, 'unassigned'), card(open.length, 'open in all')),
      el('h2', {}, 'My tickets'), table(mine),
      el('h2', {}, 'Unassigned'), table(nobodys));
  }
}
