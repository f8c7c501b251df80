import { $ } from './dom.js';
import { text } from './texts.js';

/** The pop-up of a call that is offered: the oldest one, with a word about the others. */
export class Incoming {
  #phone;
  #flash = null;
  #notification = null;
  #title = document.title;

  constructor(phone) {
    this.#phone = phone;
    $('answer').onclick = () => this.answer();
    $('reject').onclick = () => this.reject();
    phone.addEventListener('offers', () => this.#render());
    phone.addEventListener('change', () => this.#render());
  }

  get offer() { return this.#phone.offers.values().next().value ?? null; }

  answer() { if (this.offer) this.#phone.answer(this.offer); }
  reject() { if (this.offer) this.#phone.reject(this.offer); }

  #render() {
    const { offer } = this;
    const wasHidden = $('incoming').hidden;
    $('incoming').hidden = offer === null;
    if (!offer) return this.#calm();
    const number = offer.caller_number || text('unknownNumber');
    const waiting = this.#phone.offers.size - 1;
    $('incoming-title').textContent = text(offer.isTransfer ? 'incomingTransfer' : 'incomingCall');
    $('incoming-number').textContent = number;
    $('incoming-detail').textContent =
      [offer.caller_company_name, waiting > 0 ? text('alsoWaiting', { count: waiting }) : ''].filter(Boolean).join(' · ');
    $('answer-text').textContent = text(this.#phone.isBusy ? 'endAndAnswer' : 'answer');
    if (wasHidden) this.#attract(number);
  }

  /** Enter answers now, but for somebody who is writing or talking. */
  #attract(number) {
    const writes = document.activeElement?.matches('input, select') && document.activeElement.value !== '';
    if (!writes && !this.#phone.isBusy) $('answer').focus({ preventScroll: true });
    this.#calm();
    let isLit = false;
    this.#flash = setInterval(() => {
      isLit = !isLit;
      document.title = isLit ? `☎ ${number}` : this.#title;
    }, 900);
    if (!('Notification' in window) || Notification.permission !== 'granted' || document.hasFocus()) return;
    this.#notification = new Notification(text('incomingCall'), { body: number, icon: '/icon.svg', tag: 'incoming' });
    this.#notification.onclick = () => window.focus();
  }

  #calm() {
    clearInterval(this.#flash);
    this.#notification?.close();
    this.#notification = null;
    document.title = this.#title;
  }
}
