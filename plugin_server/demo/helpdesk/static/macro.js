// What a macro makes of a ticket's changes and of the article that is being written. It is the page that applies it.

import {call} from './api.js';
import {failure} from './notify.js';

/** Changes and article after the macro. A note of the macro's takes the place of what stands in the composer. */
export function applied(macro, changes, article) {
  const after = {changes: {...changes}, article, tags: []};
  for (const [key, content] of Object.entries(macro.perform)) {
    const [model, name] = key.split('.');
    if (model === 'article') {
      after.article = {
        type: name, sender: 'Agent', content_type: 'text/html', ...article, type: name,
        body: content.body, subject: content.subject ?? '', internal: String(content.internal) !== 'false',
      };
    } else if (name === 'tags') {
      after.tags.push(content);
    } else {
      after.changes[name] = name.endsWith('_id') ? Number(content.value) : content.value;
    }
  }
  return after;
}

/** Tags are set at once and by calls of their own, before the update. */
export async function applyTags(ticketId, tags) {
  for (const {operator, value} of tags) {
    for (const item of String(value).split(/\s*,\s*/).filter(Boolean)) {
      const [method, path] = operator === 'remove' ? ['DELETE', 'tags/remove'] : ['POST', 'tags/add'];
      try {
        await call(method, path, {object: 'Ticket', o_id: ticketId, item});
      } catch (error) {
        failure(error);
      }
    }
  }
}
