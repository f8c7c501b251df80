// The REST service that a team would write for the same store: Express, node-sqlite3, a token checked by hand.
//
//   node rest.js PORT STORE SECRET
//
// It answers the same bytes as Tandem does for /health, GET /api/calls and POST /api/v1/calls. The number of all calls is
// kept in memory, which is the best case: counting a million rows takes longer than reading a page of them.
const crypto = require('crypto');
const express = require('express');
const sqlite3 = require('sqlite3');

const [port, path, secret] = process.argv.slice(2);
const store = new sqlite3.Database(path);
const all = (sql, ...values) => new Promise((done, fail) =>
  store.all(sql, values, (error, rows) => (error ? fail(error) : done(rows))));
const run = (sql, ...values) => new Promise((done, fail) =>
  store.run(sql, values, function ran(error) { return error ? fail(error) : done(this.lastID); }));
let total = 0;

const iso = (time) => (time === null ? null : new Date(time).toISOString());
const crmStatus = { completed: 'completed', missed: 'missed', no_answer: 'missed', busy: 'missed' };
const pbxStatus = { completed: 'ended', missed: 'no_answer', no_answer: 'no_answer', busy: 'busy' };
const gatewayStatus = { completed: 'completed', missed: 'no_answer', no_answer: 'no_answer', busy: 'busy' };

// The keys of document 002, then those of the other views; both where Tandem has them.
function shown(row, tags) {
  const [started, answered, ended] = [iso(row.started_at), iso(row.answered_at), iso(row.ended_at)];
  return {
    id: row.id, caller_number: row.caller_number, receiver_number: row.receiver_number, status: crmStatus[row.state],
    accepted_at: started, answered_at: answered, ended_at: ended, duration: row.duration, notes: row.notes,
    assigned_user_id: row.assigned_user_id, answered_by_user_id: row.answered_by_user_id,
    caller_company_id: row.caller_company_id, customer_name: row.customer_name, company: row.customer_company,
    email: row.customer_email, call_purpose: row.call_purpose, priority: row.priority, is_on_hold: row.is_on_hold === 1,
    tags, rk: row.rk, city: row.city, avitoName: row.avito_name, phoneClient: row.caller_number,
    phoneAts: row.line_number ?? row.receiver_number, dateCreate: started, recordUrl: row.recording_url,
    recordingPath: row.recording_path, recordingProcessedAt: iso(row.recording_processed_at),
    recordingEmailSent: row.recording_email_sent === 1, operatorId: row.operator_id,
    operator: row.operator_id === null ? null
      : { id: row.operator_id, name: row.name, login: row.login, city: row.operator_city, sipAddress: row.sip_address },
    phone: null, avito: null, callDirection: row.direction, entryId: row.entry_id, createdAt: iso(row.created_at),
    updatedAt: iso(row.updated_at), sessionId: row.uuid, from: row.caller_number, to: row.receiver_number,
    extension: row.extension, startTime: started, answerTime: answered, endTime: ended, clientId: row.client_id,
    phoneNumber: row.caller_number, recordingUrl: row.recording_url, transcript: row.transcript, summary: row.summary,
    sentiment: row.sentiment, confidenceScore: row.confidence_score, startedAt: started, answeredAt: answered,
    endedAt: ended, sessions: 0, started_at: started, channel_id: row.channel_id, is_muted: row.is_muted === 1,
    is_speaker_on: row.is_speaker_on === 1, assigned_user_first_name: null, assigned_user_last_name: null,
    uuid: row.uuid, numericId: row.id, state: row.state,
    statuses: { mango: 'completed', crm: crmStatus[row.state], pbx: pbxStatus[row.state], gateway: gatewayStatus[row.state] },
  };
}

const columns = 'SELECT calls.*, users.name, users.login, users.city AS operator_city, users.sip_address FROM calls '
  + 'LEFT JOIN users ON users.id = operator_id';

function authenticate(request, response, next) {
  const [head, claims, signature] = (request.headers.authorization ?? '').replace('Bearer ', '').split('.');
  const code = crypto.createHmac('sha256', secret).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature ?? '', 'base64url');
  if (given.length !== code.length || !crypto.timingSafeEqual(given, code)) return response.status(401).json({ success: false });
  request.user = JSON.parse(Buffer.from(claims, 'base64url'));
  if (request.user.exp < Date.now() / 1000) return response.status(401).json({ success: false });
  return next();
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use((request, response, next) => {
  response.set({ 'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'no-referrer',
    'X-Request-Id': crypto.randomUUID() });
  next();
});
const began = Date.now();
app.get('/health', (request, response) => response.json({
  status: 'ok', service: 'telephony-gateway', version: '1.0.0', timestamp: new Date().toISOString(),
  uptime: (Date.now() - began) / 1000, connected: false, registeredUsers: 0,
  services: ['telephony-gateway', 'pjsip-service', 'calls-service'],
}));
app.get('/api/calls', authenticate, async (request, response) => {
  const [page, limit] = [Number(request.query.page ?? 1), Math.min(Number(request.query.limit ?? 50), 200)];
  const rows = await all(`${columns} ORDER BY started_at DESC, calls.id DESC LIMIT ? OFFSET ?`, limit, (page - 1) * limit);
  const tags = await all(`SELECT call_pk, tag FROM call_tags WHERE call_pk IN (${rows.map((row) => row.id).join()}) ORDER BY pos`);
  const tagsOf = Map.groupBy ? Map.groupBy(tags, (tag) => tag.call_pk)
    : tags.reduce((map, tag) => map.set(tag.call_pk, [...(map.get(tag.call_pk) ?? []), tag]), new Map());
  response.json({ success: true, data: rows.map((row) => shown(row, (tagsOf.get(row.id) ?? []).map((tag) => tag.tag))),
    pagination: { page, limit, total, pages: Math.ceil(total / limit) } });
});
app.post('/api/v1/calls', authenticate, express.json({ limit: '10mb' }), async (request, response) => {
  const { phoneClient, status, duration = 0, city = '' } = request.body;
  if (!/^\+?[0-9][0-9 ()\-.]{0,24}$/.test(phoneClient ?? '') || !['answered', 'missed'].includes(status)) {
    return response.status(400).json({ success: false });
  }
  const now = Date.now();
  const id = await run('INSERT INTO calls (uuid, source, direction, state, caller_number, caller_norm, receiver_number, '
    + 'receiver_norm, call_id, rk, city, operator_id, answered_by_user_id, started_at, answered_at, ended_at, duration) '
    + "VALUES (?, 'manual', 'incoming', ?, ?, ?, '', '', ?, 'MANUAL', ?, ?, ?, ?, ?, ?, ?)", crypto.randomUUID(),
  status === 'answered' ? 'completed' : 'missed', phoneClient, phoneClient.replace(/\D/g, ''), `MANUAL-${now}-${Math.random()}`,
  city, request.user.sub, request.user.sub, now, now, now + duration * 1000, duration);
  total += 1;
  const [row] = await all(`${columns} WHERE calls.id = ?`, id);
  return response.status(201).json({ success: true, message: 'Call created successfully', data: shown(row, []) });
});

store.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA foreign_keys = ON', async () => {
  [{ total }] = await all('SELECT count(*) AS total FROM calls');
  app.listen(Number(port), '127.0.0.1');
});
