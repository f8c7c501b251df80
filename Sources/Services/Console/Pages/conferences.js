import { make } from './dom.js';
import { sentence } from './form.js';
import { pill } from './report.js';
import { Refusal } from './server.js';
import { text } from './texts.js';

const period = 3000;

/** Who is in which conference, whether it is recorded, and its recording to listen to. */
export class Conferences {
  #office;
  #list;
  #timer;
  #drawn = '';
  /** By room: `{element, address}`. */
  #sounds = new Map();

  constructor(office) { this.#office = office; }

  open(root) {
    this.#list = make('div', { class: 'conferences', 'data-test': 'list' });
    root.append(make('div', { class: 'page-head' }, make('h1', {}, text('section_conferences'))),
      make('p', { class: 'quiet lead' }, text('lead_conferences')), this.#list);
    this.#load();
  }

  leave() {
    clearTimeout(this.#timer);
    for (const { address } of this.#sounds.values()) if (address) URL.revokeObjectURL(address);
  }

  async #load() {
    clearTimeout(this.#timer);
    try {
      const rooms = (await this.#office.api('/api/v1/conferences')).data;
      const news = JSON.stringify(rooms.map(({ participants, ...room }) => [room, participants.map(({ number, muted }) => [number, muted])]));
      if (news !== this.#drawn) this.#draw(rooms);
      this.#drawn = news;
    } catch (refusal) {
      this.#drawn = '';
      this.#list.replaceChildren(make('p', { class: 'error', role: 'alert' }, sentence(refusal)));
    }
    if (this.#list.isConnected) this.#timer = setTimeout(() => this.#load(), period);
  }

  #draw(rooms) {
    if (rooms.length === 0) return this.#list.replaceChildren(make('p', { class: 'quiet empty' }, text('noConferences')));
    const focused = document.activeElement?.dataset.focus;
    this.#list.replaceChildren(...rooms.map((room) => this.#card(room)));
    if (focused) this.#list.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  #card({ name, number, recording, participants }) {
    const record = make('button', { type: 'button', class: 'secondary', 'data-test': `record-${name}`, 'data-focus': `record-${name}` },
      text(recording ? 'stopRecording' : 'startRecording'));
    record.disabled = participants.length === 0;
    record.onclick = () => this.#record(name, !recording, record);
    const { element: sound } = this.#soundOf(name);
    const listen = make('button', { type: 'button', class: 'plain', 'data-test': `listen-${name}`, 'data-focus': `listen-${name}` }, text('listen'));
    listen.onclick = () => this.#listen(name, listen);
    const people = participants.map(({ number: caller, muted }) => make('li', {}, caller, ...(muted ? [pill('idle', text('muted'))] : [])));
    return make('section', { class: 'card part', 'data-test': `conference-${name}` },
      make('h2', {}, `${name} · ${number}`),
      make('p', { class: 'connection' }, recording ? pill('recording', text('isRecorded')) : pill('idle', text('notRecorded'))),
      participants.length === 0 ? make('p', { class: 'quiet' }, text('nobodyThere')) : make('ul', { class: 'people' }, ...people),
      make('div', { class: 'buttons' }, record, listen), sound);
  }

  /** Where a room's recording is heard: it goes on while it moves from one drawing to the next. */
  #soundOf(name) {
    if (!this.#sounds.has(name)) this.#sounds.set(name, { element: make('div', { class: 'sound' }), address: null });
    return this.#sounds.get(name);
  }

  async #record(name, starts, button) {
    button.disabled = true;
    try {
      await this.#office.api(`/api/v1/conferences/${encodeURIComponent(name)}/recording/${starts ? 'start' : 'stop'}`, { method: 'POST' });
    } catch (refusal) {
      this.#office.say(sentence(refusal));
    }
    button.disabled = false;
    this.#load();
  }

  /** The file needs a token, which an audio element cannot send: it is fetched whole. */
  async #listen(name, button) {
    button.disabled = true;
    try {
      const response = await fetch(`/api/v1/conferences/${encodeURIComponent(name)}/recording`,
        { headers: { Authorization: `Bearer ${this.#office.token}` }, cache: 'no-store' });
      if (!response.ok) {
        const { error } = await response.json();
        throw new Refusal(error.code, error.message, response.status);
      }
      const file = await response.blob();
      if (!this.#list.isConnected) return;
      const sound = this.#soundOf(name);
      const former = sound.address;
      sound.address = URL.createObjectURL(file);
      const player = make('audio', { controls: '', src: sound.address, 'data-test': `player-${name}`, 'data-focus': `player-${name}`,
        'aria-label': text('recordingOf', { name }) });
      sound.element.replaceChildren(player);
      if (former) URL.revokeObjectURL(former);
      player.focus();
    } catch (refusal) {
      this.#office.say(sentence(refusal));
    }
    button.disabled = false;
  }
}
