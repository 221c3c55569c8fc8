// Says in words how far what is on the page can be trusted.

const LATE = 5_000;
const GIVE_UP = 60_000;

/**
 * @typedef {object} Facts
 * @property {"connecting"|"open"|"waiting"|"ended"} socket
 * @property {boolean} isOnline what the browser says of the network
 * @property {number | null} lostAt when the connection was lost; null if it never was there or is
 * @property {number | null} lag how old the newest message was when it came, in milliseconds
 * @property {number} staleCount prices on the page that are older than they should be
 * @property {number} openCount prices on the page whose market is open
 * @property {number | null} staleSince the instant of the oldest of the stale prices
 * @property {boolean} isFilled whether a snapshot has come
 * @property {number} now
 */

/**
 * Describes the connection in a word or two.
 * @param {Facts} facts
 * @returns {{state: "live"|"delayed"|"reconnecting"|"stale"|"offline"|"connecting", text: string}}
 */
export function describe(facts) {
  if (facts.socket === "ended") return { state: "offline", text: "Signed out" };
  if (!facts.isOnline) return { state: "offline", text: "Offline" };
  if (facts.socket !== "open") return describeAbsence(facts);
  if (!facts.isFilled) return { state: "connecting", text: "Connecting…" };
  if (facts.staleCount > 0 && facts.staleCount >= facts.openCount) {
    return { state: "stale", text: `Stale ${duration(facts.now - facts.staleSince)}` };
  }
  if (facts.lag !== null && facts.lag > LATE) {
    return { state: "delayed", text: `Delayed ${duration(facts.lag)}` };
  }
  return { state: "live", text: "Live" };
}

function describeAbsence({ lostAt, now }) {
  if (lostAt === null) return { state: "connecting", text: "Connecting…" };
  if (now - lostAt > GIVE_UP) return { state: "offline", text: `Offline ${duration(now - lostAt)}` };
  return { state: "reconnecting", text: "Reconnecting…" };
}

function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}
