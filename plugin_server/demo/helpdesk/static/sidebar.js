// The sidebar: tabs, the attribute form, tags, the customer.

import {call} from './api.js';
import {ago, avatar, el, icon} from './dom.js';
import {failure} from './notify.js';
import {fullName, may, session} from './session.js';

const PENDING = new Set([3, 6]);

/** What stands in the form, in its order. */
function fields() {
  const number = (list) => list.map((one) => [String(one.id), one.name]);
  return [
    {name: 'group_id', label: 'Group', tag: 'select', id: true,
      options: () => number(session.groups.filter((one) => may(one.id, 'change') || may(one.id, 'create')))},
    {name: 'owner_id', label: 'Owner', tag: 'select', id: true, empty: '1',
      options: (ticket) => [['1', '-'], ...session.owners.filter((one) => one.owner_in.includes(Number(ticket.group_id)))
        .map((one) => [String(one.id), fullName(one)])]},
    {name: 'state_id', label: 'State', tag: 'select', id: true,
      options: (ticket) => number(session.states.filter((one) => one.name !== 'merged' || one.id === ticket.state_id))},
    {name: 'pending_time', label: 'Pending till', tag: 'datetime', options: () => []},
    {name: 'priority_id', label: 'Priority', tag: 'select', id: true, options: () => number(session.priorities)},
    ...session.attributes.filter((one) => one.shown).map((one) => ({
      name: one.name, label: one.display, tag: one.tag, maxlength: one.maxlength,
      options: () => [...(one.nulloption ? [['', '-']] : []), ...Object.entries(one.options ?? {})],
    })),
  ];
}

function shown(value) {
  return value === null || value === undefined ? '' : String(value);
}

