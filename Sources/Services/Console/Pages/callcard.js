import { $, duration, make } from './dom.js';
import { text } from './texts.js';

const states = { calling: 'stateCalling', ringing: 'stateRinging', connected: 'stateConnected', held: 'stateHeld',
  ended: 'stateEnded' };
const codecs = { opus: 'Opus', PCMA: 'G.711 A', PCMU: 'G.711 µ', G722: 'G.722' };

/** The card of the call in progress: who, how long, how loud, how good, and what can be done with it. */
export class CallCard {
  #phone;
  #colleagues = [];
  #announced = '';

  constructor(phone) {
    this.#phone = phone;
    $('mute').onclick = () => phone.command((call) => call.setMuted(!call.isMuted));
    $('hold').onclick = () => phone.command((call) => call.setHeld(call.state !== 'held'));
    $('transfer').onclick = () => this.showTransfer($('transfer-form').hidden);
    $('transfer-form').onsubmit = (event) => {
      event.preventDefault();
      this.#transfer($('transfer-target').value.trim());
    };
    phone.addEventListener('level', ({ detail }) => {
      for (const [side, level] of Object.entries(detail)) {
        $(`${side}-level`).style.setProperty('--level', level.toFixed(3));
      }
    });
    phone.addEventListener('quality', ({ detail }) => this.#showQuality(detail));
    phone.addEventListener('colleagues', ({ detail }) => this.#setColleagues(detail));
    setInterval(() => this.#tick(), 250);
  }

  render(call) {
    $('call-number').textContent = call.number || text('unknownNumber');
    $('state').textContent = stateText(call);
    $('recorded').hidden = !call.isRecorded || call.isOver;
    $('mute').setAttribute('aria-pressed', call.isMuted);
    $('hold').setAttribute('aria-pressed', call.state === 'held');
    const isUp = (call.state === 'connected' || call.state === 'held') && !call.isReturning;
    for (const id of ['mute', 'hold', 'transfer']) $(id).disabled = !isUp;
    if (!isUp) this.showTransfer(false);
    if (!call.answeredAt) $('quality').replaceChildren();
    else if (!$('quality').hasChildNodes()) $('quality').textContent = text('measuring');
    if (call.isOver || !call.pc) for (const id of ['mic-level', 'far-level']) $(id).style.removeProperty('--level');
    const recorded = $('recorded').hidden ? '' : ` ${text('recorded')}`;
    this.#announce(`${$('call-number').textContent}: ${stateText(call)}${recorded}`);
    this.#tick();
  }

  showTransfer(isShown) {
    if ($('transfer-form').hidden === !isShown) return;
    $('transfer-form').hidden = !isShown;
    $('transfer').setAttribute('aria-expanded', isShown);
    if (!isShown) return;
    this.#phone.dispatchEvent(new Event('transferring'));
    $('transfer-target').value = '';
    $('transfer-target').focus();
  }

  #transfer(typed) {
    if (!typed) return $('transfer-target').focus();
    const colleague = this.#colleagues.find((one) => one.name === typed);
    const target = colleague ? { targetUserId: colleague.id } : { target: typed };
    this.showTransfer(false);
    $('transfer').focus();
    this.#phone.command((call) => call.transfer(target));
  }

  #setColleagues(people) {
    this.#colleagues = people;
    $('colleagues').replaceChildren(...people.map(({ name }) => make('option', { value: name })));
  }

  #tick() {
    const { call } = this.#phone;
    const since = call?.answeredAt;
    const shown = since ? duration(((call.endedAt ?? Date.now()) - since) / 1000) : '';
    if ($('timer').textContent !== shown) $('timer').textContent = shown;
  }

  #showQuality({ lossIn, lossOut, jitter, rtt, mos, codec, grade }) {
    if (!this.#phone.call?.answeredAt) return;
    const percent = (value) => (value === null ? '–' : `${(value * 100).toFixed(1)}%`);
    const time = (value) => (value === null ? '–' : `${Math.round(value)} ${text('ms')}`);
    const figures = [`${text('loss')} ↓${percent(lossIn)} ↑${percent(lossOut)}`, `${text('jitter')} ${time(jitter)}`,
      `${text('rtt')} ${time(rtt)}`];
    if (mos !== null) figures.push(`MOS ${mos.toFixed(1)}`);
    $('quality').replaceChildren(make('b', { class: `grade ${grade}` }, text(grade)),
      make('span', { class: 'codec' }, codecs[codec] ?? codec ?? ''), ...figures.map((one) => make('span', {}, one)));
  }

  /** Says a change of state once to people who do not see the page. */
  #announce(sentence) {
    if (sentence === this.#announced) return;
    this.#announced = sentence;
    $('live').textContent = sentence;
  }
}

function stateText(call) {
  if (call.state === 'ended') return text(`ended_${call.reason}`) || text('stateEnded');
  if (call.isReturning) return text('stateReturning');
  if (call.isTransferring) return text('stateTransferring');
  if (call.isWeak) return text('stateWeak');
  const isAnswering = call.state === 'calling' && call.direction === 'incoming';
  if (isAnswering || (call.state === 'connected' && !call.hasSound)) return text('stateConnecting');
  return text(states[call.state]);
}
