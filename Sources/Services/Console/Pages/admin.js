import { $, make } from './dom.js';
import english, { reasons } from './adminenglish.js';
import russian from './adminrussian.js';
import { Calls } from './calls.js';
import { Collection } from './collection.js';
import { Conferences } from './conferences.js';
import { Employees } from './employees.js';
import { kinds } from './kinds.js';
import { Outbox } from './outbox.js';
import { PBXPage } from './pbx.js';
import { findings } from './reportrussian.js';
import { ask } from './server.js';
import { forgetAccount, rememberedAccount, signIn } from './signin.js';
import { addTexts, onLanguage, renderTexts, switchLanguage, text } from './texts.js';

const noticeTime = 6000;
const groups = [
  ['groupPBX', { pbx: PBXPage, employees: Employees }],
  ['groupPeople', { users: Collection, 'sip-accounts': Collection, queues: Collection, companies: Collection }],
  ['groupNetwork', { trunks: Collection, routes: Collection, 'phone-lines': Collection }],
  ['groupOthers', { calls: Calls, conferences: Conferences, webhooks: Collection, outbox: Outbox }],
];

async function start() {
  addTexts({ en: { ...english, reasons }, ru: { ...russian, findings } });
  onLanguage(renderTexts);
  $('language').onclick = switchLanguage;
  onLanguage(() => {
    $('language').textContent = text('language');
    $('language').lang = text('otherLanguage');
    document.title = `${text('adminTitle')} · Tandem`;
  });
  let account = rememberedAccount();
  let reason = '';
  for (;;) {
    if (account?.token) {
      const refusal = await admits(account.token);
      if (!refusal) break;
      if (refusal.status !== 401 && refusal.status !== 403) reason = text('failServer');
      else reason = text(refusal.status === 403 ? 'onlyAdmins' : 'failSession');
    }
    account = await signIn(reason, { takesGuests: false });
  }
  openOffice(account);
}

/** What has this name in a table of ours; an address names anything. */
const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

/** A part of an address; one that cannot be decoded leads nowhere as it is. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Null for an administrator's token. */
function admits(token) { return ask('/api/v1/admin/routes', { token }).then(() => null, (refusal) => refusal); }

function openOffice({ token, user }) {
  /** Asks below `/api/v1/admin`; a path that begins with `/` is taken as it is. */
  const api = async (path, options) => {
    try {
      return await ask(path.startsWith('/') ? path : `/api/v1/admin/${path}`, { token, ...options });
    } catch (refusal) {
      if (refusal.status === 401) leave();
      throw refusal;
    }
  };
  const office = { api, token, say };
  let page = null;
  const show = () => {
    page?.leave?.();
    const [name, ...place] = location.hash.slice(1).split('/').map(decoded);
    const kind = own(kinds, place.length > 1 ? `${name}/${place[1]}` : name);
    const found = groups.map(([, pages]) => own(pages, name)).find((Page) => Page && (Page !== Collection || kind));
    const Page = found ?? PBXPage;
    page = new Page(office, kind, place);
    // What the page before still waits for comes into a place that is gone.
    const room = make('div', {});
    $('page').replaceChildren(room);
    page.open(room);
    mark(found ? name : 'pbx');
  };
  window.addEventListener('hashchange', () => {
    if ($('editor').open) $('editor').close();
    show();
    $('page').focus({ preventScroll: true });
    window.scrollTo(0, 0);
  });
  onLanguage(() => {
    $('who').textContent = user.name || user.login;
    drawSections();
    if ($('editor').open) $('editor').close();
    show();
  });
  $('sign-out').hidden = false;
  $('sign-out').onclick = leave;
  document.documentElement.dataset.view = 'office';
}

function leave() {
  forgetAccount();
  location.reload();
}

function drawSections() {
  $('sections').replaceChildren(...groups.map(([title, pages]) => make('section', {}, make('h2', {}, text(title)),
    make('ul', {}, ...Object.keys(pages).map((name) =>
      make('li', {}, make('a', { href: `#${name}`, 'data-test': `section-${name}` }, text(`section_${name}`))))))));
}

function mark(name) {
  for (const link of $('sections').querySelectorAll('a')) {
    const isCurrent = link.getAttribute('href') === `#${name}`;
    if (isCurrent) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    if (isCurrent) link.scrollIntoView({ block: 'nearest', inline: 'center' });
  }
}

let noticeTimer;
/** Says something that happened, for a while. */
function say(sentence) {
  $('notice').textContent = sentence;
  $('notice').hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $('notice').hidden = true; }, noticeTime);
}

start();
