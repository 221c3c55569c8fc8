// Shows the fields that the chosen kind of transaction has, and lets the currency follow the
// instrument; the server checks them all, and fills in the currency, all the same.

/** @param {HTMLFormElement} form */
export default function start(form) {
  const kind = form.elements.namedItem("kind");
  const follow = currencyFollower(form);
  const fields = JSON.parse(kind.dataset.fields);
  const hints = JSON.parse(kind.dataset.hints);
  const show = () => {
    showFieldsOf(form, fields, kind.value);
    form.querySelector("#kind-hint").textContent = hints[kind.value] ?? "";
    // Of two accounts one is among the fields that are rarely needed.
    if (fields[kind.value]?.includes("to_account")) form.querySelector("details").open = true;
    follow();
  };
  kind.addEventListener("change", show);
  show();
  form.querySelector("[aria-invalid='true']")?.focus();
}

function showFieldsOf(form, fields, kind) {
  for (const [name, isWanted] of wantedFields(fields, kind)) {
    const input = form.elements.namedItem(name);
    if (!input) continue;
    input.closest("[data-field]").hidden = !isWanted;
    // What isn't shown must not be sent: it would be refused for a reason that nobody sees.
    input.disabled = !isWanted;
  }
}

/**
 * Says of each field that some kind has whether the chosen kind has it; of an unknown kind nothing.
 * @param {Record<string, string[]>} fields those of each kind
 * @param {string} kind
 * @returns {Map<string, boolean>}
 */
export function wantedFields(fields, kind) {
  const wanted = fields[kind];
  if (!wanted) return new Map();
  return new Map(
    Object.values(fields)
      .flat()
      .map((name) => [name, wanted.includes(name)]),
  );
}

/** Returns what brings the currency into line with the instrument, until somebody chooses one. */
function currencyFollower(form) {
  const instrument = form.elements.namedItem("instrument");
  const currency = form.elements.namedItem("currency");
  const note = form.querySelector("#currency-note");
  // Looked up by its place: the search takes the field's own list away, and adds to it.
  const known = form.querySelector("datalist");
  let isChosen = currency.value !== "";

  const follow = () => {
    const symbol = instrument.disabled ? "" : instrument.value.trim().toUpperCase();
    const quoted = quotationsOf(known?.options ?? []).get(symbol) ?? [];
    if (!isChosen) currency.value = currencyFor(symbol, quoted, currency.dataset.base);
    note.textContent = noteOn(symbol, quoted, currency.value);
  };
  // "change" as well: not every browser tells of a pick from the list as input.
  for (const event of ["input", "change"]) instrument.addEventListener(event, follow);
  currency.addEventListener("change", () => {
    isChosen = currency.value !== "";
    follow();
  });
  return follow;
}

/**
 * Maps each symbol to the currencies that its listings are quoted in.
 * @param {Iterable<HTMLOptionElement>} options
 * @returns {Map<string, string[]>}
 */
export function quotationsOf(options) {
  const found = new Map();
  for (const { value, dataset } of options) {
    const known = found.get(value) ?? [];
    if (!known.includes(dataset.currency)) found.set(value, [...known, dataset.currency]);
  }
  return found;
}

/**
 * The currency to fill in; empty leaves it to the server, which knows every instrument.
 * @param {string} symbol
 * @param {string[]} quoted
 * @param {string} base the portfolio's currency
 */
export function currencyFor(symbol, quoted, base) {
  if (!symbol) return base;
  return quoted.length === 1 ? quoted[0] : "";
}

/** What is worth saying about the currency; mostly nothing. */
export function noteOn(symbol, quoted, currency) {
  if (quoted.length > 1 && !currency) return `${symbol} is quoted in ${quoted.join(" and ")}.`;
  if (!quoted.length || !currency || quoted.includes(currency)) return "";
  return `${symbol} is quoted in ${quoted.join(" and ")}, not in ${currency}.`;
}
