import { $ } from './dom.js';
import { Desk } from './desk.js';
import { Incoming } from './incoming.js';
import { listenToKeyboard } from './keyboard.js';
import { isPossible } from './microphone.js';
import { Phone } from './phone.js';
import { Recent } from './recent.js';
import { ask, colleagues, isAccepted } from './server.js';
import { Settings } from './settings.js';
import { forgetAccount, rememberedAccount, signIn } from './signin.js';
import { Socket } from './socket.js';
import { audioContext, useTones } from './sounds.js';
import { onLanguage, renderTexts, switchLanguage, text } from './texts.js';

const noticeTime = 8000;
const facts = ask('/console.json').catch(() => ({}));

async function start() {
  onLanguage(renderTexts);
  $('language').onclick = switchLanguage;
  onLanguage(() => {
    $('language').textContent = text('language');
    $('language').lang = text('otherLanguage');
  });
  // Sound is allowed from the first touch on: an incoming call must be heard later without one.
  document.addEventListener('pointerdown', audioContext, { once: true });
  document.addEventListener('keydown', audioContext, { once: true });
  facts.then(({ tones }) => useTones(tones));
  warnIfInsecure();
  let account = rememberedAccount();
  let reason = '';
  if (account?.token && !(await isAccepted(account.token))) {
    forgetAccount();
    account = null;
    reason = text('failSession');
  }
  openDesk(account ?? (await signIn(reason)));
}

function openDesk(account) {
  const person = account === 'guest' ? null : account;
  const socket = new Socket(person);
  const phone = new Phone(socket);
  const desk = new Desk(phone);
  const incoming = new Incoming(phone);
  const recent = new Recent(person, socket, (number) => desk.dial(number));
  new Settings(phone);
  listenToKeyboard(phone, desk, incoming);
  // For people who debug a call in the browser's console, and for tests.
  window.tandem = { get pc() { return phone.call?.pc ?? null; } };

  socket.addEventListener('link', ({ detail }) => showLink(detail));
  socket.addEventListener('refused', () => {
    forgetAccount();
    location.reload();
  });
  // The session ran out while the page was open: begun anew, the page says so and asks again.
  socket.addEventListener('auth_error', ({ detail }) => { if (detail.code === 'TOKEN_EXPIRED') location.reload(); });
  phone.addEventListener('failure', ({ detail }) => notify(text(detail)));
  phone.addEventListener('change', () => { if (phone.call?.state === 'calling' && !phone.call.id) hideNotice(); });
  phone.addEventListener('offers', () => { document.documentElement.dataset.callState = desk.state; });
  phone.addEventListener('transferring', () => offerColleagues(phone, person));
  window.addEventListener('beforeunload', (event) => phone.isBusy && event.preventDefault());
  $('sign-out').onclick = () => {
    phone.hangUp();
    forgetAccount();
    location.reload();
  };
  onLanguage(() => {
    $('who').textContent = nameOf(person);
    recent.render();
    showLink(socket.state);
    phone.dispatchEvent(new Event('change'));
  });
  for (const id of ['sign-out', 'settings-open', 'link']) $(id).hidden = false;
  $('admin-link').hidden = person?.user.role !== 'admin';
  document.documentElement.dataset.view = 'desk';
  $('number').focus();
  socket.open();
  phone.comeBack();
}

function nameOf(person) {
  if (!person) return text('guest');
  const { name, login, extension } = person.user;
  return [name || login, extension && text('extension', { number: extension })].filter(Boolean).join(' · ');
}

function showLink(state) {
  $('link').dataset.state = state;
  $('link-text').textContent = text(state);
}

/** Asks who is online when somebody is about to hand a call over; without the list a number still works. */
async function offerColleagues(phone, person) {
  const people = await colleagues(person?.token).catch(() => []);
  const named = people.filter(({ id }) => id !== person?.user.id)
    .map(({ id, first_name: first, last_name: last }) => ({ id, name: [first, last].filter(Boolean).join(' ') }));
  phone.dispatchEvent(new CustomEvent('colleagues', { detail: named }));
}

let noticeTimer;
function notify(sentence) {
  $('notice').textContent = sentence;
  $('notice').hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(hideNotice, noticeTime);
}

function hideNotice() { $('notice').hidden = true; }

async function warnIfInsecure() {
  if (isPossible()) return;
  const { securePort } = await facts;
  const address = `https://${location.hostname}${securePort === 443 ? '' : `:${securePort}`}/`;
  $('insecure').hidden = false;
  if (!securePort) return;
  $('secure-link').href = address;
  $('secure-link').textContent = address;
}

start();
