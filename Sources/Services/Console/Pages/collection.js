import { $, icon, make } from './dom.js';
import { Form, sentence } from './form.js';
import { label, text } from './texts.js';

/**
 * A kind of thing that administrators keep: its list, and the dialogue in which one is added, changed or removed.
 *
 * `kind`: `{path, name, parent, title, columns, fields, context, actions, children, isPaged}`; see `kinds.js`.
 */
export class Collection {
  constructor(office, kind, place) {
    Object.assign(this, { office, kind, place });
    this.path = typeof kind.path === 'function' ? kind.path(place) : kind.path;
    this.page = 1;
    this.search = '';
    this.asked = 0;
  }

  open(root) {
    this.body = make('div', { class: 'list', 'data-test': 'list' });
    this.filter = make('input', { type: 'search', placeholder: text('search'), 'aria-label': text('search'), 'data-test': 'search' });
    this.filter.oninput = () => {
      this.search = this.filter.value.trim();
      this.page = 1;
      clearTimeout(this.timer);
      if (this.kind.isPaged) this.timer = setTimeout(() => this.load(), 300);
      else this.draw();
    };
    const add = make('button', { type: 'button', class: 'primary', 'data-test': 'add' }, text('add'));
    add.onclick = () => this.edit(null);
    // A form may offer what only the list's answer brings.
    add.disabled = true;
    this.add = add;
    const name = this.place.length > 0 ? this.place[1] : this.kind.path;
    const back = this.place.length > 0 ? [make('a', { class: 'back', href: `#${this.kind.parent}` }, `‹ ${text(`section_${this.kind.parent}`)}`)] : [];
    root.append(...back, make('div', { class: 'page-head' }, make('h1', {}, text(`section_${name}`)), this.filter, add),
      make('p', { class: 'quiet lead' }, text(`lead_${name}`)), this.body);
    this.load();
  }

  leave() { clearTimeout(this.timer); }

  async load() {
    this.asked += 1;
    const { asked } = this;
    const query = this.kind.isPaged ? `?page=${this.page}${this.search ? `&search=${encodeURIComponent(this.search)}` : ''}` : '';
    try {
      const answer = await this.office.api(`${this.path}${query}`);
      const context = this.kind.context ? await this.kind.context(this.office.api) : {};
      // Answers may overtake each other: the newest question's is shown.
      if (asked !== this.asked) return;
      [this.items, this.pagination, this.context] = [answer.data, answer.pagination, context];
      // Some lists have nothing to be added to.
      if (this.add) this.add.disabled = false;
    } catch (refusal) {
      if (asked !== this.asked) return;
      // Whatever comes next is drawn, be it the same as before.
      this.drawn = null;
      this.body.replaceChildren(make('p', { class: 'error', role: 'alert' }, sentence(refusal)));
      return;
    }
    this.draw();
  }

