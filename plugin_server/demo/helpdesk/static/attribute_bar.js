// The bar at the foot of a ticket: discard, tab behaviour, Update and its macros.
//
// Update runs on a click, a macro on the mouse button's release over it: that is how the real page does it. Once an update
// is under way its buttons are disabled, until it was refused or called off, or has gone through.

import {call} from './api.js';
import {el, icon} from './dom.js';
import {failure} from './notify.js';
import {fullName, session} from './session.js';

export const BEHAVIOURS = {
  closeTab: 'Close tab',
  closeTabOnTicketClose: 'Close tab on ticket close',
  stayOnTab: 'Stay on tab',
};

/** What becomes of the tab after an update: the person's own wish, else the administrator's. */
export function behaviour() {
  const wanted = session.me.preferences.secondaryAction ?? session.config.ticket_secondary_action;
  return wanted in BEHAVIOURS ? wanted : 'stayOnTab';
}

let closeOpen = () => {};

/** A menu that opens upwards; the next click anywhere closes it, as do Escape and another menu. */
function dropup(kind, button, menu, opens) {
  const box = el(`${kind}.dropdown.dropup`, {}, button, menu);
  function open(on) {
    if (on) closeOpen();
    closeOpen = on ? close : () => {};
    box.classList.toggle('is-open', on);
    button.setAttribute('aria-expanded', String(on));
    const listen = on ? addEventListener : removeEventListener;
    listen('click', close);
    listen('keydown', escape);
  }
  const close = () => open(false);
  const escape = (event) => event.key === 'Escape' && close();
  const toggle = (event) => { event.preventDefault(); open(!box.classList.contains('is-open')); };
  button.addEventListener(opens, toggle);
  button.addEventListener('click', (event) => event.stopPropagation());
  box.addEventListener('keydown', (event) => {
    if (event.target === button && opens !== 'click' && ['Enter', ' '].includes(event.key)) toggle(event);
  });
  return {box, close};
}

function behaviours() {
  const label = el('span.js-secondaryActionButtonLabel');
  const rows = Object.entries(BEHAVIOURS).map(([type, name]) => el('li.dropdown-item.js-secondaryAction', {
    role: 'menuitemradio', onclick: () => choose(type),
  }, icon('check'), el('span.js-secondaryActionLabel', {'data-type': type}, name)));
  const button = el('button.button.text', {type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', title: 'What becomes of the tab'}, label, icon('up'));
  const {box} = dropup('div', button, el('ul.dropdown-menu', {role: 'menu'}, rows), 'click');

  function show() {
    const current = behaviour();
    label.textContent = BEHAVIOURS[current];
    label.dataset.type = current;
    for (const row of rows) {
      row.setAttribute('aria-checked', String(row.querySelector('.js-secondaryActionLabel').dataset.type === current));
    }
  }

  async function choose(type) {
    session.me.preferences.secondaryAction = type;
    show();
    try {
      await call('PUT', 'users/preferences', {secondaryAction: type});
    } catch (error) {
      failure(error);
    }
  }

  show();
  return {box, show};
}

/** The bar; `submit(macro)` for Update (without a macro) and each macro of the ticket's group, `reset()` for Discard. */
export function attributeBar(groupId, {submit, reset}) {
  const tabs = behaviours();
  const update = el('button.button.primary.js-submit', {type: 'button', onclick: () => submit()}, 'Update');
  const discard = el('button.button.text.js-reset.hide', {type: 'button', onclick: reset}, 'Discard your unsaved changes.');
  const macros = session.macros.filter((one) => !one.group_ids.length || one.group_ids.includes(groupId));
  const items = macros.map((macro) => el('li.dropdown-item.js-dropdownActionMacro', {
    role: 'menuitem', 'data-id': macro.id,
    onmouseup: () => { if (!update.disabled) { submit(macro); menu.close(); } },
  }, macro.name));
  const opener = el('button.button.primary.js-openDropdownMacro', {
    type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': 'Macros', disabled: !macros.length,
  }, icon('up'));
  const menu = dropup('div', opener, el('ul.dropdown-menu', {role: 'menu'}, el('li.dropdown-header', {}, 'Macros'), items), 'mousedown');
  const form = el('form.buttonDropdown.js-submitDropdown', {onsubmit: (event) => event.preventDefault()}, update, menu.box);
  const node = el('div.attributeBar', {}, el('div.attributeBar-inner.js-attributeBar', {},
    el('div.attributeBar-presence', {}, icon('person'), el('span', {}, fullName(session.me))),
    discard, tabs.box, form));
  return {
    node,
    /** Brings what the person prefers up to date. */
    show: tabs.show,
    /** Whether there is anything to discard. */
    dirty(on) { discard.classList.toggle('hide', !on); },
    /** While an update is under way nothing here can be pressed. */
    disable(off) {
      update.disabled = off;
      opener.disabled = off || !macros.length;
      update.classList.toggle('is-busy', off);
    },
  };
}
