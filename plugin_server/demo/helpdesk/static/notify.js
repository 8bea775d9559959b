// What the page says to the person.
//
// Refused by the server (or no answer): a notice, gone after five seconds.
//   <div id="notify"><div class="notify-item error" role="alert" data-status="422">
//     <span class="notify-text">words</span><button class="notify-close">…</button></div></div>
// Refused by the page itself, before anything is sent: a modal inside the ticket.
//   <div class="content … active" id="content_permanent_Ticket-1">…<div class="modal" role="dialog">
//     <div class="modal-dialog"><div class="modal-content"><div class="modal-header"><h1 class="modal-title">…</h1></div>
//     <div class="modal-body">words</div><div class="modal-footer"><button class="js-submit">OK</button></div></div></div></div>

import {el, icon} from './dom.js';

const SECONDS = 5;

function say(kind, text, status) {
  const item = el(`div.notify-item.${kind}`, {role: kind === 'error' ? 'alert' : 'status', 'data-status': status},
    el('span.notify-text', {}, text),
    el('button.notify-close', {type: 'button', 'aria-label': 'Close', onclick: () => item.remove()}, icon('close')));
  document.getElementById('notify').append(item);
  setTimeout(() => item.remove(), SECONDS * 1000);
}

/** A failure of a call, as a notice. */
export function failure(error) {
  say('error', error.message, error.status ?? '');
}

/** A modal in `container`; `close` by its button, Escape, the shortcut or a click beside it. */
export function modal(container, title, text, button = 'OK', then = () => {}) {
  closeModal(container);
  const before = document.activeElement;
  const close = () => {
    box.remove();
    if (before?.isConnected) before.focus();
    then();
  };
  const box = el('div.modal', {role: 'dialog', 'aria-modal': 'true', 'aria-label': title},
    el('div.modal-dialog', {},
      el('div.modal-content', {},
        el('div.modal-header', {}, el('h1.modal-title', {}, title)),
        el('div.modal-body', {}, text),
        el('div.modal-footer', {}, el('button.button.primary.js-submit', {type: 'button', onclick: close}, button)))));
  box.addEventListener('mousedown', (event) => event.target === box && close());
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    // The only control there is: the focus stays on it.
    if (event.key === 'Tab') event.preventDefault();
  });
  box.closeModal = close;
  box.submitModal = close;
  container.append(box);
  box.querySelector('.js-submit').focus();
}

/** Press the button of the modal in `container`, without a click; whether there was one. */
export function submitModal(container) {
  const box = container.querySelector(':scope > .modal');
  box?.submitModal();
  return Boolean(box);
}

/** Close the modal in `container`; whether there was one. */
export function closeModal(container) {
  const box = container.querySelector(':scope > .modal');
  box?.closeModal();
  return Boolean(box);
}
