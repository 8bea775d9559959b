// The one reply form. `.article-new` is thrown away and built anew after every submit and reset; what was typed lives in
// a draft object of the ticket, so that a re-render for another reason brings it back.

import {avatar, el, icon} from './dom.js';
import {cleaned, cleanedHtml} from './sanitize.js';
import {fullName, session} from './session.js';

const TYPES = {
  note: {name: 'Note', internal: true},
  email: {name: 'Reply by e-mail', internal: false},
  phone: {name: 'Phone call', internal: false},
};

/** A draft nobody has touched. */
export function emptyDraft() {
  return {type: 'note', internal: true, body: '', to: '', cc: '', subject: '', in_reply_to: '', open: false};
}

/** Whether a draft holds any text. */
export function hasText(draft) {
  const box = document.createElement('div');
  box.append(cleaned(draft.body));
  return box.textContent.trim() !== '';
}

function field(name, label, draft, changed) {
  const input = el('input', {type: 'text', name, autocomplete: 'off', spellcheck: 'false',
    oninput: () => { draft[name] = input.value; changed(); }});
  input.value = draft[name];
  return el('label.article-field', {'data-field': name}, el('span', {}, label), input);
}

/** The `.article-new` of a draft. `customer()` is the customer's address; `changed` is called whenever the person changes something. */
export function composer(draft, ticketId, customer, changed) {
  const hidden = {};
  for (const name of ['type', 'internal', 'form_id', 'subtype', 'in_reply_to', 'shared_draft_id']) {
    hidden[name] = el('input', {type: 'hidden', name});
  }
  hidden.form_id.value = String(Math.floor(Math.random() * 1e9));

  const textarea = el('div.js-textarea.articleNewEdit-body', {
    contenteditable: 'true', 'data-name': 'body', role: 'textbox', 'aria-multiline': 'true',
    'aria-label': 'Text', 'data-placeholder': 'Write a note or a reply …',
    oninput: () => { draft.body = textarea.innerHTML; changed(); },
    onpaste: (event) => {
      // Text only: what other pages put on the clipboard has no place here.
      event.preventDefault();
      document.execCommand('insertText', false, event.clipboardData.getData('text/plain'));
    },
  });
  textarea.append(cleaned(draft.body));

  const selected = el('button.editControls-item.js-selectedArticleType', {
    type: 'button', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', onclick: () => openTypes(types.classList.contains('is-hidden')),
  });
  const types = el('div.pop-selector.js-articleTypes.is-hidden', {role: 'listbox'},
    Object.entries(TYPES).map(([type, {name}]) => el('button.pop-selectable.js-articleTypeItem', {
      type: 'button', role: 'option', 'data-value': type, onclick: () => setType(type),
    }, icon(type), name)));
  const visibility = el('button.editControls-item.js-toggleVisibility', {
    type: 'button', onclick: () => { draft.internal = !draft.internal; show(); changed(); },
  });

  const form = el('form.article-add', {onsubmit: (event) => event.preventDefault()},
    Object.values(hidden),
    el('div.editControls', {}, el('span.js-avatar', {}, avatar(fullName(session.me))), el('span.pop-select', {}, selected, types), visibility),
    el('div.article-fields', {}, field('to', 'To', draft, changed), field('cc', 'Cc', draft, changed), field('subject', 'Subject', draft, changed)),
    textarea);
  const node = el('div.article-new', {'data-ticket-id': ticketId}, form);

  function openTypes(open) {
    types.classList.toggle('is-hidden', !open);
    selected.setAttribute('aria-expanded', String(open));
  }

  function setType(type) {
    if (type !== draft.type) draft.internal = TYPES[type].internal;
    draft.type = type;
    draft.open = true;
    if (type === 'email' && !draft.to) draft.to = customer();
    openTypes(false);
    show();
    changed();
    textarea.focus({preventScroll: true});
    node.scrollIntoView({block: 'nearest'});
  }

  function show() {
    form.dataset.type = draft.type;
    form.classList.toggle('is-internal', draft.internal);
    form.classList.toggle('is-public', !draft.internal);
    form.classList.toggle('is-open', draft.open);
    hidden.type.value = draft.type;
    hidden.internal.value = String(draft.internal);
    hidden.in_reply_to.value = draft.in_reply_to;
    for (const name of ['to', 'cc', 'subject']) form.querySelector(`input[name=${name}]`).value = draft[name];
    selected.replaceChildren(icon(draft.type), TYPES[draft.type].name);
    visibility.replaceChildren(icon(draft.internal ? 'lock' : 'lock-open'), draft.internal ? 'internal' : 'public');
    visibility.title = draft.internal ? 'Set to public' : 'Set to internal';
    for (const option of types.children) option.setAttribute('aria-selected', String(option.dataset.value === draft.type));
  }

  textarea.addEventListener('focus', () => {
    if (draft.open) return;
    draft.open = true;
    show();
    node.scrollIntoView({block: 'nearest'});
  });
  form.addEventListener('keydown', (event) => event.key === 'Escape' && openTypes(false));
  form.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !types.parentElement.contains(event.relatedTarget)) openTypes(false);
  });
  show();

  return {
    node,
    /** Answer an e-mail: type, recipient and reference change, the text stays. */
    replyTo(article) {
      Object.assign(draft, {
        to: article.sender === 'Customer' ? article.from : article.to ?? '',
        subject: article.subject ?? '', in_reply_to: article.message_id ?? '',
      });
      setType('email');
    },
    /** The article as the API takes it; null without a text. Read from the page: others may have written into it. */
    article() {
      draft.body = textarea.innerHTML;
      if (!hasText(draft)) return null;
      const article = {
        type: draft.type, internal: draft.internal, body: cleanedHtml(draft.body), content_type: 'text/html',
        sender: 'Agent', form_id: hidden.form_id.value, subtype: '', in_reply_to: draft.in_reply_to,
      };
      if (draft.type === 'email') Object.assign(article, {to: draft.to, cc: draft.cc, subject: draft.subject});
      return article;
    },
    /** Nothing can be typed while the answer to a submit is awaited. */
    disable(off) {
      textarea.setAttribute('contenteditable', String(!off));
      for (const control of form.querySelectorAll('input, button')) control.disabled = off;
    },
  };
}
