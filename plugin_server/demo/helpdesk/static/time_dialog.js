// The page's own time accounting: asked after Update, before anything is sent. Closing it calls the update off.
//
//   <div class="modal" role="dialog"> … <input name="time_unit"> … <button class="js-skip"> <button class="js-submit"> …

import {el, icon} from './dom.js';
import {closeModal} from './notify.js';
import {session} from './session.js';

const UNITS = {hour: 'hour(s)', quarter: 'quarter-hour(s)', minute: 'minute(s)'};

/** Ask in `container`. `go(params)`: the update goes on, with `{time_unit}` or without. `off()`: the form is free again. */
export function askForTime(container, {go, off}) {
  closeModal(container);
  const input = el('input', {type: 'text', name: 'time_unit', autocomplete: 'off', id: 'time-unit', placeholder: 'The time you want to record'});
  const problem = el('span.help-inline', {role: 'alert'});
  const group = el('div.form-group', {}, el('label', {for: 'time-unit'}, 'Accounted time'),
    el('div.controls', {}, input, el('span.time-unit', {}, UNITS[session.config.time_accounting_unit] ?? session.config.time_accounting_unit_custom ?? '')), problem);
  const form = el('form.modal-content', {onsubmit: (event) => { event.preventDefault(); submit(); }},
    el('div.modal-header', {}, el('h1.modal-title', {}, 'Time accounting'),
      el('button.modal-close.js-close', {type: 'button', 'aria-label': 'Close', onclick: () => close()}, icon('close'))),
    el('div.modal-body', {}, group),
    el('div.modal-footer', {},
      el('button.button.text.js-skip', {type: 'button', onclick: () => { go({}); close(); }}, 'Skip'),
      el('button.button.primary.js-submit', {type: 'submit'}, 'Account time')));
  const box = el('div.modal', {role: 'dialog', 'aria-modal': 'true', 'aria-label': 'Time accounting'}, el('div.modal-dialog', {}, form));

  function submit() {
    const text = input.value.trim().replace(',', '.');
    if (!/^-?\d+(\.\d+)?$/.test(text)) {
      group.classList.add('has-error');
      problem.textContent = text ? 'is not a number' : 'is required';
      return;
    }
    close();
    go({time_unit: text});
  }

  // However it is closed, the form is freed: also when the update goes on. That is a habit of the real page which
  // others have to live with, so it is imitated.
  function close() {
    box.remove();
    off();
  }

  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    if (event.key !== 'Tab') return;
    const stops = [...box.querySelectorAll('input, button')];
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  });
  box.closeModal = close;
  box.submitModal = submit;
  container.append(box);
  input.focus();
}
