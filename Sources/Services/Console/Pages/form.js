import { make } from './dom.js';
import { Field } from './fields.js';
import { reasonOf, text } from './texts.js';

/** A form of fields that sends what changed, and says what the server refuses next to the field it names. */
export class Form {
  /** `send(values)` stores them; `done(answer)` is told of its success. */
  constructor({ specs, value = {}, submit, send, done }) {
    this.fields = specs.map((spec) => new Field(spec, spec.type === 'rest' ? value : value[spec.name]));
    this.problem = make('p', { class: 'error', role: 'alert', 'data-test': 'form-error' });
    this.submit = make('button', { class: 'primary', type: 'submit', 'data-test': 'save' }, submit ?? text('save'));
    this.buttons = make('div', { class: 'buttons' }, this.submit);
    this.element = make('form', { class: 'form', novalidate: '', autocomplete: 'off' },
      ...this.fields.map(({ element }) => element), this.problem, this.buttons);
    this.element.onsubmit = (event) => {
      event.preventDefault();
      this.#send(send, done);
    };
  }

  /** What is to be sent; throws what `show` takes. */
  values() {
    const values = {};
    for (const field of this.fields) {
      if (field.spec.fixed) continue;
      const read = field.read();
      if (read === undefined) continue;
      if (field.spec.type === 'rest') Object.assign(values, read);
      else values[field.spec.name] = read;
    }
    return values;
  }

  async #send(send, done) {
    this.clear();
    this.submit.disabled = true;
    try {
      done?.(await send(this.values()));
    } catch (refusal) {
      this.show(refusal);
    } finally {
      this.submit.disabled = false;
    }
  }

  clear() {
    this.problem.textContent = '';
    for (const field of this.fields) field.clear();
  }

  /** Each reason at its field, the others below; the first field that is wrong gets the focus. */
  show(refusal) {
    const others = [];
    let first = null;
    for (const [name, reason] of Object.entries(refusal.details ?? {})) {
      const field = this.fields.find((one) => one.takes(name));
      if (!field) others.push(`${name}: ${reasonOf(reason)}`);
      const control = field?.refuse(name, reason);
      first ??= control;
      field?.element.closest('details')?.setAttribute('open', '');
    }
    if (others.length > 0 || !first) this.problem.textContent = [sentence(refusal), ...others].join(' ');
    first?.focus();
  }
}

/** A refusal in words. */
export function sentence(refusal) {
  const known = text(`refusal_${refusal.code}`);
  if (known) return known;
  return refusal.message || text('failServer');
}
