// The articles of a ticket, oldest first. They are patched one by one: what is there and unchanged is never touched.

import {ago, avatar, el, icon} from './dom.js';
import {cleaned} from './sanitize.js';
import {fullName} from './session.js';

function action(type, name, symbol, run) {
  return el('button.article-action.js-ArticleAction', {type: 'button', 'data-type': type, onclick: run},
    icon(symbol), el('span', {}, name));
}

function actions(article, {editable, reply, setInternal}) {
  if (!editable) return null;
  const found = [];
  if (article.type === 'email') found.push(action('emailReply', 'reply', 'reply', () => reply(article)));
  found.push(article.internal
    ? action('public', 'set to public', 'lock-open', () => setInternal(article, false))
    : action('internal', 'set to internal', 'lock', () => setInternal(article, true)));
  return el('div.article-actions', {}, found);
}

function body(article) {
  const node = el('div.article-body');
  if (article.content_type.startsWith('text/html')) node.append(cleaned(article.body));
  else node.append(article.body);
  return node;
}

function item(article, users, options) {
  const author = users[article.created_by_id];
  const name = fullName(author) || article.from;
  const kind = article.sender.toLowerCase();
  const visibility = article.internal ? 'is-internal' : 'is-public';
  return el(`div.ticket-article-item.${kind}.${visibility}`, {
    id: `article-${article.id}`,
    'data-id': article.id,
    'data-type': article.type,
    'data-version': article.updated_at,
  },
  avatar(name),
  el('div.article-content', {},
    el('div.article-meta', {},
      el('strong.article-author', {}, name),
      el('span.article-type', {}, article.type),
      article.internal && el('span.article-internal', {}, icon('lock'), 'internal'),
      article.type === 'email' && article.to && el('span.article-to', {title: article.to}, `to ${article.to}`),
      ago(article.created_at)),
    el('div.textBubble', {}, article.subject && el('div.article-subject', {}, article.subject), body(article)),
    actions(article, options)));
}

/** Bring the list in `box` up to date; answers the ids that are new. */
export function patch(box, articles, users, options) {
  const added = [];
  const present = new Map([...box.children].map((node) => [node.dataset.id, node]));
  for (const article of articles) {
    const old = present.get(String(article.id));
    present.delete(String(article.id));
    if (old?.dataset.version === article.updated_at) continue;
    const fresh = item(article, users, options);
    if (old) old.replaceWith(fresh);
    else {
      box.append(fresh);
      added.push(article.id);
    }
  }
  for (const gone of present.values()) gone.remove();
  return added;
}
