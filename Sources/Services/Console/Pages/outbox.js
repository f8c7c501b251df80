import { make } from './dom.js';
import { Collection, openEditor } from './collection.js';
import { sentence } from './form.js';
import { pill } from './report.js';
import { currentLanguage, text } from './texts.js';

const moment = (value) => (value ? new Date(value).toLocaleString(currentLanguage(), { dateStyle: 'short', timeStyle: 'medium' }) : '');

const kind = {
  path: 'outbox', isPaged: true, title: ({ body, kind: word }) => body?.event ?? word,
  columns: [
    { name: 'event', show: ({ body, kind: word }) => body?.event ?? word }, { name: 'kind', isWord: true },
    { name: 'state', show: ({ state }) => pill(state === 'parked' ? 'bad' : 'idle', text(`choice_${state}`) || state) },
    'attempts', { name: 'lastError', show: ({ lastError }) => lastError ?? '' },
    { name: 'nextAttemptAt', show: ({ nextAttemptAt, state }) => (state === 'parked' ? '' : moment(nextAttemptAt)) },
  ],
  actions: [{ name: 'retry', run: (item, page) => page.command(item, 'POST', '/retry', 'retried') },
    { name: 'drop', run: (item, page) => page.drop(item) }],
};

/** What waits to reach servers of others, and what was given up with its reason. */
export class Outbox extends Collection {
  constructor(office) {
    super(office, kind, []);
    this.state = '';
  }

  open(root) {
    super.open(root);
    const states = make('select', { 'aria-label': text('f_state'), 'data-test': 'state' }, ...['', 'pending', 'parked'].map((value) =>
      make('option', { value }, value ? text(`choice_${value}`) : text('allStates'))));
    states.onchange = () => {
      [this.state, this.page] = [states.value, 1];
      this.load();
    };
    const again = make('button', { type: 'button', class: 'plain', 'data-test': 'refresh' }, text('refresh'));
    again.onclick = () => this.load();
    this.filter.replaceWith(states);
    root.querySelector('[data-test=add]').replaceWith(again);
  }

  async load() {
    const query = `?page=${this.page}&limit=50${this.state ? `&state=${this.state}` : ''}`;
    try {
      const { items, pagination } = (await this.office.api(`outbox${query}`)).data;
      Object.assign(this, { items, pagination, context: {} });
      this.draw();
    } catch (refusal) {
      this.body.replaceChildren(make('p', { class: 'error', role: 'alert' }, sentence(refusal)));
    }
  }

  edit(item) {
    const facts = [['messageId', item.messageId], ['orderingKey', item.orderingKey], ['createdAt', moment(item.createdAt)],
      ['attempts', String(item.attempts)], ['lastError', item.lastError ?? '–']];
    openEditor(kind.title(item), make('dl', { class: 'facts' }, ...facts.map(([name, value]) =>
      make('div', {}, make('dt', {}, text(`f_${name}`)), make('dd', {}, value)))),
    make('pre', { 'data-test': 'body', tabindex: '0' }, JSON.stringify(item.body, null, 2)));
  }

  async command(item, method, rest, word) {
    await this.office.api(`outbox/${item.id}${rest}`, { method });
    this.office.say(text(word));
    await this.load();
  }

  async drop(item) {
    const sure = make('button', { type: 'button', class: 'danger', 'data-test': 'drop-sure' }, text('do_drop'));
    sure.onclick = async () => {
      sure.closest('dialog').close();
      await this.command(item, 'DELETE', '', 'dropped').catch((refusal) => this.office.say(sentence(refusal)));
    };
    openEditor(text('dropTitle'), make('p', {}, text('dropLead')), make('div', { class: 'buttons' }, sure));
    sure.focus();
  }
}
