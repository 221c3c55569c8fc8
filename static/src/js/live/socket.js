// One connection to the stream that heals itself; what the messages mean is decided elsewhere.

import { parse, Sequence } from "./protocol.js";

const SHORTEST = 500;
const LONGEST = 30_000;
const PING_EVERY = 20_000;
// The server pings every 15 s: after three of those a silent line is a dead one.
const SILENCE = 45_000;
const HIDDEN_FOR = 30_000;
const NOT_SIGNED_IN = 4401;

/**
 * Returns how long to wait before the next attempt: anywhere below a limit that doubles each time,
 * so that a thousand pages don't come back in the same instant.
 * @param {number} attempt counts from 0
 * @param {() => number} random
 */
export function backOff(attempt, random = Math.random) {
  const limit = Math.min(LONGEST, SHORTEST * 2 ** Math.min(attempt, 10));
  return Math.max(SHORTEST, Math.round(random() * limit));
}

/**
 * @typedef {object} Handlers
 * @property {(message: object) => void} onMessage  a checked message, in order
 * @property {() => void} onOpen  a new connection, on which nothing is subscribed yet
 * @property {() => void} onGap  a message got lost
 * @property {(state: "connecting"|"open"|"waiting"|"ended") => void} onState
 */

export class LiveSocket {
  #url;
  #handlers;
  #outside;
  #socket = null;
  #sequence = new Sequence();
  #attempt = 0;
  #retry = null;
  #hidden = null;
  #beat = null;
  #heardAt = 0;
  #isWanted = false;

  /**
   * @param {string} url
   * @param {Handlers} handlers
   * @param {object} outside what tests replace: WebSocket, timers, chance, clock
   */
  constructor(url, handlers, outside = globalThis) {
    this.#url = url;
    this.#handlers = handlers;
    this.#outside = outside;
  }

  /** Connects, unless it is connected or about to be. */
  connect() {
    this.#isWanted = true;
    this.#outside.clearTimeout(this.#retry);
    if (this.#socket) return;
    this.#handlers.onState("connecting");
    const socket = new this.#outside.WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#isCurrent(socket) && this.#opened());
    socket.addEventListener("message", (event) => this.#isCurrent(socket) && this.#heard(event.data));
    socket.addEventListener("close", (event) => this.#isCurrent(socket) && this.#closed(event.code));
  }

  /** Disconnects until `connect` is called again. */
  disconnect() {
    this.#isWanted = false;
    this.#outside.clearTimeout(this.#retry);
    this.#drop();
  }

  /** Sends a message if there is a connection; a new one is subscribed by its `onOpen` anyway. */
  send(message) {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify(message));
  }

  /** Lets go of the line some time after the page was hidden, and takes it up when it is shown. */
  setHidden(isHidden) {
    this.#outside.clearTimeout(this.#hidden);
    if (isHidden) {
      this.#hidden = this.#outside.setTimeout(() => this.disconnect(), HIDDEN_FOR);
    } else {
      this.#attempt = 0;
      this.connect();
    }
  }

  #isCurrent(socket) {
    return this.#socket === socket;
  }

  #opened() {
    this.#sequence.reset();
    this.#heardAt = this.#now();
    this.#beat = this.#outside.setInterval(() => this.#check(), PING_EVERY);
    this.#handlers.onState("open");
    this.#handlers.onOpen();
  }

  #heard(text) {
    this.#heardAt = this.#now();
    const message = parse(text);
    if (message === null) return;
    // Only a connection that says something sensible has proved good.
    this.#attempt = 0;
    if (message.seq !== undefined) {
      const order = this.#sequence.take(message.seq);
      if (order === "old") return;
      if (order === "gap") this.#handlers.onGap();
    }
    this.#handlers.onMessage(message);
  }

  #closed(code) {
    this.#drop();
    if (code === NOT_SIGNED_IN) {
      this.#isWanted = false;
      this.#handlers.onState("ended");
      return;
    }
    this.#handlers.onState("waiting");
    if (this.#isWanted) {
      const delay = backOff(this.#attempt, this.#outside.Math?.random ?? Math.random);
      this.#attempt += 1;
      this.#retry = this.#outside.setTimeout(() => this.connect(), delay);
    }
  }

  #check() {
    if (this.#now() - this.#heardAt > SILENCE) {
      this.#closed(0);
    } else {
      this.send({ type: "ping" });
    }
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#outside.clearInterval(this.#beat);
    socket?.close();
  }

  #now() {
    return this.#outside.Date.now();
  }
}