function local(instant) {
  if (!instant) return '';
  const date = new Date(instant);
  return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** The attribute form of a ticket. `changes` holds what the person changed, by name; `changed` is called after each. */
export function attributeForm(changes, editable, changed) {
  const fieldset = el('fieldset.edit', {disabled: !editable});
  const form = el('form.edit-form', {onsubmit: (event) => event.preventDefault()}, fieldset);
  const rows = new Map();
  let ticket = null;

  function read(one, control) {
    if (one.tag === 'datetime') return control.value ? new Date(control.value).toISOString() : null;
    if (one.id) return Number(control.value);
    if (one.tag === 'integer') return control.value === '' ? null : Number(control.value);
    return control.value;
  }

  function same(one, value) {
    if (one.tag === 'datetime') return local(value) === local(ticket[one.name]);
    return shown(value) === shown(ticket[one.name]);
  }

  function take(one, control) {
    const value = read(one, control);
    if (same(one, value)) delete changes[one.name];
    else changes[one.name] = value;
    // Who may own a ticket depends on its group.
    if (one.name === 'group_id') fill('owner_id');
    mark();
    changed();
  }

  function mark() {
    for (const [name, {row}] of rows) row.classList.toggle('is-changed', name in changes);
    const state = Number(changes.state_id ?? ticket.state_id);
    rows.get('pending_time').row.classList.toggle('hide', !PENDING.has(state));
  }

  function fill(name) {
    const {one, control} = rows.get(name);
    const value = name in changes ? changes[name] : ticket[name];
    if (one.tag === 'select') {
      const options = one.options({...ticket, ...changes});
      if (!options.some(([key]) => key === shown(value))) options.push([shown(value), '(not available)']);
      const wanted = JSON.stringify(options);
      // Rebuilding the options under an open list would close it.
      if (control.dataset.options !== wanted) {
        control.dataset.options = wanted;
        control.replaceChildren(...options.map(([key, label]) => el('option', {value: key}, label)));
      }
    }
    const text = one.tag === 'datetime' ? local(value) : shown(value);
    if (control.value !== text) control.value = text;
  }

  for (const one of fields()) {
    const id = `field-${Math.random().toString(36).slice(2)}`;
    const kind = {integer: 'number', datetime: 'datetime-local'}[one.tag] ?? 'text';
    const control = one.tag === 'select'
      ? el('select', {name: one.name, id})
      : el('input', {type: kind, name: one.name, id, maxlength: kind === 'text' ? one.maxlength : null, autocomplete: 'off'});
    control.addEventListener('input', () => take(one, control));
    const row = el(`div.form-group.${one.tag}`, {'data-attribute-name': one.name},
      el('label', {for: id}, one.label), el('div.controls', {}, control));
    rows.set(one.name, {one, control, row});
    fieldset.append(row);
  }

  return {
    node: form,
    /** Show a ticket's values, but for what the person has changed. */
    show(fresh) {
      ticket = fresh;
      fieldset.dataset.ticketUpdatedAt = fresh.updated_at;
      for (const [name, {one}] of rows) {
        // Someone else has set the same meanwhile: then it is no change any more.
        if (name in changes && same(one, changes[name])) delete changes[name];
        fill(name);
      }
      mark();
    },
    disable(off) { fieldset.disabled = off || !editable; },
  };
}

/** A ticket's tags; adding and removing take effect at once. */
export function tagList(ticketId, editable) {
  const list = el('ul.list.js-tags');
  const input = el('input', {type: 'text', placeholder: 'Add a tag', 'aria-label': 'Add a tag', maxlength: 250, autocomplete: 'off'});
  let current = [];

  async function change(method, path, item) {
    try {
      await call(method, path, {object: 'Ticket', o_id: ticketId, item});
      show(method === 'POST' ? [...new Set([...current, item])] : current.filter((one) => one !== item));
    } catch (error) {
      failure(error);
    }
  }

  function show(names) {
    if (JSON.stringify(names) === JSON.stringify(current) && list.children.length) return;
    current = names;
    list.replaceChildren(...names.map((name) => el('li.list-item', {},
      el('span.tag-name', {}, name),
      editable && el('button.tag-remove', {type: 'button', 'aria-label': `Remove ${name}`, onclick: () => change('DELETE', 'tags/remove', name)}, icon('close')))));
  }

  const form = el('form.tag-add', {onsubmit: (event) => {
    event.preventDefault();
    const item = input.value.trim();
    input.value = '';
    if (item) change('POST', 'tags/add', item);
  }}, input);
  return {node: el('div.tags', {}, el('h3', {}, 'Tags'), list, editable && form), show};
}

/** What is known of the customer. */
export function customerPanel() {
  const node = el('div.customer');
  let last = '';
  return {
    node,
    show(ticket, users, organizations) {
      const customer = users[ticket.customer_id];
      const organization = organizations[ticket.organization_id];
      const now = JSON.stringify([customer, organization]);
      if (now === last) return;
      last = now;
      node.replaceChildren(
        el('div.customer-head', {}, avatar(fullName(customer)), el('strong', {}, fullName(customer))),
        el('dl', {},
          el('dt', {}, 'E-mail'), el('dd', {}, customer?.email ?? ''),
          el('dt', {}, 'Organization'), el('dd', {}, organization?.name ?? '-'),
          el('dt', {}, 'Customer since'), el('dd', {}, customer ? ago(customer.created_at) : '')));
    },
  };
}

/** Tabs and their panels: `[{key, title, icon, node}]`. */
export function tabs(panels) {
  const panelNodes = panels.map(({key, title, node}) => el('div.sidebar', {'data-tab': key},
    el('div.sidebar-header', {}, el('h2', {}, title)), el('div.sidebar-content', {}, node)));
  const buttons = panels.map(({key, title, icon: symbol}) => el('button.tabsSidebar-tab', {
    type: 'button', 'data-tab': key, title, 'aria-label': title, onclick: () => open(key)}, icon(symbol)));
  function open(key) {
    for (const node of panelNodes) node.classList.toggle('hide', node.dataset.tab !== key);
    for (const node of buttons) node.classList.toggle('active', node.dataset.tab === key);
  }
  open(panels[0].key);
  return el('div.tabsSidebar', {}, el('div.tabsSidebar-holder', {}, panelNodes), el('div.tabsSidebar-tabs', {}, buttons));
}
