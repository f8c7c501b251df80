import { make } from './dom.js';
import { Form, sentence } from './form.js';
import { pill, reportOf, waiting } from './report.js';
import { text } from './texts.js';

const transports = () => [['', text('byName')], ['udp', 'UDP'], ['tcp', 'TCP'], ['tls', 'TLS']];

/** The settings page of document 003: the PBX, its check, the ports of media, and what only a restart changes. */
export class PBXPage {
  #office;
  #root;
  #timer;

  constructor(office) { this.#office = office; }

  async open(root) {
    this.#root = root;
    root.append(make('div', { class: 'page-head' }, make('h1', {}, text('section_pbx'))), make('p', { class: 'quiet lead' }, text('lead_pbx')));
    try {
      this.#draw((await this.#office.api('settings')).data);
    } catch (refusal) {
      root.append(make('p', { class: 'error', role: 'alert' }, sentence(refusal)));
    }
  }

  leave() { clearTimeout(this.#timer); }

  #draw(settings) {
    const { fixed } = settings;
    this.server = new Form({
      specs: [
        { name: 'server', required: true, fixed: fixed.server, placeholder: 'sip.example.com', hint: 'hintServer' },
        { name: 'port', type: 'number', fixed: fixed.port, placeholder: '5060', hint: 'hintPort' },
        { name: 'transport', type: 'choice', choices: transports(), fixed: fixed.transport },
      ],
      value: settings, send: (values) => this.#save({ ...values, ...this.#consent() }),
      done: (saved) => this.#saved(saved),
    });
    this.server.submit.hidden = Boolean(fixed.server);
    const check = make('button', { type: 'button', class: 'secondary', 'data-test': 'check' }, text('do_check'));
    check.onclick = () => this.#check(check);
    this.server.buttons.append(check);
    this.consent = make('div', { hidden: '' });
    this.server.problem.before(this.consent);
    this.report = make('div', {});
    this.state = make('p', { class: 'connection', role: 'status', 'data-test': 'connection' });
    this.#showState(settings);
    const ports = new Form({
      specs: [
        { name: 'rtpPortMin', type: 'number', fixed: fixed.rtpPortMin, required: true },
        { name: 'rtpPortMax', type: 'number', fixed: fixed.rtpPortMax, required: true },
      ],
      value: settings, send: (values) => this.#save(values), done: (saved) => this.#saved(saved),
    });
    ports.submit.hidden = Boolean(fixed.rtpPortMin);
    this.legs = make('p', { class: 'quiet', 'data-test': 'legs' });
    this.#showLegs(settings);
    ports.element.classList.add('ports');
    ports.problem.before(this.legs);
    this.#root.append(
      section('pbxServer', this.state, this.server.element, this.report),
      section('pbxPorts', make('p', { class: 'quiet' }, text('portsLead')), ports.element),
      section('pbxStartup', make('p', { class: 'quiet' }, text('startupLead')),
        make('dl', { class: 'facts', 'data-test': 'startup' }, ...settings.startup.map(({ variable, value }) =>
          make('div', {}, make('dt', {}, variable), make('dd', {}, value || '–'))))));
    this.#follow();
  }

  #save(values) { return this.#office.api('settings', { method: 'PUT', body: values }).catch((refusal) => this.#refused(refusal)); }

  /** Passwords that were for another server need a word before they are dropped. */
  #refused(refusal) {
    if (!refusal.details?.forgetPasswords) throw refusal;
    const box = make('input', { type: 'checkbox', 'data-test': 'forget' });
    this.consent.replaceChildren(make('label', { class: 'check' }, box, make('span', {}, text('forgetPasswords'))));
    this.consent.hidden = false;
    box.focus();
    throw Object.assign(refusal, { code: 'PASSWORDS', details: {} });
  }

  #consent() { return this.consent.querySelector('input')?.checked ? { forgetPasswords: true } : {}; }

  #saved({ data }) {
    this.consent.replaceChildren();
    this.consent.hidden = true;
    this.#office.say(text('savedAtOnce'));
    this.#showState(data);
    this.#showLegs(data);
    this.#follow();
  }

  #showState({ server, isConnected, detail, trunk }) {
    if (!server) return this.state.replaceChildren(pill('idle', text('noPBX')));
    this.state.replaceChildren(pill(isConnected ? 'good' : 'bad', text(isConnected ? 'connected' : 'notConnected')),
      make('span', { class: 'quiet' }, [text('trunkCalled', { trunk }), detail].filter(Boolean).join(' · ')));
  }

  #showLegs({ legs }) { this.legs.textContent = text('legs', { count: legs }); }

  /** The connection changes by itself: it is looked at again for as long as the page is shown. */
  #follow() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const settings = await this.#office.api('settings').catch(() => null);
      if (settings && this.state.isConnected) this.#showState(settings.data);
      if (this.state.isConnected) this.#follow();
    }, 3000);
  }

  async #check(button) {
    this.server.clear();
    button.disabled = true;
    this.report.replaceChildren(waiting());
    try {
      const body = this.server.values();
      this.report.replaceChildren(reportOf((await this.#office.api('settings/check', { method: 'POST', body })).data));
    } catch (refusal) {
      this.report.replaceChildren();
      this.server.show(refusal);
    } finally {
      button.disabled = false;
    }
  }
}

function section(title, ...content) { return make('section', { class: 'card part' }, make('h2', {}, text(title)), ...content); }
