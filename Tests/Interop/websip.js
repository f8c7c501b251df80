// A SIP phone in a page (RFC 7118), as small as the tests allow, behaving as the known libraries do: one WebSocket,
// `.invalid` names, REGISTER with outbound and an instance, the first challenge answered with MD5, whole descriptions.
{
  const words = (text) => {
    const bytes = new TextEncoder().encode(text);
    const all = new Uint32Array((((bytes.length + 8) >> 6) + 1) * 16);
    bytes.forEach((byte, i) => { all[i >> 2] |= byte << ((i % 4) * 8); });
    all[bytes.length >> 2] |= 0x80 << ((bytes.length % 4) * 8);
    all[all.length - 2] = bytes.length * 8;
    return all;
  };
  const turns = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
  const md5 = (text) => {
    const input = words(text);
    const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
    for (let block = 0; block < input.length; block += 16) {
      let [a, b, c, d] = state;
      for (let i = 0; i < 64; i++) {
        const round = i >> 4;
        const f = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
        const index = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16;
        const sum = (a + f + Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) + input[block + index]) >>> 0;
        const turn = turns[round][i % 4];
        [a, d, c, b] = [d, c, b, (b + ((sum << turn) | (sum >>> (32 - turn)))) >>> 0];
      }
      [a, b, c, d].forEach((value, i) => { state[i] += value; });
    }
    return [...new Uint8Array(state.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  const token = (size = 10) => Array.from({ length: size }, () => Math.floor(Math.random() * 36).toString(36)).join('');

  const parse = (text) => {
    const [head, ...rest] = text.split('\r\n\r\n');
    const [first, ...lines] = head.split('\r\n');
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim()]);
    const all = (name) => headers.filter(([key]) => key === name).map(([, value]) => value);
    const status = first.startsWith('SIP/2.0') ? Number(first.split(' ')[1]) : null;
    return { first, status, method: status ? null : first.split(' ')[0], all, get: (name) => all(name)[0],
      body: rest.join('\r\n\r\n') };
  };
  const tagOf = (value) => /;tag=([^;]+)/.exec(value)?.[1];
  const addressOf = (value) => /<([^>]+)>/.exec(value)?.[1] ?? value;

  /** One call: a dialog and its peer connection. */
  class Session {
    constructor(phone, remote) {
      Object.assign(this, { phone, remote, callID: token(20), local: token(), cseq: 1, state: 'new', log: [] });
      this.pc = new RTCPeerConnection();
      this.pc.ontrack = ({ streams, track }) => {
        document.getElementById('far').srcObject = streams[0] ?? new MediaStream([track]);
      };
    }

    async describe(kind) {
      await this.pc.setLocalDescription(await (kind === 'offer' ? this.pc.createOffer() : this.pc.createAnswer()));
      while (this.pc.iceGatheringState !== 'complete') await new Promise((go) => { setTimeout(go, 20); });
      return this.pc.localDescription.sdp;
    }

    async addMicrophone() {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: {
        echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
      for (const track of stream.getTracks()) this.sender = this.pc.addTrack(track, stream);
    }

    /** A request within the dialog, or the one that makes it; answers the final response. */
    request(method, { headers = [], body = '', type = 'application/sdp' } = {}) {
      const to = `<${this.remoteAddress ?? this.remote}>${this.remoteTag ? `;tag=${this.remoteTag}` : ''}`;
      const all = [...(this.routes ?? []).map((route) => `Route: ${route}`),
        `From: <sip:${this.phone.user}@tandem>;tag=${this.local}`, `To: ${to}`, `Call-ID: ${this.callID}`,
        `Contact: ${this.phone.contact}`, ...headers, ...(body ? [`Content-Type: ${type}`] : [])];
      return this.phone.transact(this, method, this.target ?? this.remote, all, body);
    }

    ack(response) {
      const number = Number(response.get('cseq').split(' ')[0]);
      this.phone.send(`ACK ${this.target}`, [...(this.routes ?? []).map((route) => `Route: ${route}`),
        `Via: ${this.phone.via()}`, `From: ${response.get('from')}`, `To: ${response.get('to')}`,
        `Call-ID: ${this.callID}`, `CSeq: ${number} ACK`, 'Max-Forwards: 70']);
    }

    async call() {
      await this.addMicrophone();
      this.state = 'calling';
      const offer = await this.describe('offer');
      const response = await this.request('INVITE', { body: offer, headers: ['Supported: outbound', 'Allow: INVITE,ACK,CANCEL,BYE,UPDATE,INFO,REFER,NOTIFY'] });
      if (response.status >= 300) { this.end(`rejected ${response.status}`); return; }
      this.confirm(response, response.get('to'));
      await this.pc.setRemoteDescription({ type: 'answer', sdp: response.body });
      this.state = 'up';
    }

    confirm(message, remoteValue) {
      this.remoteTag = tagOf(remoteValue);
      this.target = addressOf(message.get('contact'));
      this.routes = message.status ? message.all('record-route').reverse() : message.all('record-route');
      if (message.status) this.ack(message);
    }

    async ring(invite) {
      Object.assign(this, { invite, callID: invite.get('call-id'), remoteAddress: addressOf(invite.get('from')), state: 'ringing' });
      this.remoteTag = tagOf(invite.get('from'));
      this.phone.respond(invite, 180, 'Ringing', { tag: this.local });
    }

    async accept() {
      await this.pc.setRemoteDescription({ type: 'offer', sdp: this.invite.body });
      await this.addMicrophone();
      this.confirm(this.invite, this.invite.get('from'));
      this.phone.respond(this.invite, 200, 'OK', { tag: this.local, body: await this.describe('answer') });
      this.state = 'up';
    }

    /** Hold and resume by re-INVITE with a new direction. */
    async hold(on) {
      for (const transceiver of this.pc.getTransceivers()) transceiver.direction = on ? 'sendonly' : 'sendrecv';
      const response = await this.request('INVITE', { body: await this.describe('offer') });
      if (response.status !== 200) throw new Error(response.first);
      this.ack(response);
      await this.pc.setRemoteDescription({ type: 'answer', sdp: response.body });
    }

    async reoffered(invite) {
      await this.pc.setRemoteDescription({ type: 'offer', sdp: invite.body });
      this.phone.respond(invite, 200, 'OK', { tag: this.local, body: await this.describe('answer') });
    }

    async digit(digit) {
      const response = await this.request('INFO', { body: `Signal=${digit}\r\nDuration=160\r\n`, type: 'application/dtmf-relay' });
      return response.status;
    }

    async refer(target) {
      const response = await this.request('REFER', { headers: [`Refer-To: <sip:${target}@tandem>`, `Referred-By: <sip:${this.phone.user}@tandem>`] });
      return response.status;
    }

    async hangUp() {
      if (this.state === 'calling') return this.cancel();
      if (this.state === 'ringing') this.phone.respond(this.invite, 486, 'Busy Here', { tag: this.local });
      if (this.state === 'up') await this.request('BYE');
      this.end('hung up');
    }

    /** Of the INVITE that is out: the same branch and number; its 487 ends the call (RFC 3261 section 9.1). */
    cancel() {
      const { via, number } = this.phone.latest;
      this.phone.send(`CANCEL ${this.remote}`, [`Via: ${via}`, 'Max-Forwards: 69',
        `From: <sip:${this.phone.user}@tandem>;tag=${this.local}`, `To: <${this.remote}>`, `Call-ID: ${this.callID}`,
        `CSeq: ${number} CANCEL`]);
    }

    end(why) { this.state = 'over'; this.log.push(why); this.pc.close(); this.phone.sessions.delete(this.callID); }
  }

  class WebPhone {
    constructor(url, user, password) {
      Object.assign(this, { url, user, password, sessions: new Map(), waiting: new Map(), heard: [] });
      this.host = `${token(12)}.invalid`;
      this.instance = crypto.randomUUID();
      this.registration = { callID: token(20), tag: token(), cseq: 0, remote: 'sip:tandem' };
      this.connect();
    }

    /** Opens the WebSocket, or another one; calls go on, and the same contact is to be registered again. */
    connect() {
      this.isReady = new Promise((resolve, reject) => {
        this.socket = new WebSocket(this.url, 'sip');
        this.socket.onopen = resolve;
        this.socket.onerror = () => reject(new Error('the WebSocket was refused'));
        this.socket.onmessage = ({ data }) => this.receive(data);
      });
    }

    get contact() { return `<sip:${this.user}@${this.host};transport=ws;ob>`; }

    via() { return `SIP/2.0/WS ${this.host};branch=z9hG4bK${token(14)}`; }

    send(first, headers, body = '') {
      const size = new TextEncoder().encode(body).length;
      this.socket.send([`${first} SIP/2.0`, ...headers, 'User-Agent: JsSIP 3.10.0', `Content-Length: ${size}`, '', body].join('\r\n'));
    }

    respond(request, status, phrase, { tag, body = '' } = {}) {
      const to = request.get('to').includes(';tag=') || !tag ? request.get('to') : `${request.get('to')};tag=${tag}`;
      const headers = [...request.all('via').map((via) => `Via: ${via}`),
        ...request.all('record-route').map((route) => `Record-Route: ${route}`), `From: ${request.get('from')}`, `To: ${to}`,
        `Call-ID: ${request.get('call-id')}`, `CSeq: ${request.get('cseq')}`, `Contact: ${this.contact}`,
        ...(body ? ['Content-Type: application/sdp'] : [])];
      const size = new TextEncoder().encode(body).length;
      this.socket.send([`SIP/2.0 ${status} ${phrase}`, ...headers, `Content-Length: ${size}`, '', body].join('\r\n'));
    }

    credentials(response, method, uri) {
      const name = response.status === 401 ? 'www-authenticate' : 'proxy-authenticate';
      const field = Object.fromEntries([...response.get(name).matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]+))/g)].map(([, key, quoted, bare]) => [key, quoted ?? bare]));
      if ((field.algorithm ?? 'MD5') !== 'MD5') throw new Error(`asked for ${field.algorithm}`);
      const cnonce = token();
      const secret = md5(`${this.user}:${field.realm}:${this.password}`);
      const answer = md5([secret, field.nonce, '00000001', cnonce, 'auth', md5(`${method}:${uri}`)].join(':'));
      const opaque = field.opaque ? `, opaque="${field.opaque}"` : '';
      return `${response.status === 401 ? 'Authorization' : 'Proxy-Authorization'}: Digest algorithm=MD5, username="${this.user}", realm="${field.realm}", nonce="${field.nonce}", uri="${uri}", response="${answer}", qop=auth, cnonce="${cnonce}", nc=00000001${opaque}`;
    }

    /** Sends a request, once more when it is challenged, and answers its final response. */
    async transact(owner, method, uri, headers, body, authorization = []) {
      const number = owner.cseq++;
      const final = new Promise((resolve) => { this.waiting.set(`${owner.callID} ${number} ${method}`, { resolve, owner }); });
      const via = this.via();
      if (method === 'INVITE') this.latest = { via, number };
      this.send(`${method} ${uri}`, [`Via: ${via}`, 'Max-Forwards: 69', ...headers, `CSeq: ${number} ${method}`, ...authorization], body);
      const response = await final;
      if (method === 'INVITE' && response.status >= 300) {
        this.send(`ACK ${uri}`, [`Via: ${response.get('via')}`, 'Max-Forwards: 69', `From: ${response.get('from')}`, `To: ${response.get('to')}`, `Call-ID: ${owner.callID}`, `CSeq: ${number} ACK`]);
      }
      if ((response.status === 401 || response.status === 407) && !authorization.length) {
        return this.transact(owner, method, uri, headers, body, [this.credentials(response, method, uri)]);
      }
      return response;
    }

    async register(expires = 300) {
      await this.isReady;
      const { tag, callID } = this.registration;
      const response = await this.transact(this.registration, 'REGISTER', 'sip:tandem', [
        `From: <sip:${this.user}@tandem>;tag=${tag}`, `To: <sip:${this.user}@tandem>`, `Call-ID: ${callID}`,
        `Contact: ${this.contact};+sip.instance="<urn:uuid:${this.instance}>";reg-id=1;expires=${expires}`,
        'Supported: path, gruu, outbound', `Expires: ${expires}`], '');
      return { status: response.status, require: response.get('require') ?? '', contacts: response.all('contact') };
    }

    call(number) {
      const session = new Session(this, `sip:${number}@tandem`);
      this.sessions.set(session.callID, session);
      session.call().catch((error) => session.end(`${error}`));
      return session;
    }

    receive(data) {
      if (typeof data !== 'string') { data.text().then((text) => this.receive(text)); return; }
      if (!data.trim()) return;
      const message = parse(data);
      this.heard.push(message.first);
      if (message.status) {
        const entry = this.waiting.get(`${message.get('call-id')} ${message.get('cseq')}`);
        if (message.status < 200) { if (entry?.owner.log) entry.owner.log.push(`${message.status}`); return; }
        entry?.resolve(message);
      } else this.serve(message);
    }

    serve(request) {
      const session = this.sessions.get(request.get('call-id'));
      if (request.method === 'ACK') return;
      if (request.method === 'INVITE' && !session) {
        const made = new Session(this, addressOf(request.get('from')));
        made.ring(request);
        this.sessions.set(made.callID, made);
      } else if (request.method === 'INVITE') session.reoffered(request);
      else if (!session && request.method !== 'OPTIONS') this.respond(request, 481, 'No such call');
      else {
        this.respond(request, 200, 'OK');
        if (request.method === 'BYE') session.end('far end hung up');
        if (request.method === 'CANCEL') {
          this.respond(session.invite, 487, 'Request Terminated', { tag: session.local });
          session.end('cancelled');
        }
        if (request.method === 'NOTIFY') session.log.push(request.body.trim());
        if (request.method === 'INFO') session.log.push(`INFO ${request.body.trim()}`);
      }
    }
  }
  window.WebPhone = WebPhone;
}
