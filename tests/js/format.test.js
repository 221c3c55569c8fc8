import assert from "node:assert/strict";
import { test } from "node:test";

import { age, clockOf, Formatter, styleOf, toneOf } from "../../static/src/js/format.js";

const english = new Formatter();

test("money keeps every digit of a long text", () => {
  assert.equal(english.money("12345678901234567890.12", 2), "12,345,678,901,234,567,890.12");
});

test("money has the decimals of its currency", () => {
  assert.equal(english.money("1234.5", 2), "1,234.50");
  assert.equal(english.money("1234", 0), "1,234");
  assert.equal(english.money("0.12345678", 8), "0.12345678");
});

test("halves are rounded to the even neighbor", () => {
  assert.equal(english.money("0.125", 2), "0.12");
  assert.equal(english.money("0.135", 2), "0.14");
});

test("an unknown number is a dash, never a zero", () => {
  assert.equal(english.money(null, 2), "–");
  assert.equal(english.rate(null), "–");
  assert.equal(english.price(null, 2), "–");
});

test("changes carry a sign, and a zero carries none", () => {
  assert.equal(english.change("5", 2), "+5.00");
  assert.equal(english.change("-5", 2), "−5.00");
  assert.equal(english.change("-0.001", 2), "0.00");
  assert.equal(english.rate("-0.01236"), "−1.24%");
});

test("small prices show more decimals, and no price shows needless ones", () => {
  assert.equal(english.price("189.1234", 2), "189.12");
  assert.equal(english.price("1.08732", 2), "1.0873");
  assert.equal(english.price("0.00001234", 2), "0.00001234");
  assert.equal(english.price("5", 2), "5.00");
});

test("separators follow the page's style", () => {
  const german = new Formatter(styleOf({ decimal: ",", group: ".", percent: "\u00a0%" }));
  const spanish = new Formatter(styleOf({ decimal: ",", group: ".", grouping: "min2" }));
  const indian = new Formatter(styleOf({ grouping: "indian" }));

  assert.equal(german.money("1234567.8", 2), "1.234.567,80");
  assert.equal(german.percent("0.5"), "50,00\u00a0%");
  assert.equal(spanish.money("1234", 2), "1234,00");
  assert.equal(spanish.money("12345", 2), "12.345,00");
  assert.equal(indian.money("12345678.9", 2), "1,23,45,678.90");
});

test("the tone of a change says which way it goes", () => {
  assert.deepEqual(["1", "-1", "0", "-0.00", null].map(toneOf), ["gain", "loss", "flat", "flat", "unknown"]);
});

test("ages grow from seconds to days", () => {
  const at = "2026-03-02T12:00:00Z";
  const later = (seconds) => age(at, Date.parse(at) + seconds * 1000);

  assert.deepEqual([4, 90, 7_200, 200_000].map(later), ["4 s ago", "1 min ago", "2 h ago", "2 d ago"]);
});

test("moments are written in somebody's time zone", () => {
  const clock = clockOf("America/New_York");
  const moment = new Date("2026-03-04T04:07:00Z");
  assert.equal(clock(moment), "2026-03-03 23:07");
  assert.equal(clock(moment, "day"), "03-03");
  assert.equal(clock(moment, "time"), "23:07");
});
