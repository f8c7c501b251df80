import { make } from './dom.js';
import { Collection, openEditor } from './collection.js';
import { Form } from './form.js';
import { pill } from './report.js';
import { text } from './texts.js';

const kind = {
  path: 'settings/employees', title: ({ name }) => name,
  columns: ['name', 'extension', { name: 'username', show: ({ username }) => username }, { name: 'state', show: stateOf }],
};

function stateOf({ username, isRegistered, failure }) {
  if (!username) return pill('idle', text('notSetUp'));
  if (isRegistered) return pill('good', text('registered'));
  if (isRegistered === null && !failure) return pill('idle', text('waits'));
  return make('span', {}, pill('bad', text('notRegistered')), make('small', { class: 'detail' }, failure ?? ''));
}

/** The employees' data at the PBX, as document 003 has them: extension, login, password. */
export class Employees extends Collection {
  constructor(office) { super(office, kind, []); }

  open(root) {
    this.body = make('div', { class: 'list', 'data-test': 'list' });
    root.append(make('div', { class: 'page-head' }, make('h1', {}, text('section_employees'))),
      make('p', { class: 'quiet lead' }, text('lead_employees')), this.body);
    this.load();
  }

  /** Looks again and again, and draws what is new. */
  draw() {
    const news = JSON.stringify(this.items);
    if (news === this.drawn && this.body.hasChildNodes()) return;
    this.drawn = news;
    super.draw();
  }

  async load() {
    await super.load();
    clearTimeout(this.timer);
    // Whether the PBX takes a login shows a moment later.
    this.timer = setTimeout(() => this.body.isConnected && this.load(), 4000);
  }

  edit(item) {
    const own = `settings/employees/${item.userId}`;
    const form = new Form({
      specs: [{ name: 'extension', required: true }, { name: 'username', hint: 'hintLoginAtPBX' },
        { name: 'password', type: 'password', hint: 'hintFromPBX' }],
      value: item, send: (body) => this.office.api(own, { method: 'PUT', body }), done: () => this.saved('saved'),
    });
    if (item.username) form.buttons.append(this.remover(own, form));
    openEditor(item.name, form.element);
  }
}
