import english from './english.js';
import russian from './russian.js';
import { local } from './memory.js';

const dictionaries = { en: english, ru: russian };
const listeners = new Set();
let language = local.read('language') ?? (navigator.language?.toLowerCase().startsWith('ru') ? 'ru' : 'en');
if (!dictionaries[language]) language = 'en';

/** The text of a key in the current language, with `{name}` replaced. */
export function text(key, values = {}) {
  const found = dictionaries[language][key] ?? '';
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const currentLanguage = () => language;

/** Runs `listener` now and after each change of language. */
export function onLanguage(listener) {
  listeners.add(listener);
  listener();
}

export function switchLanguage() {
  language = text('otherLanguage');
  local.write('language', language);
  for (const listener of listeners) listener();
}

/** Writes the texts named by `data-text`, `data-label` and `data-placeholder`. */
export function renderTexts() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', text(element.dataset.label));
    if (element.matches('button')) element.title = text(element.dataset.label);
  }
  for (const element of document.querySelectorAll('[aria-keyshortcuts]')) element.title = element.getAttribute('aria-keyshortcuts');
  for (const element of document.querySelectorAll('[data-placeholder]')) {
    element.placeholder = text(element.dataset.placeholder);
  }
}
