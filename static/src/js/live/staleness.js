// Finds out which prices are older than they should be, also when nobody says so any more.

/** The server's own mark comes within a second; whoever reads it first is not overruled. */
const GRACE = 1_000;

/** The server's clock, as far as its messages tell. */
export class ServerClock {
  #ahead = null;

  /**
   * Takes in when a message was written. It was under way for a while, which only makes the clock
   * look late: of all messages the one that was fastest is right.
   * @param {string} at
   * @param {number} now what our clock shows
   */
  hear(at, now) {
    this.#ahead = Math.max(this.#ahead ?? -Infinity, Date.parse(at) - now);
  }

  /** Forgets what was heard; our own clock may have been set since. */
  reset() {
    this.#ahead = null;
  }

  /**
   * Returns what the server's clock shows, in milliseconds; null before its first message.
   * @param {number} now what our clock shows
   */
  at(now) {
    return this.#ahead === null ? null : now + this.#ahead;
  }
}

/**
 * @typedef {object} Known what the page knows of a price
 * @property {string} [at]
 * @property {string} [confirmed_at]
 * @property {"open"|"halted"|"closed"} [state]
 * @property {number} [delay_seconds]
 */

/**
 * Tells whether a price is overdue, by the rule that the server goes by; a closed market owes none.
 * @param {Known} quote
 * @param {number | null} now what the server's clock shows
 * @param {number} limit how old a price may be, in milliseconds
 */
export function isOverdue({ at, confirmed_at, state, delay_seconds = 0 }, now, limit) {
  if (now === null || at === undefined || state === undefined || state === "closed") return false;
  const known = Math.max(Date.parse(at), confirmed_at ? Date.parse(confirmed_at) : 0);
  return now - known > limit + delay_seconds * 1_000 + GRACE;
}
