import assert from "node:assert/strict";
import { test } from "node:test";

import {
  currencyFor,
  noteOn,
  quotationsOf,
  wantedFields,
} from "../../static/src/js/pages/transaction-form.js";

const QUOTATIONS = quotationsOf([
  { value: "AAPL", dataset: { currency: "USD" } },
  { value: "VWCE", dataset: { currency: "EUR" } },
  { value: "VWCE", dataset: { currency: "CHF" } },
  { value: "VWCE", dataset: { currency: "EUR" } },
]);

test("the currency follows the instrument, and is the portfolio's without one", () => {
  assert.equal(currencyFor("AAPL", QUOTATIONS.get("AAPL"), "EUR"), "USD");
  assert.equal(currencyFor("", [], "EUR"), "EUR");
});

test("what can't be known here is left to the server", () => {
  assert.equal(currencyFor("NOPE", [], "EUR"), "");
  assert.equal(currencyFor("VWCE", QUOTATIONS.get("VWCE"), "EUR"), "");
});

test("a currency that isn't the instrument's own is said", () => {
  const { AAPL, VWCE } = Object.fromEntries(QUOTATIONS);

  assert.equal(noteOn("AAPL", AAPL, "EUR"), "AAPL is quoted in USD, not in EUR.");
  assert.equal(noteOn("VWCE", VWCE, "USD"), "VWCE is quoted in EUR and CHF, not in USD.");
  assert.equal(noteOn("VWCE", VWCE, ""), "VWCE is quoted in EUR and CHF.");
  assert.deepEqual([noteOn("AAPL", AAPL, "USD"), noteOn("NOPE", [], "EUR")], ["", ""]);
});

test("a kind shows its own fields and hides those of all others", () => {
  const fields = { buy: ["price", "fee"], spin_off: ["ratio", "fee"], interest: [] };

  const shown = (kind) => Object.fromEntries(wantedFields(fields, kind));

  assert.deepEqual(shown("buy"), { price: true, fee: true, ratio: false });
  assert.deepEqual(shown("spin_off"), { price: false, fee: true, ratio: true });
  assert.deepEqual(shown("interest"), { price: false, fee: false, ratio: false });
  assert.deepEqual(shown("unknown"), {});
});
