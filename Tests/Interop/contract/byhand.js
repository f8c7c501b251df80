// Engine.IO 4 and Socket.IO 5 with what every browser has: fetch and WebSocket.
const SEPARATOR = '\x1e';

// What a promise comes to, or an error when that takes too long.
window.within = function within(seconds, what, promise) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} takes more than ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]);
};

window.Client = class Client {
  constructor(origin, query) {
    this.origin = origin;
    this.query = query;
    this.events = [];
    this.lastEventId = '';
    this.replies = new Map();
    this.asked = 0;
  }

  address(transport) {
    const sid = this.sid ? `&sid=${this.sid}` : '';
    return `${this.origin}/socket.io/?EIO=4&transport=${transport}${sid}${this.query}`;
  }

  // Opens a session by the first of the transports, goes over to the second, and joins the namespace.
  async open(transports, auth) {
    this.sid = undefined;
    this.isOpen = true;
    this.events = [];
    this.posted = Promise.resolve();
    this.transport = transports[0];
    if (this.transport === 'polling') {
      const [first, ...others] = await this.get();
      this.begin(first);
      others.forEach((packet) => this.take(packet));
      this.polled = this.poll();
    } else {
      const opened = new Promise((resolve) => { this.opened = resolve; });
      this.listen(new WebSocket(this.address('websocket').replace('http', 'ws')));
      await opened;
    }
    if (transports.length === 2) await this.upgrade();
    const joined = new Promise((resolve, reject) => { this.joined = { resolve, reject }; });
    await this.send('40' + JSON.stringify(auth));
    await joined;
  }

  begin(packet) {
    if (packet[0] !== '0') throw new Error(`no open packet: ${packet}`);
    this.handshake = JSON.parse(packet.slice(1));
    this.sid = this.handshake.sid;
  }

  async get() {
    const answer = await fetch(this.address('polling'));
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.text()).split(SEPARATOR);
  }

  async poll() {
    while (this.transport === 'polling' && this.isOpen) (await this.get()).forEach((packet) => this.take(packet));
  }

  async upgrade() {
    const socket = new WebSocket(this.address('websocket').replace('http', 'ws'));
    await new Promise((resolve) => { socket.onopen = resolve; });
    socket.send('2probe');
    const answer = await new Promise((resolve) => { socket.onmessage = (event) => resolve(event.data); });
    if (answer !== '3probe') throw new Error(`no answer to the probe: ${answer}`);
    // The GET that waits is answered by a noop, and is the last.
    this.transport = 'websocket';
    await this.polled;
    socket.send('5');
    this.listen(socket);
  }

  listen(socket) {
    this.socket = socket;
    socket.onmessage = (event) => this.take(event.data);
    this.closed = new Promise((resolve) => {
      socket.onclose = () => { this.isOpen = false; resolve(); };
    });
  }

  send(packet) {
    if (this.transport === 'websocket') return this.socket.send(packet);
    // One POST after the other.
    this.posted = this.posted.then(async () => {
      const answer = await (await fetch(this.address('polling'), { method: 'POST', body: packet })).text();
      if (answer !== 'ok') throw new Error(answer);
    });
    return this.posted;
  }

  take(packet) {
    switch (packet[0]) {
      case '0': this.begin(packet); this.opened(); break;
      case '1': this.isOpen = false; break;
      case '2': this.send('3' + packet.slice(1)); break;
      case '4': this.read(packet[1], packet.slice(2)); break;
    }
  }

  read(kind, text) {
    const [, number, json] = /^(\d*)(.*)$/s.exec(text);
    const value = json && JSON.parse(json);
    switch (kind) {
      case '0': this.joined.resolve(); break;
      case '1': this.isOpen = false; break;
      case '2': {
        const [name, payload] = value;
        this.lastEventId = value.at(-1)?.eventId ?? this.lastEventId;
        this.events.push([name, payload]);
        break;
      }
      case '3': this.replies.get(number)(value[0]); break;
      case '4': this.joined.reject(new Error(value.message)); break;
    }
  }

  ask(name, payload) {
    const number = String(++this.asked);
    const reply = new Promise((resolve) => { this.replies.set(number, resolve); });
    this.send(`42${number}${JSON.stringify([name, payload])}`);
    return reply;
  }

  // The payload of an event with these fields, past or coming.
  async wait(name, fields) {
    for (const end = Date.now() + 9_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const found = this.events.find(([known, payload]) =>
        known === name && Object.entries(fields).every(([key, value]) => payload?.[key] === value));
      if (found) return found[1];
    }
    throw new Error(`no ${name} ${JSON.stringify(fields)} among ${this.events.map(([known]) => known)}`);
  }

  async close() {
    // The GET that waits is answered, and is the last.
    this.isOpen = false;
    await this.send('41');
    await this.send('1');
    await this.polled;
    // What happens from now on is not told any more.
    if (this.transport === 'websocket') await this.closed;
  }
};
