// Start, routes, the left bar with its tasks, keyboard.

import {call} from './api.js';
import {avatar, el, icon} from './dom.js';
import {failure} from './notify.js';
import {fullName, refresh, session} from './session.js';
import {TicketZoom} from './ticket.js';
import {Dashboard, TicketList} from './views.js';

const TASKS = 'helpdesk-tasks';
const app = document.getElementById('app');
const open = new Map();
let current = null;
let menu, tasks;

/** The tasks of this browser tab, so that a reload finds them again. */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(TASKS)) ?? [];
  } catch {
    return [];
  }
}

function remember() {
  const list = [...open.values()].filter((one) => one instanceof TicketZoom).map((one) => ({id: one.id, title: one.title}));
  sessionStorage.setItem(TASKS, JSON.stringify(list));
}

function navigation() {
  menu = el('div.menu', {},
    el('a.menu-item', {href: '#dashboard'}, icon('dashboard'), 'Dashboard'),
    el('a.menu-item', {href: '#ticket/view/all'}, icon('list'), 'All tickets'));
  tasks = el('div.tasks.tasks-navigation');
  const name = fullName(session.me);
  return el('nav.navigation', {id: 'navigation', 'aria-label': 'Main'},
    el('a.brand', {href: '#dashboard'}, el('span.brand-mark', {'aria-hidden': 'true'}), 'Helpdesk'),
    menu,
    el('h2.tasks-title', {}, 'Open tickets'),
    tasks,
    el('div.user-menu', {}, avatar(name), el('span.user-name', {'data-user-id': session.me.id}, name),
      el('button.button.text.js-signout', {type: 'button', onclick: signOut}, 'Sign out')));
}

async function signOut() {
  try {
    await call('DELETE', 'signout');
    sessionStorage.clear();
    location.assign('/login');
  } catch (error) {
    failure(error);
  }
}

function showTask(zoom) {
  const key = `Ticket-${zoom.id}`;
  let node = [...tasks.children].find((one) => one.dataset.key === key);
  if (!node) {
    node = el('a.nav-tab.task', {'data-key': key, 'data-id': zoom.id, href: `#ticket/zoom/${zoom.id}`},
      el('span.nav-tab-icon', {}, icon('ticket')),
      el('span.nav-tab-name'),
      el('button.nav-tab-close.js-close', {type: 'button', 'aria-label': 'Close', onclick: (event) => { event.preventDefault(); closeTask(zoom); }}, icon('close')));
    tasks.append(node);
  }
  const label = node.querySelector('.nav-tab-name');
  if (label.textContent !== zoom.title) {
    label.textContent = zoom.title;
    node.title = zoom.title;
    remember();
  }
  node.classList.toggle('is-active', current === zoom);
  if (current === zoom) document.title = `${zoom.title} - Helpdesk`;
  node.classList.toggle('is-modified', Boolean(zoom.data) && zoom.dirty);
}

function closeTask(zoom) {
  open.delete(`Ticket-${zoom.id}`);
  zoom.forget();
  tasks.querySelector(`[data-key="Ticket-${zoom.id}"]`).remove();
  zoom.hidden();
  // At once and for good, as in the real page: whoever waits for the article here will not see it.
  zoom.el.remove();
  remember();
  if (current === zoom) location.hash = '#dashboard';
}

function ticketTask(id, title) {
  const key = `Ticket-${id}`;
  if (!open.has(key)) {
    const zoom = new TicketZoom(id, showTask, closeTask);
    if (title) zoom.title = title;
    open.set(key, zoom);
    showTask(zoom);
  }
  return open.get(key);
}

function view(key, Kind) {
  if (!open.has(key)) open.set(key, new Kind());
  return open.get(key);
}

/** Put one part into the document and take the other out of it; what is out keeps its state. */
function show(next) {
  if (current !== next) {
    if (current) {
      current.hidden();
      current.el.classList.remove('active');
      current.scroll = current.main?.scrollTop;
      current.el.remove();
    }
    current = next;
    next.el.classList.add('active');
    app.append(next.el);
    // A detached element forgets how far it was scrolled.
    if (next.scroll !== undefined && next.main) next.main.scrollTop = next.scroll;
  }
  for (const one of open.values()) if (one instanceof TicketZoom) showTask(one);
  for (const item of menu.children) item.classList.toggle('is-active', item.getAttribute('href') === location.hash);
  document.title = `${next.title} - Helpdesk`;
  return next.shown();
}

async function byNumber(number) {
  const condition = {'ticket.number': {operator: 'is', value: number}};
  const found = await call('POST', 'tickets/search', {condition});
  return found[0]?.id;
}

async function route() {
  const parts = location.hash.slice(1).split('/');
  if (parts[0] === 'ticket' && parts[1] === 'zoom' && parts[2] === 'number' && parts[3]) {
    try {
      const id = await byNumber(decodeURIComponent(parts[3]));
      location.replace(id ? `#ticket/zoom/${id}` : '#ticket/view/all');
    } catch (error) {
      failure(error);
    }
    return;
  }
  if (parts[0] === 'ticket' && parts[1] === 'zoom' && /^\d{1,10}$/.test(parts[2] ?? '')) {
    const zoom = ticketTask(Number(parts[2]));
    await show(zoom);
    if (/^\d+$/.test(parts[3] ?? '')) zoom.el.querySelector(`#article-${parts[3]}`)?.scrollIntoView();
  } else if (parts[0] === 'ticket' && parts[1] === 'view') {
    await show(view('TicketView', TicketList));
  } else if (parts[0] === 'dashboard') {
    await show(view('Dashboard', Dashboard));
  } else {
    location.replace('#dashboard');
  }
}

// Zammad's shortcut works without a native click, too: a click listener on the button never hears of it.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !current) return;
  event.preventDefault();
  if (current instanceof TicketZoom) current.press();
  else current.closeModal();
});

async function start() {
  try {
    if (!await refresh()) return location.assign(`/login${location.hash}`);
  } catch (error) {
    return failure(error);
  }
  app.append(navigation());
  for (const {id, title} of remembered()) ticketTask(id, title);
  addEventListener('hashchange', route);
  await route();
}

start();
