// Checks every message of the server before anything uses it.

import { isDecimal } from "../format.js";

const ID = /^[0-9a-f]{24}$/;
const MARKET_STATES = new Set(["open", "halted", "closed"]);
const STATUSES = new Set(["complete", "partial", "unavailable"]);
const TOPICS = new Set(["holdings", "imports", "syncs"]);
const JOB_KINDS = new Set(["import", "recalculation", "sync"]);
const QUOTE_NUMBERS = ["change", "change_rate"];
const POSITION_NUMBERS = [
  "price",
  "value",
  "value_base",
  "day_change",
  "day_change_rate",
  "unrealized",
  "unrealized_rate",
  "weight",
];
const PORTFOLIO_NUMBERS = [
  "total",
  "holdings_value",
  "cash",
  "day_change",
  "day_change_rate",
  "unrealized",
];

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isId = (value) => isText(value) && ID.test(value);
const isInstant = (value) => isText(value) && !Number.isNaN(Date.parse(value));
const isNumber = (value) => value === null || isDecimal(value);
const haveNumbers = (value, names) => names.every((name) => isNumber(value[name]));
const isListOf = (check) => (value) => Array.isArray(value) && value.every(check);

function isQuote(value) {
  return (
    isObject(value) &&
    isId(value.id) &&
    isDecimal(value.price) &&
    isText(value.currency) &&
    isInstant(value.at) &&
    isText(value.source) &&
    MARKET_STATES.has(value.state) &&
    typeof value.stale === "boolean" &&
    (value.delay_seconds === undefined || isCount(value.delay_seconds)) &&
    haveNumbers(value, QUOTE_NUMBERS)
  );
}

function isPosition(value) {
  return (
    isObject(value) &&
    isId(value.instrument) &&
    STATUSES.has(value.status) &&
    haveNumbers(value, POSITION_NUMBERS)
  );
}

function isPortfolio(value) {
  return (
    isObject(value) &&
    isId(value.id) &&
    isCount(value.revision) &&
    isText(value.currency) &&
    STATUSES.has(value.status) &&
    isListOf(isText)(value.missing) &&
    typeof value.recalculating === "boolean" &&
    isInstant(value.as_of) &&
    haveNumbers(value, PORTFOLIO_NUMBERS) &&
    isListOf(isPosition)(value.positions)
  );
}

function isJob(value) {
  return (
    isObject(value) &&
    isId(value.id) &&
    JOB_KINDS.has(value.kind) &&
    isId(value.portfolio) &&
    isText(value.state) &&
    isCount(value.done) &&
    isCount(value.total) &&
    isObject(value.counts) &&
    Object.values(value.counts).every(isCount) &&
    (value.error === null || isText(value.error))
  );
}

function isAlert(value) {
  return (
    isObject(value) &&
    isId(value.id) &&
    isId(value.alert) &&
    [value.instrument, value.portfolio].every((id) => id === null || isId(id)) &&
    [value.kind, value.title, value.detail].every(isText) &&
    isInstant(value.fired_at) &&
    isCount(value.unread)
  );
}

const CHECKS = {
  snapshot: (message) =>
    isInstant(message.at) &&
    isListOf(isQuote)(message.quotes) &&
    isListOf(isPortfolio)(message.portfolios),
  quotes: (message) => isInstant(message.at) && isListOf(isQuote)(message.quotes),
  portfolio: (message) => isInstant(message.at) && isPortfolio(message.portfolio),
  job: (message) => isJob(message.job),
  alert: (message) => isAlert(message.alert),
  inbox: (message) => isCount(message.unread),
  reload: (message) => TOPICS.has(message.topic) && isId(message.id),
  error: (message) => isText(message.code) && isText(message.detail),
  ping: () => true,
  pong: () => true,
};
const UNNUMBERED = new Set(["error", "ping", "pong"]);

/**
 * Reads a message of the server.
 * @param {unknown} text
 * @returns {object | null} null for what isn't a message of this protocol.
 */
export function parse(text) {
  let message;
  try {
    message = JSON.parse(/** @type {string} */ (text));
  } catch {
    return null;
  }
  if (!isObject(message) || !Object.hasOwn(CHECKS, message.type)) return null;
  if (!UNNUMBERED.has(message.type) && !isCount(message.seq)) return null;
  return CHECKS[message.type](message) ? message : null;
}

/** Follows the numbers of one connection's messages. */
export class Sequence {
  #last = null;

  /**
   * Takes the next number in.
   * @param {number} number
   * @returns {"next" | "gap" | "old"} what it says about the messages before it.
   */
  take(number) {
    const last = this.#last;
    if (last !== null && number <= last) return "old";
    this.#last = number;
    // A connection counts from 1, so that a lost first message is a gap too.
    return number === (last ?? 0) + 1 ? "next" : "gap";
  }

  /** Starts over, for a new connection. */
  reset() {
    this.#last = null;
  }
}

/**
 * Lists the values of a message under the keys that cells name: `quote:<id>:price` and so on.
 * @param {object} message as `parse` returned it
 * @returns {Map<string, unknown>}
 */
export function valuesOf(message) {
  const values = new Map();
  for (const quote of message.quotes ?? []) addQuote(values, quote);
  const portfolios = message.portfolios ?? (message.portfolio ? [message.portfolio] : []);
  for (const portfolio of portfolios) addPortfolio(values, portfolio);
  if (message.job) addJob(values, message.job);
  return values;
}

function addQuote(values, { id, ...fields }) {
  for (const [name, value] of Object.entries(fields)) values.set(`quote:${id}:${name}`, value);
}

function addPortfolio(values, { id, positions, ...fields }) {
  for (const [name, value] of Object.entries(fields)) values.set(`portfolio:${id}:${name}`, value);
  for (const { instrument, ...line } of positions) {
    for (const [name, value] of Object.entries(line)) {
      values.set(`position:${id}:${instrument}:${name}`, value);
    }
  }
}

function addJob(values, { id, counts, ...fields }) {
  for (const [name, value] of Object.entries({ ...fields, ...counts })) {
    values.set(`job:${id}:${name}`, value);
  }
}
