import { duration, make } from './dom.js';
import { sentence } from './form.js';
import { pill } from './report.js';
import { currentLanguage, label, text } from './texts.js';

const period = 5000;
const columns = ['from', 'to', 'state', 'direction', 'startedAt', 'duration', 'endReason'];
const grades = { answered: 'good', held: 'fair', transferring: 'fair', initiated: 'fair', ringing: 'fair', failed: 'bad' };
const moment = (value) => new Date(value).toLocaleString(currentLanguage(), { dateStyle: 'short', timeStyle: 'medium' });

/** The calls that live and those that ended last, each with the page that says why it sounded as it did. */
export class Calls {
  #office;
  #list;
  #timer;
  #drawn = '';

  constructor(office) { this.#office = office; }

  open(root) {
    this.#list = make('div', { class: 'list', 'data-test': 'list' });
    root.append(make('div', { class: 'page-head' }, make('h1', {}, text('section_calls'))),
      make('p', { class: 'quiet lead' }, text('lead_calls')), this.#list);
    this.#load();
  }

  leave() { clearTimeout(this.#timer); }

  async #load() {
    clearTimeout(this.#timer);
    try {
      const { live, ended } = (await this.#office.api('calls?limit=50')).data;
      const news = JSON.stringify([live, ended]);
      if (news !== this.#drawn) this.#draw([...live, ...ended]);
      this.#drawn = news;
    } catch (refusal) {
      this.#drawn = '';
      this.#list.replaceChildren(make('p', { class: 'error', role: 'alert' }, sentence(refusal)));
    }
    if (this.#list.isConnected) this.#timer = setTimeout(() => this.#load(), period);
  }

  #draw(calls) {
    if (calls.length === 0) return this.#list.replaceChildren(make('p', { class: 'quiet empty', 'data-test': 'empty' }, text('noCalls')));
    const focused = document.activeElement?.dataset.focus;
    const head = make('tr', {}, ...columns.map((name) => make('th', { scope: 'col' }, label(name))),
      make('th', { scope: 'col' }, make('span', { class: 'unseen' }, text('actions'))));
    this.#list.replaceChildren(make('table', {}, make('thead', {}, head), make('tbody', {}, ...calls.map((call) => this.#row(call)))));
    if (focused) this.#list.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #row(call) {
    const cells = columns.map((name, index) => make(index === 0 ? 'th' : 'td', { scope: index === 0 ? 'row' : null, 'data-name': label(name) },
      shown(name, call)));
    const open = make('button', { type: 'button', class: 'plain', 'data-test': 'diagnosis', 'data-focus': `diagnosis-${call.id}`,
      'aria-label': `${text('do_diagnosis')}: ${call.from} → ${call.to}` }, text('do_diagnosis'));
    open.onclick = () => this.#show(call, open);
    return make('tr', { 'data-test': 'row', 'data-call': call.id }, ...cells, make('td', { class: 'row-actions' }, open));
  }

  /** A new tab has no token: it opens a link that is made for this call. The tab is opened by the press itself, or it would be blocked. */
  async #show({ id }, button) {
    const tab = window.open('', '_blank');
    if (tab) tab.opener = null;
    button.disabled = true;
    try {
      const { url } = (await this.#office.api(`/api/v1/calls/${id}/diagnosis/link`, { method: 'POST' })).data;
      if (tab) tab.location.replace(url);
      else window.location.assign(url);
    } catch (refusal) {
      tab?.close();
      this.#office.say(sentence(refusal));
    }
    button.disabled = false;
  }
}

function shown(name, call) {
  const value = call[name];
  if (value === null) return '';
  switch (name) {
    case 'state': return pill(grades[value] ?? 'idle', text(`call_${value}`) || value);
    case 'direction': return text(`way_${value}`) || value;
    case 'startedAt': return moment(value);
    case 'duration': return duration(value);
    case 'endReason': return text(`ended_${value}`) || value;
    default: return String(value);
  }
}
