import assert from "node:assert/strict";
import { test } from "node:test";

import { isOverdue, ServerClock } from "../../static/src/js/live/staleness.js";

const AT = "2026-03-02T12:00:00Z";
const MOMENT = Date.parse(AT);
const LIMIT = 8_000;
const quote = (more = {}) => ({ at: AT, state: "open", delay_seconds: 0, ...more });

const TABLE = [
  [{}, 9_000, false],
  [{}, 9_001, true],
  [{ state: "halted" }, 9_001, true],
  [{ state: "closed" }, 900_000, false],
  [{ delay_seconds: 900 }, 909_000, false],
  [{ delay_seconds: 900 }, 909_001, true],
  [{ confirmed_at: "2026-03-02T12:00:05Z" }, 14_000, false],
  [{ confirmed_at: "2026-03-02T12:00:05Z" }, 14_001, true],
  [{ confirmed_at: "2026-03-02T11:59:05Z" }, 9_000, false],
  [{ at: undefined }, 900_000, false],
  [{ state: undefined }, 900_000, false],
];

for (const [more, age, expected] of TABLE) {
  test(`${JSON.stringify(more)} is ${expected ? "" : "not "}overdue after ${age} ms`, () => {
    assert.equal(isOverdue(quote(more), MOMENT + age, LIMIT), expected);
  });
}

test("nothing is overdue while the server's clock isn't known", () => {
  assert.equal(isOverdue(quote(), null, LIMIT), false);
});

test("the server's clock is told by the message that was fastest", () => {
  const clock = new ServerClock();
  assert.equal(clock.at(5_000), null);
  // Ours is an hour late; the messages were under way for 900, 50 and 400 ms.
  const ours = MOMENT - 3_600_000;
  for (const delay of [900, 50, 400]) clock.hear(AT, ours + delay);
  assert.equal(clock.at(ours + 1_000), MOMENT + 950);
  clock.reset();
  assert.equal(clock.at(ours), null);
});
