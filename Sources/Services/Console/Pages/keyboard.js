import { $ } from './dom.js';

const fields = 'input, select, textarea';

/** The whole telephone from the keyboard: Enter, Esc, digits, M and H (by place, so in any layout). */
export function listenToKeyboard(phone, desk, incoming) {
  document.addEventListener('keydown', (event) => {
    if (document.documentElement.dataset.view !== 'desk' || $('settings').open) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (react(event, phone, desk, incoming)) event.preventDefault();
  });
}

function react(event, phone, desk, incoming) {
  if (event.key === 'Escape') return escape(phone, incoming);
  if (event.target.matches(fields)) return false;
  if (event.key === 'Enter') return enter(event, incoming);
  if (/^[0-9*#+]$/.test(event.key)) {
    if (!phone.isBusy) $('number').focus();
    desk.press(event.key);
    return true;
  }
  if (event.repeat || !phone.isBusy) return false;
  if (event.code === 'KeyM') $('mute').click();
  else if (event.code === 'KeyH') $('hold').click();
  else return false;
  return true;
}

/** Takes back the nearest thing: the transfer form, the offered call, the call, the number. */
function escape(phone, incoming) {
  if (!$('transfer-form').hidden) {
    $('transfer').click();
    $('transfer').focus();
  } else if (incoming.offer) incoming.reject();
  else if (phone.isBusy) phone.hangUp();
  else {
    $('number').value = '';
    $('number').dispatchEvent(new Event('input'));
    $('number').focus();
  }
  return true;
}

/** Enter on a button presses it; elsewhere it answers. */
function enter(event, incoming) {
  if (event.target.closest('button, a') || !incoming.offer) return false;
  incoming.answer();
  return true;
}
