import { $, make } from './dom.js';
import { CallCard } from './callcard.js';
import { keyTone } from './sounds.js';
import { local } from './memory.js';

const keys = [['1', ''], ['2', 'ABC'], ['3', 'DEF'], ['4', 'GHI'], ['5', 'JKL'], ['6', 'MNO'],
  ['7', 'PQRS'], ['8', 'TUV'], ['9', 'WXYZ'], ['*', ''], ['0', '+'], ['#', '']];
const names = { '*': 'star', '#': 'hash' };

/** Where one dials, and the card of the call that takes the number's place while there is one. */
export class Desk {
  #phone;
  #card;

  constructor(phone) {
    this.#phone = phone;
    this.#card = new CallCard(phone);
    $('keys').replaceChildren(...keys.map(([digit, letters]) => this.#key(digit, letters)));
    $('dial').onsubmit = (event) => {
      event.preventDefault();
      this.dial($('number').value);
    };
    $('number').oninput = () => this.#numberChanged();
    $('erase').onclick = () => this.#erase();
    $('hangup').onclick = () => phone.hangUp();
    for (const button of document.querySelectorAll('[data-dial]')) button.onclick = () => this.dial(button.dataset.dial);
    $('try').hidden = local.read('tried') !== null;
    $('try-close').onclick = () => {
      local.write('tried', 'yes');
      $('try').hidden = true;
    };
    phone.addEventListener('change', () => this.#render());
    this.#numberChanged();
    this.#render();
  }

  dial(text) {
    const number = text.trim();
    if (!number) return $('number').focus();
    if (this.#phone.isBusy) return;
    $('number').value = number;
    this.#numberChanged();
    this.#phone.dial(number);
  }

  /** A key of the pad or the keyboard: a digit of the number, or a tone during a call. */
  press(digit) {
    if (this.#phone.isBusy) return this.#phone.command((call) => call.sendDigit(digit));
    const field = $('number');
    const [start, end] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
    field.setRangeText(digit, start, end, 'end');
    keyTone(digit);
    this.#numberChanged();
  }

  #key(digit, letters) {
    const name = names[digit] ?? digit;
    const key = make('button', { type: 'button', 'data-test': `key-${name}`, 'data-key': digit }, digit);
    if (letters) key.append(make('small', { 'aria-hidden': 'true' }, letters));
    let held = null;
    // Holding 0 makes the plus of international numbers.
    if (digit === '0') {
      key.onpointerdown = () => { held = setTimeout(() => { held = 'plus'; this.press('+'); }, 500); };
    }
    key.onclick = () => {
      clearTimeout(held);
      if (held !== 'plus') this.press(digit);
      held = null;
    };
    return key;
  }

  #erase() {
    const field = $('number');
    const end = field.selectionEnd;
    const start = field.selectionStart === end ? Math.max(0, end - 1) : field.selectionStart;
    field.setRangeText('', start, end, 'end');
    field.focus();
    this.#numberChanged();
  }

  #numberChanged() { $('erase').hidden = $('number').value === ''; }

  #render() {
    const { call, isBusy } = this.#phone;
    const hadCall = !$('call-card').hidden;
    const hadFocus = document.activeElement === document.body || $('call-card').contains(document.activeElement)
      || document.activeElement === $('hangup') || document.activeElement === $('call');
    $('dial').hidden = call !== null;
    $('call-card').hidden = call === null;
    $('call').hidden = isBusy;
    $('call').disabled = call !== null;
    $('hangup').hidden = !isBusy;
    document.documentElement.dataset.callState = this.state;
    if (call) this.#card.render(call);
    if (call && !hadCall && hadFocus) $('hangup').focus();
    if (!call && hadCall) {
      $('number').value = '';
      this.#numberChanged();
      if (hadFocus) $('number').focus({ preventScroll: true });
    }
  }

  get state() {
    const { call, isBusy, offers } = this.#phone;
    if (!isBusy && offers.size > 0) return 'incoming';
    return call?.state ?? 'idle';
  }
}
