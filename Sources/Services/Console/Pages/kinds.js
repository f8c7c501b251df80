import { openEditor } from './collection.js';
import { destinationText } from './fields.js';
import { make } from './dom.js';
import { pill, reportOf, waiting } from './report.js';
import { text } from './texts.js';

const hookEvents = ['call.created', 'call.offered', 'call.withdrawn', 'call.ringing', 'call.answered', 'call.rejected', 'call.held',
  'call.resumed', 'call.transfer-requested', 'call.transferred', 'call.transfer-failed', 'call.ended', 'call.edited', 'call.filed',
  'call.corrected', 'call.recording-changed', 'call.recorded', 'call.played'];
const transports = [['', ''], ['udp', 'UDP'], ['tcp', 'TCP'], ['tls', 'TLS']];
const asNumber = { type: 'number' };

/** Everybody, as choices of a field; with nobody first where that is one. */
const people = (context, isOptional) => [...(isOptional ? [['', text('nobody')]] : []),
  ...(context.users ?? []).map((user) => [String(user.id), nameOf(user)])];
const nameOf = (user) => user.name || [user.firstName, user.lastName].filter(Boolean).join(' ') || user.login || String(user.id);
const usersContext = async (api) => ({ users: (await api('users')).data });
const nameOfUser = (id, context) => {
  const user = (context.users ?? []).find((one) => one.id === id);
  return user ? nameOf(user) : '';
};

/** Examines a trunk and shows what came of it. */
async function checkTrunk(item, { office }) {
  openEditor(text('checkOf', { name: item.name }), waiting());
  const report = (await office.api(`trunks/${encodeURIComponent(item.id || item.name)}/check`, { method: 'POST', body: {} })).data;
  openEditor(text('checkOf', { name: item.name }), reportOf(report));
}

/** Sends a webhook its test. */
async function testHook(item, { office }) {
  const { delivered, error } = (await office.api(`webhooks/${encodeURIComponent(item.id)}/test`, { method: 'POST', body: {} })).data;
  office.say(delivered ? text('hookDelivered', { name: item.name }) : text('hookRefused', { name: item.name, error }));
}

