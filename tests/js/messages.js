// Messages as the server sends them, with what a test wants different.

export const ID = "0123456789abcdef01234567";
export const OTHER = "fedcba9876543210fedcba98";
export const AT = "2026-03-02T12:00:00.000Z";

export const quote = (more = {}) => ({
  id: ID,
  price: "189.12",
  currency: "USD",
  previous_close: "187.00",
  change: "2.12",
  change_rate: "0.011337",
  at: AT,
  source: "simulated",
  state: "open",
  stale: false,
  ...more,
});

export const portfolio = (more = {}) => ({
  id: OTHER,
  revision: 7,
  currency: "EUR",
  status: "complete",
  missing: [],
  recalculating: false,
  stale: false,
  as_of: AT,
  total: "1000.00",
  holdings_value: "1000.00",
  cash: null,
  day_change: "-1.50",
  day_change_rate: "-0.001498",
  unrealized: "20.00",
  positions: [
    {
      instrument: ID,
      price: "189.12",
      price_currency: "USD",
      value: "189.12",
      value_base: "173.61",
      day_change: "1.95",
      day_change_rate: "0.011360",
      unrealized: "20.00",
      unrealized_rate: "0.1",
      weight: "1",
      status: "complete",
    },
  ],
  ...more,
});

export const job = (more = {}) => ({
  id: ID,
  kind: "import",
  portfolio: OTHER,
  state: "committing",
  done: 5,
  total: 10,
  counts: { new: 9, duplicate: 1, error: 0 },
  error: null,
  ...more,
});

export const alert = (more = {}) => ({
  id: ID,
  alert: OTHER,
  kind: "price_above",
  instrument: ID,
  portfolio: null,
  title: "ACME at or above 200 USD",
  detail: "It is at 201 USD.",
  fired_at: AT,
  unread: 1,
  ...more,
});

export const snapshot = (seq, more = {}) => ({
  type: "snapshot",
  seq,
  at: AT,
  quotes: [quote()],
  portfolios: [portfolio()],
  ...more,
});

export const quotes = (seq, ...each) => ({ type: "quotes", seq, at: AT, quotes: each });
