import { $, duration, icon, make } from './dom.js';
import { recentCalls } from './server.js';
import { currentLanguage, text } from './texts.js';

const unanswered = ['missed', 'no_answer', 'busy', 'rejected', 'cancelled', 'failed'];

/** The list of recent calls; a click calls again. */
export class Recent {
  #account;
  #dial;
  #calls = null;
  #timer = null;

  /** `account`: `{token, user}`, or null for a guest. */
  constructor(account, socket, dial) {
    this.#account = account;
    this.#dial = dial;
    // One ending is told in several events; the record is written a moment later.
    for (const name of ['call-ended', 'call:ended', 'call-answered']) {
      socket.addEventListener(name, () => this.#loadSoon());
    }
    socket.addEventListener('link', ({ detail }) => detail === 'online' && this.#loadSoon());
  }

  #loadSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), 400);
  }

  async #load() {
    this.#calls = await recentCalls(this.#account?.token).catch(() => this.#calls);
    this.render();
  }

  render() {
    if (!this.#calls) return;
    const days = Map.groupBy
      ? Map.groupBy(this.#calls, dayOf)
      : this.#calls.reduce((map, call) => map.set(dayOf(call), [...(map.get(dayOf(call)) ?? []), call]), new Map());
    const groups = [...days].map(([day, calls]) => make('section', {}, make('h3', {}, dayName(day)),
      make('ul', {}, ...calls.map((call) => make('li', {}, this.#row(call))))));
    $('recent').replaceChildren(...groups);
    if (groups.length === 0) $('recent').append(make('p', { class: 'quiet' }, text('noRecent')));
  }

  #row(call) {
    const { isIncoming, number } = this.#sideOf(call);
    const failed = unanswered.includes(call.state);
    const isMissed = isIncoming && failed && call.state !== 'rejected';
    const word = isMissed ? 'missed' : call.state === 'rejected' ? 'ended_rejected' : failed ? 'notAnswered'
      : isIncoming ? 'incoming' : 'outgoing';
    const time = new Date(call.startedAt ?? call.createdAt);
    const clock = time.toLocaleTimeString(currentLanguage(), { hour: 'numeric', minute: '2-digit' });
    const end = call.endedAt ? (call.duration > 0 ? duration(call.duration) : '') : text('live');
    const row = make('button', { type: 'button', class: isMissed ? 'row missed' : 'row', 'data-test': 'recent-call',
      'aria-label': `${text('callBack', { number })}. ${text(word)}, ${clock} ${end}` },
    icon(isIncoming ? 'in' : 'out'), make('span', { class: 'row-number' }, number),
    make('span', { class: 'row-word' }, failed ? text(word) : end), make('time', { datetime: time.toISOString() }, clock));
    row.onclick = () => this.#dial(number);
    return row;
  }

  /** The far side as seen from here: calls between two of our people have no direction of their own. */
  #sideOf(call) {
    const own = this.#account?.user.extension;
    if (own && call.to === own) return { isIncoming: true, number: call.from };
    if (own && call.from === own) return { isIncoming: false, number: call.to };
    return { isIncoming: call.direction === 'incoming', number: call.phoneNumber || call.to };
  }
}

function dayOf({ startedAt, createdAt }) {
  const time = new Date(startedAt ?? createdAt);
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

function dayName(day) {
  const today = new Date().setHours(0, 0, 0, 0);
  if (day === today) return text('today');
  if (Math.round((today - day) / 86_400_000) === 1) return text('yesterday');
  return new Date(day).toLocaleDateString(currentLanguage(), { weekday: 'long', day: 'numeric', month: 'long' });
}
