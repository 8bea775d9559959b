// The sidebar: tabs, tags, the customer. The attribute form is a file of its own.

import {call} from './api.js';
import {ago, avatar, el, icon} from './dom.js';
import {failure} from './notify.js';
import {fullName} from './session.js';

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

/** Tabs and their panels: `[{key, title, icon, node}]`. Pressing the tab that is open closes the sidebar, and opens it again. */
export function tabs(panels) {
  const panelNodes = panels.map(({key, title, node}) => el('div.sidebar', {'data-tab': key},
    el('div.sidebar-header', {}, el('h2', {}, title)), el('div.sidebar-content', {}, node)));
  const buttons = panels.map(({key, title, icon: symbol}) => el('button.tabsSidebar-tab', {
    type: 'button', 'data-tab': key, title, 'aria-label': title}, icon(symbol)));
  const holder = el('div.tabsSidebar-holder', {}, panelNodes);
  const sidebar = el('div.tabsSidebar', {}, holder, el('div.tabsSidebar-tabs', {}, buttons));
  let current = null;
  function open(key) {
    current = key;
    holder.classList.remove('hide');
    for (const node of panelNodes) node.classList.toggle('hide', node.dataset.tab !== key);
    for (const node of buttons) node.classList.toggle('active', node.dataset.tab === key);
  }
  open(panels[0].key);
  // One listener for all tabs, as the real one has: a tab that it does not know is one all the same.
  sidebar.addEventListener('click', (event) => {
    const key = event.target.closest('.tabsSidebar-tab')?.dataset.tab;
    if (key === current) holder.classList.toggle('hide');
    else if (key) open(key);
  });
  return sidebar;
}
