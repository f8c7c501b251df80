/** Remembers texts under our prefix; a browser that forbids storage simply forgets. */
class Memory {
  #area;

  constructor(area) { this.#area = area; }

  read(name) {
    try { return this.#area().getItem(`tandem.${name}`); } catch { return null; }
  }

  write(name, value) {
    try {
      if (value === null) this.#area().removeItem(`tandem.${name}`);
      else this.#area().setItem(`tandem.${name}`, value);
    } catch { /* private windows may refuse: nothing depends on being remembered */ }
  }
}

/** Kept until it is cleared. */
export const local = new Memory(() => window.localStorage);
/** Kept while the tab lives. */
export const session = new Memory(() => window.sessionStorage);
