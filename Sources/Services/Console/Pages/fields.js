import { icon, make } from './dom.js';
import { label, reasonOf, text } from './texts.js';

let lastNumber = 0;

/**
 * One field of a form, made of its specification:
 * `{name, type, required, initial, choices, isNumber, hint, placeholder, fixed, rows, keys}`.
 *
 * Types: text (the default), password, number, flag, choice, choices (a set), rows (a list of objects), rest (the keys of
 * `keys`, as JSON), destination.
 */
export class Field {
  constructor(spec, value) {
    Object.assign(this, { spec, value });
    this.id = `field-${++lastNumber}`;
    this.error = make('p', { class: 'field-error', id: `${this.id}-error`, 'data-test': `error-${spec.name}`, role: 'alert' });
    this.element = (makers[spec.type] ?? makers.text)(this);
  }

  /** A control with its label, hint and place for what is wrong with it. */
  wrap(control, { isCheck = false } = {}) {
    this.control = control;
    control.id = this.id;
    control.setAttribute('data-test', `field-${this.spec.name}`);
    if (this.spec.fixed) control.disabled = true;
    if (this.spec.required) control.required = true;
    const hint = this.spec.fixed ? text('fixedBy', { variable: this.spec.fixed }) : this.spec.hint && text(this.spec.hint);
    const described = [hint && `${this.id}-hint`, `${this.id}-error`].filter(Boolean).join(' ');
    control.setAttribute('aria-describedby', described);
    const name = make('span', {}, label(this.spec.name));
    const head = make('label', { for: this.id, class: isCheck ? 'check' : null }, ...(isCheck ? [control, name] : [name]));
    const parts = isCheck ? [head] : [head, control];
    if (hint) parts.push(make('small', { id: `${this.id}-hint`, class: 'hint' }, hint));
    return make('div', { class: 'field' }, ...parts, this.error);
  }

  /** What is sent: undefined leaves the field as it is. */
  read() { return this.reading?.(); }

  /** Whether an error of this name, such as `targets[0].host`, is said here. */
  takes(name) {
    const names = this.spec.keys ?? [this.spec.name];
    return names.some((own) => name === own || name.startsWith(`${own}.`) || name.startsWith(`${own}[`));
  }

  refuse(name, reason) {
    const inner = this.rowFields?.().find(({ field, index }) => name === `${this.spec.name}[${index}].${field.spec.name}`);
    if (inner) return inner.field.refuse(inner.field.spec.name, reason);
    const isOwn = name === this.spec.name;
    this.error.textContent = isOwn ? reasonOf(reason) : `${name}: ${reasonOf(reason)}`;
    this.control?.setAttribute('aria-invalid', 'true');
    return this.control ?? this.element.querySelector('input, button');
  }

  clear() {
    this.error.textContent = '';
    this.control?.removeAttribute('aria-invalid');
    for (const { field } of this.rowFields?.() ?? []) field.clear();
  }
}

const isBlank = (value) => value === null || value === undefined || value === '';
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function textInput(field, attributes, convert) {
  const shown = isBlank(field.value) ? '' : String(field.value);
  const input = make('input', { autocomplete: 'off', spellcheck: 'false', value: shown, ...attributes });
  field.reading = () => {
    const typed = input.value.trim();
    if (typed === '') return isBlank(field.value) && !field.spec.required ? undefined : convert('');
    return convert(typed);
  };
  return field.wrap(input);
}

