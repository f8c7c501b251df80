import { $, make } from './dom.js';
import { example, words } from './schema.js';
import { rememberedAccount } from './signin.js';

/** The page of the REST interface: every route as `/openapi.json` has it, each to be tried. */
async function start() {
  const response = await fetch('/openapi.json');
  const description = await response.json();
  $('version').textContent = `REST, ${description.info.version}`;
  const account = rememberedAccount();
  if (account?.token) {
    $('token').value = account.token;
    $('who').textContent = account.user.login ?? '';
  }
  $('access').onsubmit = (event) => event.preventDefault();
  $('filter').oninput = () => filter($('filter').value);
  $('families').replaceChildren(...description.tags.map((tag) => family(tag, description)).filter(Boolean));
  openNamed();
  window.addEventListener('hashchange', openNamed);
}

/** The routes whose first family this is. */
function family(tag, description) {
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).filter(([, operation]) => operation.tags[0] === tag.name)
      .map(([method, operation]) => route(method.toUpperCase(), path, operation, description.components.schemas)));
  if (operations.length === 0) return null;
  return make('section', { class: 'family', 'data-test': `family-${tag.name}` },
    make('h2', {}, tag.name, make('small', { class: 'quiet' }, tag.description)), ...operations);
}

function route(method, path, operation, schemas) {
  const details = make('details', {
    class: 'card operation', id: operation.operationId, 'data-words': `${method} ${path} ${operation.summary}`.toLowerCase(),
    'data-test': `${method} ${path}`,
  }, make('summary', {}, make('span', { class: 'method', 'data-method': method }, method),
    make('span', { class: 'path' }, path), make('span', { class: 'quiet' }, operation.summary)));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(inside(method, path, operation, schemas));
  });
  return details;
}

function inside(method, path, operation, schemas) {
  const parameters = operation.parameters ?? [];
  const inputs = parameters.map((parameter) => input(parameter, schemas));
  const body = operation.requestBody?.content['application/json'].schema;
  const text = body && make('textarea', { spellcheck: 'false', 'data-test': 'body' });
  if (text) text.value = JSON.stringify(example(body, schemas), null, 2);
  const outcome = make('pre', { 'data-test': 'outcome', hidden: '' });
  const button = make('button', { class: 'primary', type: 'button', 'data-test': 'try' }, 'Try it');
  button.onclick = async () => {
    button.disabled = true;
    outcome.hidden = false;
    outcome.textContent = await attempt(method, path, parameters, inputs, text?.value);
    button.disabled = false;
  };
  return make('div', { class: 'inside' },
    ...(inputs.length ? [section('Parameters', make('div', { class: 'fields' }, ...inputs.map(({ label }) => label)))] : []),
    ...(text ? [section('Body', text, make('small', { class: 'quiet' }, words(body, schemas)))] : []),
    make('div', { class: 'tries' }, button, make('small', { class: 'quiet' }, access(operation))), outcome,
    section('Answers', answers(operation.responses, schemas)));
}

const section = (title, ...children) => make('section', {}, make('h3', {}, title), ...children);

function access({ security }) {
  return security.length === 0 ? 'Needs no token' : 'Needs a token, unless the installation lets everybody in';
}

function input(parameter, schemas) {
  const field = make('input', { spellcheck: 'false', 'data-test': `${parameter.in}-${parameter.name}`,
    placeholder: parameter.schema.anyOf?.[0].default ?? null });
  const hint = [parameter.in, words(parameter.schema, schemas), parameter.description].filter(Boolean).join(' · ');
  return { field, label: make('label', {}, make('span', {}, parameter.name + (parameter.required ? ' *' : '')), field,
    make('small', { class: 'quiet' }, hint)) };
}

function answers(responses, schemas) {
  const rows = Object.entries(responses).map(([status, { description, content }]) => {
    const [type, { schema } = {}] = Object.entries(content ?? {})[0] ?? [];
    const shape = status < 300 && schema ? words(schema, schemas) : type === 'application/json' ? '' : type ?? '';
    return make('tr', {}, make('td', {}, status), make('td', {}, description, ' ', make('small', { class: 'quiet' }, shape)));
  });
  return make('table', { class: 'answers' }, make('tbody', {}, ...rows));
}

/** Asks the server and answers its words, as text. */
async function attempt(method, path, parameters, inputs, body) {
  const headers = {};
  const query = new URLSearchParams();
  let place = path;
  parameters.forEach((parameter, index) => {
    const value = inputs[index].field.value;
    if (parameter.in === 'path') place = place.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value !== '' && parameter.in === 'query') query.set(parameter.name, value);
    else if (value !== '') headers[parameter.name] = value;
  });
  if ($('token').value) headers.Authorization = `Bearer ${$('token').value}`;
  if (body) headers['Content-Type'] = 'application/json';
  const url = query.size ? `${place}?${query}` : place;
  try {
    const response = await fetch(url, { method, headers, body: body || undefined, cache: 'no-store' });
    const text = await response.text();
    return `${method} ${url}\n${response.status} ${response.statusText}\n\n${readable(text)}`;
  } catch (error) {
    return `${method} ${url}\n${error.message}`;
  }
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function filter(typed) {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  for (const details of document.querySelectorAll('.operation')) {
    details.hidden = !wanted.every((word) => details.dataset.words.includes(word));
  }
  for (const section of document.querySelectorAll('.family')) {
    section.hidden = !section.querySelector('.operation:not([hidden])');
  }
}

/** Opens the route that the address names. */
function openNamed() {
  const details = location.hash && $(decodeURIComponent(location.hash.slice(1)));
  if (!details) return;
  details.open = true;
  details.scrollIntoView();
}

start().catch((error) => { $('problem').textContent = error.message; });
