import assert from "node:assert/strict";
import { test } from "node:test";

import { foreignOptionsOf, optionsOf, stepFrom } from "../../static/src/js/pages/instrument-search.js";

const listing = (symbol, mic, currency, isOwn = false) => ({
  symbol,
  name: `${symbol} Inc.`,
  mic,
  currency,
  is_own: isOwn,
});

test("the symbol is typed in, with market and currency where it has several listings", () => {
  const found = [
    listing("SAP", "XETR", "EUR"),
    listing("SAP", "", "USD"),
    listing("SAP", "", "USD", true),
    listing("AAPL", "XNAS", "USD"),
  ];

  assert.deepEqual(
    optionsOf(found).map(({ value }) => value),
    ["XETR:SAP:EUR", "-:SAP:USD", "SAP", "AAPL"],
  );
  assert.equal(optionsOf(found)[0].place, "XETR · EUR");
  assert.equal(optionsOf(found)[1].place, "USD");
});

test("what was found by another name says by which", () => {
  const until = { symbol: "FB", valid_until: "2022-06-09" };
  const found = [
    { ...listing("META", "XNAS", "USD"), called: until },
    { ...listing("INFY", "", "INR"), called: { symbol: "NSE:INFY", valid_until: null } },
    { ...listing("AAPL", "", "USD"), called: null },
  ];

  assert.deepEqual(
    optionsOf(found).map(({ value, place }) => [value, place]),
    [
      ["META", "XNAS · USD · FB before 2022-06-09"],
      ["INFY", "INR · also NSE:INFY"],
      ["AAPL", "USD"],
    ],
  );
});

test("what only a source knows is named by market, symbol and currency", () => {
  const [option] = foreignOptionsOf([
    { ...listing("SAP", "XETR", "EUR"), identity: "XETR:SAP:EUR", source: "twelvedata" },
  ]);

  assert.equal(option.value, "XETR:SAP:EUR");
  assert.equal(option.identity, "XETR:SAP:EUR");
  assert.equal(option.place, "XETR · EUR · twelvedata");
});

test("the arrows go around by way of the field", () => {
  const walk = (key, times) => {
    const places = [];
    for (let place = -1; places.length < times; ) places.push((place = stepFrom(place, 3, key)));
    return places;
  };

  assert.deepEqual(walk("ArrowDown", 5), [0, 1, 2, -1, 0]);
  assert.deepEqual(walk("ArrowUp", 5), [2, 1, 0, -1, 2]);
});