  /** Draws the list; whoever is on one of its buttons stays there. */
  draw() {
    const focused = document.activeElement?.dataset.focus;
    this.drawRows();
    if (focused) this.body.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  drawRows() {
    const wanted = this.search.toLowerCase();
    const items = this.kind.isPaged || !wanted ? this.items
      : this.items.filter((item) => this.kind.columns.some((column) => cellText(column, item, this.context).toLowerCase().includes(wanted)));
    if (items.length === 0) {
      this.body.replaceChildren(make('p', { class: 'quiet empty', 'data-test': 'empty' }, text(wanted ? 'nothingFound' : 'nothingYet')));
      return;
    }
    const columns = this.kind.columns.map(columnOf);
    const head = make('tr', {}, ...columns.map(({ name }) => make('th', { scope: 'col' }, label(name))),
      make('th', { scope: 'col' }, make('span', { class: 'unseen' }, text('actions'))));
    this.body.replaceChildren(make('table', {}, make('thead', {}, head),
      make('tbody', {}, ...items.map((item) => this.row(item, columns)))), ...this.pager());
  }

  row(item, columns) {
    const title = this.kind.title(item);
    const key = item.id ?? item.userId;
    const cells = columns.map((column, index) => {
      const shown = cellContent(column, item, this.context);
      if (index > 0) return make('td', { 'data-name': label(column.name) }, shown);
      const open = make('button', { type: 'button', class: 'link-button', 'data-test': 'edit', 'data-focus': `edit-${key}` }, shown);
      if (!open.textContent) open.textContent = title;
      open.onclick = () => this.edit(item);
      return make('th', { scope: 'row' }, open);
    });
    const children = (this.kind.children ?? []).map((name) =>
      make('a', { class: 'plain', href: `#${this.kind.path}/${encodeURIComponent(item.id)}/${name}` }, text(`section_${name}`)));
    const actions = (this.kind.actions ?? []).map((action) => {
      const button = make('button', { type: 'button', class: 'plain', 'data-test': `do-${action.name}`,
        'data-focus': `${action.name}-${key}`, 'aria-label': `${text(`do_${action.name}`)}: ${title}` }, text(`do_${action.name}`));
      button.onclick = () => this.act(action, item, button);
      return button;
    });
    return make('tr', { 'data-test': 'row' }, ...cells, make('td', { class: 'row-actions' }, ...children, ...actions));
  }

  pager() {
    const { totalPages = 1, total } = this.pagination ?? {};
    if (!this.pagination || totalPages < 2) return [];
    const step = (by, name) => {
      const button = make('button', { type: 'button', class: 'plain', 'data-test': name }, text(name));
      button.disabled = this.page + by < 1 || this.page + by > totalPages;
      button.onclick = () => {
        this.page += by;
        this.load();
      };
      return button;
    };
    return [make('p', { class: 'pager' }, step(-1, 'earlier'), make('span', {}, text('pageOf', { page: this.page, pages: totalPages, total })),
      step(1, 'later'))];
  }

  async act(action, item, button) {
    button.disabled = true;
    try {
      await action.run(item, this);
    } catch (refusal) {
      this.office.say(sentence(refusal));
    } finally {
      button.disabled = false;
    }
  }

  edit(item) {
    const own = item ? `${this.path}/${encodeURIComponent(item.id)}` : this.path;
    const specs = typeof this.kind.fields === 'function' ? this.kind.fields(this.context) : this.kind.fields;
    const form = new Form({
      specs, value: item ?? {}, send: (body) => this.office.api(own, { method: item ? 'PUT' : 'POST', body }),
      done: () => this.saved('saved'),
    });
    const isFixed = item?.source === 'environment';
    if (isFixed) form.submit.hidden = true;
    if (item && !isFixed) form.buttons.append(this.remover(own, form));
    openEditor(item ? this.kind.title(item) : text('addTitle', { kind: text(`section_${this.kind.name ?? this.kind.path}`) }),
      ...(isFixed ? [make('p', { class: 'banner' }, text('fromEnvironment'))] : []), form.element);
  }

  saved(word) {
    $('editor').close();
    this.office.say(text(word));
    this.load();
  }

  /** Removes at the second press. */
  remover(path, form) {
    const button = make('button', { type: 'button', class: 'plain remove', 'data-test': 'remove' }, text('remove'));
    let isSure = false;
    button.onclick = async () => {
      if (!isSure) {
        isSure = true;
        button.textContent = text('reallyRemove');
        button.classList.add('sure');
        return;
      }
      try {
        await this.office.api(path, { method: 'DELETE' });
        this.saved('removed');
      } catch (refusal) {
        form.show(refusal);
      }
    };
    button.onblur = () => {
      isSure = false;
      button.textContent = text('remove');
      button.classList.remove('sure');
    };
    return button;
  }
}

/** Shows the dialogue with a title and a way out; it closes with Escape, too. */
export function openEditor(title, ...content) {
  const close = make('button', { type: 'button', class: 'plain icon', 'aria-label': text('close'), title: text('close'), 'data-test': 'close' },
    icon('close'));
  close.onclick = () => $('editor').close();
  $('editor').replaceChildren(make('div', { class: 'editor-head' }, make('h2', { id: 'editor-title' }, title), close), ...content);
  if (!$('editor').open) $('editor').showModal();
  $('editor').querySelector('input:enabled, select:enabled, textarea:enabled')?.focus();
}

const columnOf = (column) => (typeof column === 'string' ? { name: column } : column);

function cellContent(column, item, context) {
  const shown = column.show ? column.show(item, context) : item[column.name];
  if (shown instanceof Node) return shown;
  if (shown === true || shown === false) return text(shown ? 'yes' : 'no');
  if (shown === null || shown === undefined) return '';
  return (column.isWord && text(`choice_${shown}`)) || String(shown);
}

function cellText(column, item, context) {
  const shown = cellContent(columnOf(column), item, context);
  return shown instanceof Node ? shown.textContent : shown;
}
