import { session } from './memory.js';

/**
 * The place of this tab in a call, as it is to be taken again after a reload:
 * `{token, timeout, id, numericId, number, direction, answeredAt}`.
 */
export function keptPlace() {
  try {
    const place = JSON.parse(session.read('place'));
    return place?.token && place.id ? place : null;
  } catch {
    return null;
  }
}

export function keepPlace(place) { session.write('place', place && JSON.stringify(place)); }
