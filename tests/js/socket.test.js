import assert from "node:assert/strict";
import { test } from "node:test";

import { backOff, LiveSocket } from "../../static/src/js/live/socket.js";
import { quote, quotes, snapshot } from "./messages.js";

/** A world in which time passes when the test says so, and servers do as they are told. */
class World {
  Date = { now: () => this.time };
  Math = { random: () => 1 };
  time = 0;
  sockets = [];
  #timers = new Map();
  #next = 1;

  constructor() {
    const world = this;
    this.WebSocket = class extends EventTarget {
      readyState = 0;
      sent = [];

      constructor() {
        super();
        world.sockets.push(this);
      }

      send(text) {
        this.sent.push(JSON.parse(text));
      }

      close() {
        this.readyState = 3;
      }

      accept() {
        this.readyState = 1;
        this.dispatchEvent(new Event("open"));
      }

      say(message) {
        const data = typeof message === "string" ? message : JSON.stringify(message);
        this.dispatchEvent(Object.assign(new Event("message"), { data }));
      }

      end(code = 1006) {
        this.readyState = 3;
        this.dispatchEvent(Object.assign(new Event("close"), { code }));
      }
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  setTimeout = (callback, delay) => this.#add(callback, delay, null);
  setInterval = (callback, delay) => this.#add(callback, delay, delay);
  clearTimeout = (id) => this.#timers.delete(id);
  clearInterval = (id) => this.#timers.delete(id);

  #add(callback, delay, every) {
    this.#timers.set(this.#next, { callback, at: this.time + delay, every });
    return this.#next++;
  }

  pass(milliseconds) {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end);
      if (due.length === 0) break;
      const [id, timer] = due.sort(([, a], [, b]) => a.at - b.at)[0];
      this.time = timer.at;
      if (timer.every === null) this.#timers.delete(id);
      else timer.at += timer.every;
      timer.callback();
    }
    this.time = end;
  }
}

function connected() {
  const world = new World();
  const seen = { messages: [], states: [], opened: 0, gaps: 0 };
  const live = new LiveSocket(
    "ws://127.0.0.1/",
    {
      onMessage: (message) => seen.messages.push(message),
      onState: (state) => seen.states.push(state),
      onOpen: () => (seen.opened += 1),
      onGap: () => (seen.gaps += 1),
    },
    world,
  );
  live.connect();
  world.socket.accept();
  return { world, live, seen };
}

test("the wait doubles up to half a minute, and chance spreads it", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backOff(attempt, () => 1));

  assert.deepEqual(longest, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.equal(backOff(6, () => 0.5), 15000);
  assert.equal(backOff(6, () => 0), 500);
});

test("checked messages are passed on, others are not", () => {
  const { world, seen } = connected();

  world.socket.say(snapshot(1));
  world.socket.say("garbage");
  world.socket.say(quotes(2, quote()));

  assert.deepEqual(seen.messages.map(({ seq }) => seq), [1, 2]);
});

test("a gap is told, and what comes after it is still used", () => {
  const { world, seen } = connected();

  world.socket.say(snapshot(1));
  world.socket.say(quotes(3, quote()));

  assert.equal(seen.gaps, 1);
  assert.deepEqual(seen.messages.map(({ seq }) => seq), [1, 3]);
});

test("a message that was there before is left out", () => {
  const { world, seen } = connected();

  world.socket.say(snapshot(1));
  world.socket.say(snapshot(1));

  assert.equal(seen.messages.length, 1);
});

test("a lost connection is taken up again, later each time", () => {
  const { world, seen } = connected();

  world.socket.end();
  world.pass(500);
  world.socket.end();
  world.pass(999);
  const before = world.sockets.length;
  world.pass(1);

  assert.equal(before, 2);
  assert.equal(world.sockets.length, 3);
  assert.deepEqual(seen.states.slice(-3), ["connecting", "waiting", "connecting"]);
});

test("a connection counts its messages from 1 again", () => {
  const { world, seen } = connected();
  world.socket.say(snapshot(1));
  world.socket.say(quotes(2, quote()));

  world.socket.end();
  world.pass(500);
  world.socket.accept();
  world.socket.say(snapshot(1));

  assert.equal(seen.gaps, 0);
  assert.equal(seen.opened, 2);
  assert.equal(seen.messages.length, 3);
});

test("opening alone does not shorten the wait, a message does", () => {
  const { world } = connected();
  world.socket.end();
  world.pass(500);
  world.socket.accept();
  world.socket.end();
  world.pass(999);
  assert.equal(world.sockets.length, 2);
  world.pass(1);

  world.socket.accept();
  world.socket.say(snapshot(1));
  world.socket.end();
  world.pass(500);

  assert.equal(world.sockets.length, 4);
});

test("a silent line is dropped and made anew", () => {
  const { world, seen } = connected();

  world.pass(61_000);

  assert.ok(world.sockets.length > 1);
  assert.ok(seen.states.includes("waiting"));
});

test("a line that answers is kept", () => {
  const { world } = connected();

  for (let second = 0; second < 120; second += 15) {
    world.pass(15_000);
    world.socket.say({ type: "ping" });
  }

  assert.equal(world.sockets.length, 1);
  assert.deepEqual(world.socket.sent[0], { type: "ping" });
});

test("a page that stays hidden lets go, and comes back at once when it is shown", () => {
  const { world, live } = connected();

  live.setHidden(true);
  world.pass(30_000);
  assert.equal(world.socket.readyState, 3);
  live.setHidden(false);

  assert.equal(world.sockets.length, 2);
});

test("a page that is hidden for a moment keeps its line", () => {
  const { world, live } = connected();

  live.setHidden(true);
  world.pass(10_000);
  live.setHidden(false);

  assert.equal(world.sockets.length, 1);
  assert.equal(world.socket.readyState, 1);
});

test("somebody who is signed out is not connected again", () => {
  const { world, seen } = connected();

  world.socket.end(4401);
  world.pass(120_000);

  assert.equal(world.sockets.length, 1);
  assert.equal(seen.states.at(-1), "ended");
});

test("what a dropped connection still says is not listened to", () => {
  const { world, live, seen } = connected();
  const old = world.socket;

  live.disconnect();
  live.connect();
  old.say(snapshot(1));

  assert.equal(seen.messages.length, 0);
});
