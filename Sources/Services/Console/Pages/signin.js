import { $ } from './dom.js';
import { local, session } from './memory.js';
import { isOpenToGuests, logIn } from './server.js';
import { text } from './texts.js';

/** The account of an earlier visit: `{token, user}`, `guest`, or null. */
export function rememberedAccount() {
  const saved = session.read('account') ?? local.read('account');
  if (saved === 'guest') return saved;
  try {
    const account = JSON.parse(saved);
    return account?.token && account.user ? account : null;
  } catch {
    return null;
  }
}

export function forgetAccount() {
  session.write('account', null);
  local.write('account', null);
}

/** Shows the form until somebody is in: answers `{token, user}`, or `guest` where a page takes guests. */
export async function signIn(reason = '', { takesGuests = true } = {}) {
  document.documentElement.dataset.view = 'signin';
  $('signin-error').textContent = reason;
  $('login').focus();
  if (takesGuests) isOpenToGuests().then((isOpen) => { $('as-guest').hidden = !isOpen; });
  const account = await new Promise((resolve) => {
    if (takesGuests) $('as-guest').onclick = () => resolve('guest');
    $('signin-form').onsubmit = (event) => {
      event.preventDefault();
      submit().then((account) => account && resolve(account));
    };
  });
  const saved = account === 'guest' ? account : JSON.stringify(account);
  const isKept = account !== 'guest' && $('stay').checked;
  (isKept ? local : session).write('account', saved);
  $('password').value = '';
  return account;
}

async function submit() {
  const [button, error] = [$('signin-form').querySelector('[type=submit]'), $('signin-error')];
  error.textContent = '';
  button.disabled = true;
  try {
    const { token, user } = await logIn($('login').value.trim(), $('password').value);
    return { token, user };
  } catch (refusal) {
    error.textContent = sentence(refusal);
    $('password').select();
    return null;
  } finally {
    button.disabled = false;
  }
}

function sentence({ status, retryAfter }) {
  if (status === 401) return text('failLogin');
  if (status === 429) return text('failRate', { seconds: retryAfter || 60 });
  return text('failServer');
}
