import { local } from './memory.js';

/** Whether this page may use a microphone at all: only on HTTPS or localhost. */
export const isPossible = () => Boolean(navigator.mediaDevices?.getUserMedia);

export const settings = {
  get microphone() { return local.read('microphone') ?? ''; },
  set microphone(id) { local.write('microphone', id || null); },
  get speaker() { return local.read('speaker') ?? ''; },
  set speaker(id) { local.write('speaker', id || null); },
  get processing() { return local.read('processing') !== 'off'; },
  set processing(on) { local.write('processing', on ? null : 'off'); },
};

/** The chosen microphone's stream; a device that is gone is replaced by the system's own choice. */
export function openMicrophone() {
  const { microphone, processing } = settings;
  return navigator.mediaDevices.getUserMedia({
    audio: {
      ...(microphone && { deviceId: { ideal: microphone } }),
      channelCount: { ideal: 1 },
      echoCancellation: processing,
      noiseSuppression: processing,
      autoGainControl: processing,
    },
  });
}

/** Devices of one kind (`audioinput`, `audiooutput`); browsers name them only once the microphone was allowed. */
export async function devices(kind) {
  if (!navigator.mediaDevices?.enumerateDevices) return [];
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((device) => device.kind === kind && device.deviceId && device.deviceId !== 'default');
}

export const canChooseSpeaker = () => 'setSinkId' in HTMLMediaElement.prototype;

export async function applySpeaker(audio) {
  if (!canChooseSpeaker()) return;
  // A speaker that is gone leaves the sound where the system puts it.
  await audio.setSinkId(settings.speaker).catch(() => {});
}
