import { $, make } from './dom.js';
import { applySpeaker, canChooseSpeaker, devices, isPossible, openMicrophone, settings } from './microphone.js';
import { text } from './texts.js';

/** The dialogue for devices and notifications; a choice takes effect at once, also in a call. */
export class Settings {
  #phone;

  constructor(phone) {
    this.#phone = phone;
    $('settings-open').onclick = () => this.#open();
    $('microphone').onchange = () => this.#chose(() => { settings.microphone = $('microphone').value; });
    $('processing').onchange = () => this.#chose(() => { settings.processing = $('processing').checked; });
    $('speaker').onchange = () => {
      settings.speaker = $('speaker').value;
      applySpeaker($('far'));
    };
    $('notify').onclick = async () => {
      await Notification.requestPermission();
      this.#showNotify();
    };
    navigator.mediaDevices?.addEventListener('devicechange', () => $('settings').open && this.#fill());
    applySpeaker($('far'));
  }

  async #open() {
    $('processing').checked = settings.processing;
    this.#showNotify();
    await this.#fill();
    $('settings').showModal();
  }

  #showNotify() { $('notify').hidden = !('Notification' in window) || Notification.permission !== 'default'; }

  async #fill() {
    list($('microphone'), await devices('audioinput'), settings.microphone);
    list($('speaker'), await devices('audiooutput'), settings.speaker);
    $('microphone').disabled = !isPossible();
    $('speaker').disabled = !canChooseSpeaker();
  }

  #chose(write) {
    write();
    this.#phone.command(async (call) => call.useMicrophone(await openMicrophone()));
  }
}

function list(select, devices, chosen) {
  const options = devices.map(({ deviceId, label }, index) =>
    make('option', { value: deviceId }, label || `${text(select.id)} ${index + 1}`));
  select.replaceChildren(make('option', { value: '' }, text('byDefault')), ...options);
  select.value = devices.some(({ deviceId }) => deviceId === chosen) ? chosen : '';
}