/** What the pages of `collection.js` keep: by the last part of their path below `/api/v1/admin`. */
export const kinds = {
  users: {
    path: 'users', title: nameOf, children: ['phones'],
    columns: [{ name: 'name', show: nameOf }, 'login', 'extension', { name: 'role', isWord: true }, { name: 'status', isWord: true }],
    fields: [
      { name: 'login', required: true }, { name: 'password', type: 'password', hint: 'hintPassword' }, { name: 'firstName' },
      { name: 'lastName' }, { name: 'name', hint: 'hintName' }, { name: 'extension', hint: 'hintExtension' },
      { name: 'role', type: 'choice', choices: ['operator', 'director', 'master', 'admin'], initial: 'operator' },
      { name: 'status', type: 'choice', choices: ['active', 'inactive'], initial: 'active' }, { name: 'email' }, { name: 'city' },
      { name: 'sipAddress' }, { name: 'rest', type: 'rest', keys: ['limits'] },
    ],
  },
  'users/phones': {
    path: ([id]) => `users/${encodeURIComponent(id)}/phones`, name: 'phones', parent: 'users', title: ({ number }) => number,
    columns: ['number', { name: 'type', isWord: true }, 'isPrimary'],
    fields: [{ name: 'number', required: true },
      { name: 'type', type: 'choice', choices: ['work', 'mobile', 'extension'], initial: 'work' }, { name: 'isPrimary', type: 'flag' }],
  },
  'sip-accounts': {
    path: 'sip-accounts', title: ({ extension }) => extension, context: usersContext,
    columns: ['extension', 'username', 'displayName', { name: 'userId', show: ({ userId }, context) => nameOfUser(userId, context) },
      { name: 'registrations', show: ({ enabled, registrations }) => (enabled
        ? pill(registrations > 0 ? 'good' : 'idle', text(registrations > 0 ? 'registered' : 'notThere')) : pill('idle', text('off'))) }],
    fields: (context) => [
      { name: 'extension', required: true }, { name: 'username', hint: 'hintUsername' },
      { name: 'password', type: 'password', hint: 'hintPassword' }, { name: 'displayName' },
      { name: 'userId', type: 'choice', isNumber: true, choices: people(context, true) },
      { name: 'enabled', type: 'flag', initial: true },
    ],
  },
  queues: {
    path: 'queues', title: ({ name }) => name, context: usersContext,
    columns: ['name', 'extension', { name: 'strategy', isWord: true },
      { name: 'members', show: ({ members }, context) => members.map(({ userId }) => nameOfUser(userId, context)).join(', ') }],
    fields: (context) => [
      { name: 'name', required: true }, { name: 'extension' },
      { name: 'strategy', type: 'choice', choices: ['ring-all', 'round-robin', 'least-recent'], initial: 'ring-all' },
      { name: 'members', type: 'rows', rows: [
        { name: 'userId', type: 'choice', isNumber: true, choices: people(context, false) }, { name: 'isPaused', type: 'flag' }] },
      { name: 'ringSeconds', ...asNumber }, { name: 'wrapUpSeconds', ...asNumber }, { name: 'maximumWaiting', ...asNumber },
      { name: 'maximumWaitSeconds', ...asNumber }, { name: 'overflow', type: 'destination' }, { name: 'leavesWhenEmpty', type: 'flag' },
    ],
  },
  companies: {
    path: 'companies', title: ({ name }) => name, isPaged: true,
    columns: ['name', 'inn', { name: 'status', isWord: true },
      { name: 'phones', show: ({ phones }) => phones.map(({ number }) => number).join(', ') }],
    fields: [{ name: 'name', required: true }, { name: 'inn' }, { name: 'status' },
      { name: 'phones', type: 'rows', rows: [{ name: 'number', required: true }, { name: 'type' }, { name: 'contactPerson' }] }],
  },
  trunks: {
    path: 'trunks', title: ({ name }) => name,
    context: async (api) => {
      const trunks = (await api('trunks')).data;
      const statuses = await Promise.all(trunks.map(({ name }) =>
        api(`trunks/${encodeURIComponent(name)}/status`).then(({ data }) => data, () => null)));
      return { statuses: Object.fromEntries(statuses.filter(Boolean).map((status) => [status.name, status])) };
    },
    columns: ['name', { name: 'targets', show: ({ targets }) => targets.map(({ host, port }) => (port ? `${host}:${port}` : host)).join(', ') },
      'priority', { name: 'state', show: (trunk, { statuses }) => trunkState(trunk, statuses?.[trunk.name]) }],
    actions: [{ name: 'check', run: checkTrunk }],
    fields: [
      { name: 'name', required: true }, { name: 'enabled', type: 'flag', initial: true },
      { name: 'targets', type: 'rows', required: true, rows: [{ name: 'host', required: true }, { name: 'port', ...asNumber, placeholder: '5060' },
        { name: 'transport', type: 'choice', choices: transports }] },
      { name: 'credentials', type: 'rows', rows: [{ name: 'username', required: true }, { name: 'password', type: 'password' },
        { name: 'extension' }, { name: 'registers', type: 'flag', initial: true }] },
      { name: 'priority', ...asNumber, hint: 'hintPriority' }, { name: 'maximumChannels', ...asNumber },
      { name: 'rest', type: 'rest', keys: ['realm', 'sourceNetworks', 'weight', 'keepAliveSeconds', 'numbers', 'callerId', 'session', 'tls', 'limits'] },
    ],
  },
  routes: {
    path: 'routes', title: ({ number }) => number,
    columns: ['number', { name: 'trunk', show: ({ trunk }) => trunk ?? text('anyTrunk') },
      { name: 'destination', show: ({ destination }) => destinationText(destination) }],
    context: async (api) => ({ trunks: (await api('trunks')).data }),
    fields: (context) => [
      { name: 'number', required: true, hint: 'hintPattern' },
      { name: 'trunk', type: 'choice', choices: [['', text('anyTrunk')], ...(context.trunks ?? []).map(({ name }) => [name, name])] },
      { name: 'destination', type: 'destination', required: true, hint: 'hintDestination' },
    ],
  },
  'phone-lines': {
    path: 'phone-lines', title: ({ number }) => number, columns: ['number', 'rk', 'city', 'avitoName'],
    fields: [{ name: 'number', required: true }, { name: 'rk' }, { name: 'city' }, { name: 'avitoName' }],
  },
  webhooks: {
    path: 'webhooks', title: ({ name }) => name,
    columns: ['name', 'url', { name: 'events', show: ({ events }) => (events.length === 0 ? text('allEvents') : events.join(', ')) },
      { name: 'active', show: ({ active }) => pill(active ? 'good' : 'idle', text(active ? 'on' : 'off')) }],
    actions: [{ name: 'test', run: testHook }],
    fields: [{ name: 'name', required: true }, { name: 'url', required: true, placeholder: 'https://' },
      { name: 'secret', type: 'password', hint: 'hintSecret' }, { name: 'active', type: 'flag', initial: true },
      { name: 'events', type: 'choices', choices: hookEvents, hint: 'hintEvents' }],
  },
};

function trunkState(trunk, status) {
  if (!trunk.enabled) return pill('idle', text('off'));
  if (!status) return pill('idle', text('unknown'));
  const isBad = status.isReachable === false || status.isRegistered === false;
  const isGood = status.isReachable === true || status.isRegistered === true;
  const shown = pill(isBad ? 'bad' : isGood ? 'good' : 'idle', text(isBad ? 'down' : isGood ? 'up' : 'unknown'));
  return status.detail ? make('span', {}, shown, make('small', { class: 'detail' }, status.detail)) : shown;
}
