import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, Sequence, valuesOf } from "../../static/src/js/live/protocol.js";
import { alert, AT, ID, job, OTHER, portfolio, quote, quotes, snapshot } from "./messages.js";

const read = (message) => parse(JSON.stringify(message));

test("every message of the protocol is let through", () => {
  const good = [
    snapshot(1),
    quotes(2, quote()),
    { type: "portfolio", seq: 3, at: AT, portfolio: portfolio() },
    { type: "job", seq: 4, job: job() },
    { type: "reload", seq: 5, topic: "holdings", id: OTHER },
    { type: "alert", seq: 6, alert: alert() },
    { type: "alert", seq: 7, alert: alert({ instrument: null, portfolio: OTHER }) },
    { type: "inbox", seq: 8, unread: 0 },
    { type: "error", code: "bad-message", detail: "No." },
    { type: "ping" },
    { type: "pong" },
  ];

  for (const message of good) assert.deepEqual(read(message), message);
});

test("how late a price is by agreement is a number of seconds, and may be left out", () => {
  const late = read(quotes(1, quote({ delay_seconds: 900 })));

  assert.equal(valuesOf(late).get(`quote:${ID}:delay_seconds`), 900);
  assert.ok(read(quotes(1, quote())));
  assert.equal(read(quotes(1, quote({ delay_seconds: "900" }))), null);
});

test("fields that are not known yet do no harm", () => {
  assert.ok(read(quotes(1, quote({ volume: "12" }))));
});

const BAD = {
  "no JSON": "{",
  "no object": "[]",
  nothing: "null",
  "an inherited name for a type": '{"type":"constructor","seq":1}',
  "no number of its own": JSON.stringify({ ...quotes(1, quote()), seq: undefined }),
  "a negative number": JSON.stringify(quotes(-1, quote())),
  "a price as a float": JSON.stringify(quotes(1, quote({ price: 189.12 }))),
  "a price that is no number": JSON.stringify(quotes(1, quote({ price: "<b>1</b>" }))),
  "a price of infinity": JSON.stringify(quotes(1, quote({ price: "Infinity" }))),
  "an unknown price": JSON.stringify(quotes(1, quote({ price: null }))),
  "a missing change": JSON.stringify(quotes(1, quote({ change: undefined }))),
  "an id that selects something else": JSON.stringify(quotes(1, quote({ id: 'x"]' }))),
  "a strange market state": JSON.stringify(quotes(1, quote({ state: "lunch" }))),
  "a bad instant": JSON.stringify(quotes(1, quote({ at: "noon" }))),
  "a portfolio without positions": JSON.stringify(
    snapshot(1, { portfolios: [portfolio({ positions: null })] }),
  ),
  "a strange topic": JSON.stringify({ type: "reload", seq: 1, topic: "secrets", id: ID }),
  "an alert without words": JSON.stringify({ type: "alert", seq: 1, alert: alert({ title: null }) }),
  "an alert that leads elsewhere": JSON.stringify({
    type: "alert",
    seq: 1,
    alert: alert({ instrument: "/x" }),
  }),
  "an inbox without a count": JSON.stringify({ type: "inbox", seq: 1, unread: "1" }),
  "a negative count": JSON.stringify({ type: "job", seq: 1, job: job({ counts: { new: -1 } }) }),
};

for (const [what, text] of Object.entries(BAD)) {
  test(`refused: ${what}`, () => assert.equal(parse(text), null));
}

test("numbers that follow each other are in order from 1 on", () => {
  const sequence = new Sequence();

  assert.deepEqual([1, 2, 3].map((number) => sequence.take(number)), ["next", "next", "next"]);
});

test("a number that was skipped is a gap, once", () => {
  const sequence = new Sequence();
  sequence.take(1);

  assert.equal(sequence.take(3), "gap");
  assert.equal(sequence.take(4), "next");
});

test("a lost first message is a gap", () => {
  assert.equal(new Sequence().take(2), "gap");
});

test("a number seen before is old", () => {
  const sequence = new Sequence();
  sequence.take(1);
  sequence.take(2);

  assert.equal(sequence.take(2), "old");
  assert.equal(sequence.take(3), "next");
});

test("a new connection counts anew", () => {
  const sequence = new Sequence();
  sequence.take(1);
  sequence.take(2);
  sequence.reset();

  assert.equal(sequence.take(1), "next");
});

test("values are listed under the keys that cells name", () => {
  const values = valuesOf(snapshot(1));

  assert.equal(values.get(`quote:${ID}:price`), "189.12");
  assert.equal(values.get(`quote:${ID}:stale`), false);
  assert.equal(values.get(`portfolio:${OTHER}:total`), "1000.00");
  assert.equal(values.get(`portfolio:${OTHER}:cash`), null);
  assert.equal(values.get(`position:${OTHER}:${ID}:value_base`), "173.61");
});

test("the counts of a job are values like its others", () => {
  const values = valuesOf({ type: "job", seq: 1, job: job() });

  assert.equal(values.get(`job:${ID}:done`), 5);
  assert.equal(values.get(`job:${ID}:new`), 9);
});
