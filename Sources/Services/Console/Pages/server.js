/** A refusal of the server, with the code of its error body and what it says of single fields. */
export class Refusal extends Error {
  constructor(code, message, status = 0, retryAfter = 0, details = {}) {
    super(message || code);
    Object.assign(this, { code, status, retryAfter, details });
  }
}

/** Asks the REST interface and answers the decoded body; throws `Refusal`. */
export async function ask(path, { method = 'GET', token, body, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...headers,
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body && { 'Content-Type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      cache: 'no-store',
    });
  } catch {
    throw new Refusal('UNREACHABLE', 'unreachable');
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const error = answer?.error ?? {};
  throw new Refusal(error.code ?? 'UNEXPECTED', error.message, response.status,
    Number(response.headers.get('Retry-After')), error.details);
}

/** `{token, user}` for a password. */
export async function logIn(login, password) {
  return (await ask('/api/auth/login', { method: 'POST', body: { login, password } })).data;
}

/** Whether this page may be used without signing in. */
export async function isOpenToGuests() {
  return ask('/api/calls/active').then(() => true, () => false);
}

/** Whether a remembered token is still good; an unreachable server does not speak against it. */
export async function isAccepted(token) {
  return ask('/api/calls/active', { token }).then(() => true, (refusal) => refusal.status !== 401);
}

export async function recentCalls(token) {
  const path = '/api/v1/calls?limit=40';
  return (await ask(path, { token, headers: { 'X-Call-View': 'gateway' } })).data.calls;
}

/** Colleagues who are online. */
export async function colleagues(token) {
  return (await ask('/api/users/available', { token })).data;
}
