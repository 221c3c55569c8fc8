import assert from "node:assert/strict";
import { test } from "node:test";

import { describe } from "../../static/src/js/live/status.js";

const NOW = 1_000_000;
const facts = (more = {}) => ({
  socket: "open",
  isOnline: true,
  isFilled: true,
  lostAt: null,
  lag: 40,
  staleCount: 0,
  openCount: 3,
  staleSince: null,
  now: NOW,
  ...more,
});

const TABLE = [
  [{}, "live", "Live"],
  [{ lag: 12_000 }, "delayed", "Delayed 12 s"],
  [{ staleCount: 3, staleSince: NOW - 130_000 }, "stale", "Stale 2 min"],
  [{ staleCount: 1, staleSince: NOW - 130_000 }, "live", "Live"],
  [{ openCount: 0 }, "live", "Live"],
  [{ isFilled: false }, "connecting", "Connecting…"],
  [{ socket: "connecting", isFilled: false }, "connecting", "Connecting…"],
  [{ socket: "waiting", lostAt: NOW - 3_000 }, "reconnecting", "Reconnecting…"],
  [{ socket: "connecting", lostAt: NOW - 120_000 }, "offline", "Offline 2 min"],
  [{ isOnline: false }, "offline", "Offline"],
  [{ socket: "ended" }, "offline", "Signed out"],
];

for (const [more, state, text] of TABLE) {
  test(`${JSON.stringify(more)} is “${text}”`, () => {
    assert.deepEqual(describe(facts(more)), { state, text });
  });
}
