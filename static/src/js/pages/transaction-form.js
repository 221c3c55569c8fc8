// Shows the fields that the chosen kind of transaction has; the server checks them all the same.

const CHARGES = ["fee", "tax"];
const TRADE = ["instrument", "quantity", "price", ...CHARGES];
const PAYMENT = ["amount", ...CHARGES];
const FIELDS = {
  buy: TRADE,
  sell: TRADE,
  dividend: ["instrument", ...PAYMENT],
  interest: ["instrument", ...PAYMENT],
  fee: ["instrument", "amount"],
  tax: ["instrument", "amount"],
  deposit: PAYMENT,
  withdrawal: PAYMENT,
  split: ["instrument", "ratio"],
  transfer_in: TRADE,
  transfer_out: TRADE,
};
const RULED = new Set(Object.values(FIELDS).flat());

/** @param {HTMLFormElement} form */
export default function start(form) {
  const kind = form.elements.namedItem("kind");
  const show = () => showFieldsOf(form, kind.value);
  kind.addEventListener("change", show);
  show();
  form.querySelector("[aria-invalid='true']")?.focus();
}

function showFieldsOf(form, kind) {
  const wanted = FIELDS[kind];
  if (!wanted) return;
  for (const name of RULED) {
    const input = form.elements.namedItem(name);
    if (!input) continue;
    const isWanted = wanted.includes(name);
    input.closest("[data-field]").hidden = !isWanted;
    // What isn't shown must not be sent: it would be refused for a reason that nobody sees.
    input.disabled = !isWanted;
  }
}
