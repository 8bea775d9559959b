// Who is signed in and what the helpdesk is made of: refreshed with every poll.

import {call} from './api.js';

export const session = {me: null, access: {}, config: {}, attributes: [], groups: [], states: [], priorities: [], owners: [], macros: []};

/** Ask again; false when nobody is signed in any more. */
export async function refresh() {
  const answer = await call('GET', 'signshow');
  if (answer.error) return false;
  session.me = answer.session;
  session.access = answer.group_access;
  session.config = answer.config;
  session.attributes = answer.models.Ticket;
  session.groups = answer.collections.Group;
  session.states = answer.collections.TicketState;
  session.priorities = answer.collections.TicketPriority;
  session.owners = answer.collections.User;
  session.macros = answer.collections.Macro;
  return true;
}

/** Whether the person holds this access on a group. */
export function may(groupId, access) {
  const held = session.access[groupId] ?? [];
  return held.includes('full') || held.includes(access);
}

/** "Ada Agent" */
export function fullName(user) {
  if (!user || user.id === 1) return '';
  return `${user.firstname} ${user.lastname}`.trim() || user.login;
}
