import english from './english.js';
import russian from './russian.js';
import { local } from './memory.js';

const dictionaries = { en: english, ru: russian };
const listeners = new Set();
let language = local.read('language') ?? (navigator.language?.toLowerCase().startsWith('ru') ? 'ru' : 'en');
if (!dictionaries[language]) language = 'en';

/** Adds the texts of one page to those that all pages share. */
export function addTexts(more) {
  for (const [name, texts] of Object.entries(more)) Object.assign(dictionaries[name], texts);
}

/** The text of a key in the current language, with `{name}` replaced. */
export function text(key, values = {}) {
  const found = dictionaries[language][key] ?? '';
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The name of a field, as people read it. */
export const label = (name) => text(`f_${name}`) || name;

/** What the server says of a field: it speaks Russian, and pages give the words of their other languages. */
export function reasonOf(words) {
  for (const [pattern, sentence] of dictionaries[language].reasons ?? []) {
    const match = pattern.exec(words);
    if (match) return sentence.replace(/\{(\d)\}/g, (whole, index) => match[index]);
  }
  return words;
}

/** What an examination found: it speaks English, and pages put the words of their other languages in their places. */
export const findingOf = (words) => (dictionaries[language].findings ?? []).reduce((said, [part, put]) => said.replace(part, put), words);

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
    if (element.matches('button, a')) element.title = text(element.dataset.label);
  }
  for (const element of document.querySelectorAll('[aria-keyshortcuts]')) element.title = element.getAttribute('aria-keyshortcuts');
  for (const element of document.querySelectorAll('[data-placeholder]')) {
    element.placeholder = text(element.dataset.placeholder);
  }
}