const makers = {
  text: (field) => textInput(field, { placeholder: field.spec.placeholder ?? null }, (typed) => typed),
  number: (field) => textInput(field, { inputmode: 'numeric', placeholder: field.spec.placeholder ?? null },
    (typed) => (typed === '' ? null : /^-?\d{1,15}$/.test(typed) ? Number(typed) : typed)),
  destination: (field) => {
    field.value = destinationText(field.value);
    return textInput(field, { placeholder: 'user:3, extension:1001, queue:sales, trunk:carrier' }, destinationOf);
  },
  password(field) {
    const isSet = !isBlank(field.value);
    const input = make('input', { type: 'password', autocomplete: 'new-password', placeholder: isSet ? text('unchanged') : null });
    field.reading = () => input.value || undefined;
    return field.wrap(input);
  },
  flag(field) {
    const input = make('input', { type: 'checkbox' });
    input.checked = Boolean(field.value ?? field.spec.initial);
    field.reading = () => input.checked;
    return field.wrap(input, { isCheck: true });
  },
  choice(field) {
    const select = make('select', {}, ...field.spec.choices.map((choice) => {
      const [value, name] = Array.isArray(choice) ? choice : [choice, text(`choice_${choice}`) || choice];
      return make('option', { value }, name);
    }));
    select.value = field.value ?? field.spec.initial ?? '';
    field.reading = () => (select.value === '' ? (isBlank(field.value) ? undefined : null)
      : field.spec.isNumber ? Number(select.value) : select.value);
    return field.wrap(select);
  },
  choices(field) {
    const boxes = field.spec.choices.map((choice) => {
      const box = make('input', { type: 'checkbox', value: choice, 'data-test': `choice-${choice}` });
      box.checked = (field.value ?? []).includes(choice);
      return box;
    });
    field.reading = () => boxes.filter((box) => box.checked).map((box) => box.value);
    const hint = field.spec.hint ? [make('small', { class: 'hint' }, text(field.spec.hint))] : [];
    return make('fieldset', { class: 'field choices' }, make('legend', {}, label(field.spec.name)), ...hint,
      make('div', {}, ...boxes.map((box) => make('label', { class: 'check' }, box, make('span', {}, box.value)))), field.error);
  },
  rest(field) {
    const all = Object.fromEntries(field.spec.keys.filter((key) => field.value?.[key] !== undefined)
      .map((key) => [key, field.value[key]]));
    const area = jsonArea(field, all);
    return make('details', { class: 'rest' }, make('summary', {}, text('moreSettings')), area);
  },
  rows(field) {
    let rows = [];
    const list = make('div', { class: 'rows' });
    const add = make('button', { type: 'button', class: 'plain', 'data-test': `add-${field.spec.name}` }, text('addRow'));
    const append = (value) => {
      const fields = field.spec.rows.map((spec) => new Field(spec, value?.[spec.name]));
      const remove = make('button', { type: 'button', class: 'plain icon', 'aria-label': text('removeRow'), title: text('removeRow') },
        icon('close'));
      const row = { value, fields, element: make('div', { class: 'fields-row', role: 'group' }, ...fields.map(({ element }) => element), remove) };
      remove.onclick = () => {
        rows = rows.filter((other) => other !== row);
        row.element.remove();
        add.focus();
      };
      rows.push(row);
      list.append(row.element);
      return row;
    };
    for (const value of field.value ?? []) append(value);
    if (rows.length === 0 && field.spec.required) append(null);
    add.onclick = () => append(null).fields[0].control?.focus();
    field.rowFields = () => rows.flatMap(({ fields }, index) => fields.map((inner) => ({ field: inner, index })));
    const whole = () => rows.map(({ value, fields }) => {
      const read = { ...value };
      for (const inner of fields) {
        const given = inner.read();
        if (given !== undefined) read[inner.spec.name] = given;
      }
      return read;
    });
    field.reading = () => {
      const read = whole();
      return same(read, field.value ?? []) ? undefined : read;
    };
    return make('fieldset', { class: 'field' }, make('legend', {}, label(field.spec.name)), list, add, field.error);
  },
};

function jsonArea(field, value) {
  const before = isBlank(value) ? '' : JSON.stringify(value, null, 1);
  const area = make('textarea', { rows: '8', spellcheck: 'false' });
  area.value = before;
  field.reading = () => {
    if (area.value === before || area.value.trim() === '') return undefined;
    try {
      return JSON.parse(area.value);
    } catch {
      throw Object.assign(new Error(field.spec.name), { details: { [field.spec.name]: text('noJSON') } });
    }
  };
  return field.wrap(area);
}

export function destinationText(destination) {
  if (!destination) return '';
  const [kind] = ['user', 'extension', 'queue', 'trunk'].filter((name) => destination[name] !== undefined);
  return `${kind}:${destination[kind]}${destination.number ? `/${destination.number}` : ''}`;
}

function destinationOf(typed) {
  if (typed === '') return null;
  const [, kind, name, number] = /^(\w+):([^/]*)(?:\/(.*))?$/.exec(typed) ?? [];
  if (!kind) return typed;
  return { [kind]: kind === 'user' && /^\d{1,15}$/.test(name) ? Number(name) : name, ...(number && { number }) };
}
