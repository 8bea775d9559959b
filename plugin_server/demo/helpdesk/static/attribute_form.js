// The attribute form of a ticket, in the sidebar. Which fields there are, must be filled and may hold what is found out
// by the core workflows: the form asks when it is shown and whenever a value changes.

import {call} from './api.js';
import {el, icon} from './dom.js';
import {fullName, may, session} from './session.js';

const PENDING = new Set([3, 6]);

function offered(attribute) {
  const options = attribute.options ?? {};
  if (attribute.tag === 'boolean') return [['', '-'], ['true', options.true ?? 'yes'], ['false', options.false ?? 'no']];
  const entries = Array.isArray(options) ? options.map((one) => [one.value, one.name ?? one.value]) : Object.entries(options);
  return [...(attribute.nulloption ? [['', '-']] : []), ...entries];
}

/** What may stand in the form, in its order. */
function fields() {
  const number = (list) => list.map((one) => [String(one.id), one.name]);
  return [
    {name: 'group_id', label: 'Group', tag: 'select', id: true, shown: true,
      options: () => number(session.groups.filter((one) => may(one.id, 'change') || may(one.id, 'create')))},
    {name: 'owner_id', label: 'Owner', tag: 'select', id: true, shown: true,
      options: (ticket) => [['1', '-'], ...session.owners.filter((one) => one.owner_in.includes(Number(ticket.group_id)))
        .map((one) => [String(one.id), fullName(one)])]},
    {name: 'state_id', label: 'State', tag: 'select', id: true, shown: true,
      options: (ticket) => number(session.states.filter((one) => one.name !== 'merged' || one.id === ticket.state_id))},
    {name: 'pending_time', label: 'Pending till', tag: 'datetime', shown: true, options: () => []},
    {name: 'priority_id', label: 'Priority', tag: 'select', id: true, shown: true, options: () => number(session.priorities)},
    ...session.attributes.map((one) => ({
      name: one.name, label: one.display, tag: one.tag, maxlength: one.maxlength, shown: one.shown, custom: true,
      linktemplate: one.linktemplate, options: () => offered(one),
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

/** The address that a template makes of a ticket: `https://example.com/#{ticket.number}`; null for what is no web page. */
function address(template, ticket) {
  const text = template.replace(/#\{ticket\.(\w+)\}/g, (_, name) => encodeURIComponent(shown(ticket[name])));
  return /^https?:\/\//i.test(text) ? text : null;
}

function build(one) {
  const id = `field-${Math.random().toString(36).slice(2)}`;
  const kind = {integer: 'number', datetime: 'datetime-local'}[one.tag] ?? 'text';
  const control = ['select', 'boolean'].includes(one.tag)
    ? el('select', {name: one.name, id})
    : el('input', {type: kind, name: one.name, id, maxlength: kind === 'text' ? one.maxlength : null, autocomplete: 'off'});
  const star = el('span.required-mark', {'aria-hidden': 'true'});
  const link = one.linktemplate ? el('a.controls-button.hide', {target: '_blank', rel: 'noreferrer noopener', 'aria-label': `Open ${one.label}`}, icon('up')) : null;
  const problem = el('span.help-inline', {role: 'alert'});
  const row = el(`div.form-group.${one.tag}`, {'data-attribute-name': one.name},
    el('label', {for: id}, one.label, ' ', star), el('div.controls', {}, control, link), problem);
  return {one, control, row, star, link, problem, visible: one.shown, required: false, readonly: false, allowed: null};
}

/** The form. `changes` holds what the person changed, by name; `changed` is called after each. */
export function attributeForm(changes, editable, changed) {
  const fieldset = el('fieldset.edit', {disabled: !editable});
  const form = el('form.edit-form', {onsubmit: (event) => event.preventDefault()}, fieldset);
  const rows = new Map(fields().map((one) => [one.name, build(one)]));
  let ticket = null;
  let asked = null;
  let pending = null;

  function read({one, control}) {
    if (one.tag === 'datetime') return control.value ? new Date(control.value).toISOString() : null;
    if (one.id) return Number(control.value);
    if (one.tag === 'integer') return control.value === '' ? null : Number(control.value);
    if (one.tag === 'boolean') return control.value === '' ? null : control.value === 'true';
    return control.value;
  }

  function same(one, value) {
    if (one.tag === 'datetime') return local(value) === local(ticket[one.name]);
    return shown(value) === shown(ticket[one.name]);
  }

  function put(one, value) {
    if (same(one, value)) delete changes[one.name];
    else changes[one.name] = value;
  }

  function take(field) {
    put(field.one, read(field));
    // Who may own a ticket depends on its group.
    if (field.one.name === 'group_id') fill(rows.get('owner_id'));
    mark();
    ask(field.one.name);
    changed();
  }

  function mark() {
    for (const [name, {row}] of rows) row.classList.toggle('is-changed', name in changes);
    const state = Number(changes.state_id ?? ticket.state_id);
    rows.get('pending_time').row.classList.toggle('hide', !PENDING.has(state));
  }

  function fill({one, control, allowed, link}) {
    const value = one.name in changes ? changes[one.name] : ticket[one.name];
    if (control.tagName === 'SELECT') {
      let options = one.options({...ticket, ...changes});
      if (one.custom && allowed?.length) options = options.filter(([key]) => allowed.includes(key));
      if (!options.some(([key]) => key === shown(value))) options.push([shown(value), value ? '(not available)' : '-']);
      const wanted = JSON.stringify(options);
      // Rebuilding the options under an open list would close it.
      if (control.dataset.options !== wanted) {
        control.dataset.options = wanted;
        control.replaceChildren(...options.map(([key, label]) => el('option', {value: key}, label)));
      }
    }
    const text = one.tag === 'datetime' ? local(value) : shown(value);
    if (control.value !== text) control.value = text;
    if (link) {
      const href = shown(ticket[one.name]) && address(one.linktemplate, ticket);
      link.classList.toggle('hide', !href);
      if (href) link.href = href;
    }
  }

  /** Let what is visible stand in the document, in the order of the form, and nothing else. */
  function arrange() {
    let place = fieldset.firstChild;
    for (const field of rows.values()) {
      if (!field.visible) {
        if (place === field.row) place = place.nextSibling;
        field.row.remove();
      } else if (field.row === place) place = place.nextSibling;
      else fieldset.insertBefore(field.row, place);
      field.control.required = field.required && field.visible;
      field.star.textContent = field.required ? '*' : '';
      field.control.disabled = field.readonly;
    }
  }

  function apply(found) {
    for (const [name, field] of rows) {
      if (!(name in found.visibility)) continue;
      // The time of a pending ticket is shown and hidden by its state, at once.
      if (name !== 'pending_time') field.visible = found.visibility[name] === 'show';
      if (field.one.custom) field.required = Boolean(found.mandatory[name]);
      field.readonly = Boolean(found.readonly[name]);
      field.allowed = found.restrict_values[name] ?? null;
      if (!field.required) clear(field);
    }
    for (const [name, value] of Object.entries({...found.select, ...found.fill_in})) {
      const field = rows.get(name);
      if (field) put(field.one, field.one.id ? Number(value) : value);
    }
    arrange();
    for (const field of rows.values()) fill(field);
    mark();
  }

  /** Ask the core workflows, once for each state of things; the last answer counts. */
  function ask(lastChanged) {
    if (!editable) return;
    const wanted = JSON.stringify([ticket.updated_at, changes, session.me.role_ids]);
    if (wanted === asked) return;
    asked = wanted;
    const params = {...ticket, ...changes};
    const round = call('POST', 'core_workflows/perform', {
      event: 'core_workflow', request_id: `form-${ticket.id}`, class_name: 'Ticket', screen: 'edit', params, last_changed_attribute: lastChanged,
    }).then((found) => {
      if (pending !== round || wanted !== asked || !found.visibility) return;
      const before = JSON.stringify(changes);
      apply(found);
      if (JSON.stringify(changes) !== before) changed();
    }).catch((error) => {
      // The next look at the ticket asks again; until then the server alone refuses.
      asked = null;
      if (error.status === undefined) throw error;
    }).finally(() => { if (pending === round) pending = null; });
    pending = round;
  }

  function clear({row, problem}) {
    row.classList.remove('has-error');
    problem.textContent = '';
  }

  for (const field of rows.values()) field.control.addEventListener('input', () => take(field));
  arrange();

  return {
    node: form,
    /** Show a ticket's values, but for what the person has changed. */
    show(fresh) {
      ticket = fresh;
      fieldset.dataset.ticketUpdatedAt = fresh.updated_at;
      for (const field of rows.values()) {
        // Someone else has set the same meanwhile: then it is no change any more.
        if (field.one.name in changes && same(field.one, changes[field.one.name])) delete changes[field.one.name];
        fill(field);
      }
      mark();
      ask(null);
    },
    disable(off) { fieldset.disabled = off || !editable; },
    /** The answer that is still awaited, if there is one. */
    get pending() { return pending; },
    /** Update asks the browser, which points at the first field that is wrong; nothing else is marked. */
    valid() {
      const off = fieldset.disabled;
      // What is disabled is never wrong, and loses the focus that the browser gives to what is.
      fieldset.disabled = false;
      const fits = form.reportValidity();
      if (fits) fieldset.disabled = off;
      return fits;
    },
    /** A macro asks for required fields alone, with the values it brings, and marks those that are empty. */
    complete(values) {
      const empty = [...rows.values()].filter((field) => field.visible && field.required && shown({...ticket, ...values}[field.one.name]) === '');
      for (const field of rows.values()) clear(field);
      for (const {row, problem} of empty) {
        row.classList.add('has-error');
        problem.textContent = 'is required';
      }
      empty[0]?.row.scrollIntoView({block: 'nearest'});
      return empty.length === 0;
    },
  };
}
