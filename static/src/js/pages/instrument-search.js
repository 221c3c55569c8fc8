// Finds instruments while somebody types, as a combobox with a list below it. Without this the
// browser suggests what the page brought along, and the server knows every symbol all the same.

const PAUSE_MS = 120;
// Where nothing is found the server asks its sources, and is asked again for what they know.
const ASK_AGAIN_MS = 1_000;
const ASK_AGAIN_TIMES = 4;

/** @param {HTMLInputElement} input with an id, and the address of the search in `data-search` */
export default function start(input) {
  const known = input.list;
  // Two lists on top of each other would be one too many.
  input.removeAttribute("list");
  const list = listBelow(input);
  let timer = 0;
  let asking = null;

  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const pick = async (option) => {
    close();
    const { identity, value } = option.dataset;
    // What only a source knows becomes an instrument by being chosen.
    const chosen = identity ? await takeIn(input, identity) : value;
    if (chosen === null) return;
    input.value = chosen;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const show = (options) => {
    for (const each of options) remember(known, each);
    list.replaceChildren(...options.map((each, place) => itemOf(each, `${list.id}-${place}`)));
    list.hidden = options.length === 0;
    keepOnScreen(list);
    input.setAttribute("aria-expanded", String(options.length > 0));
    input.removeAttribute("aria-activedescendant");
    announce(options.length);
  };
  const search = async (timesLeft = ASK_AGAIN_TIMES) => {
    asking?.abort();
    asking = new AbortController();
    const found = await ask(input, asking.signal);
    if (!found || document.activeElement !== input) return;
    show([...optionsOf(found.results), ...foreignOptionsOf(found.elsewhere)]);
    if (found.is_asking && timesLeft > 0) {
      timer = setTimeout(() => search(timesLeft - 1), ASK_AGAIN_MS);
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (input.value.trim()) timer = setTimeout(() => search(), PAUSE_MS);
    else close();
  });
  input.addEventListener("keydown", (event) => follow(event, { input, list, pick, close }));
  input.addEventListener("blur", close);
  // Somebody may have begun to type before this was loaded.
  if (document.activeElement === input && input.value.trim()) void search();
  // Before the field loses the focus, which would close the list.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role='option']");
    if (option) pick(option);
  });
  return close;
}

/** Does what a key of a combobox is for; other keys stay with the field. */
function follow(event, { input, list, pick, close }) {
  if (list.hidden || event.isComposing) return;
  const options = [...list.children];
  const current = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    select(input, options, stepFrom(current, options.length, event.key));
  } else if (event.key === "Enter" && current >= 0) {
    pick(options[current]);
  } else if (event.key === "Escape") {
    close();
  } else {
    return;
  }
  event.preventDefault();
}

function select(input, options, place) {
  options.forEach((each, index) => each.setAttribute("aria-selected", String(index === place)));
  if (place < 0) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  input.setAttribute("aria-activedescendant", options[place].id);
  options[place].scrollIntoView({ block: "nearest" });
}

/**
 * Where an arrow leads; -1 is the field itself, which lies between the last and the first.
 * @param {number} current
 * @param {number} length
 * @param {"ArrowDown" | "ArrowUp"} key
 */
export function stepFrom(current, length, key) {
  const step = key === "ArrowDown" ? 1 : -1;
  return ((current + 1 + step + length + 1) % (length + 1)) - 1;
}

/**
 * What is offered of the instruments that were found. The symbol is typed in for them, or, where
 * several have the same, market and currency with it.
 * @param {{symbol: string, name: string, mic: string, currency: string, is_own: boolean,
 *   called: {symbol: string, valid_until: string | null} | null}[]} found
 */
export function optionsOf(found) {
  const times = new Map();
  for (const { symbol } of found) times.set(symbol, (times.get(symbol) ?? 0) + 1);
  return found.map(({ symbol, name, mic, currency, is_own: isOwn, called }) => ({
    value: times.get(symbol) > 1 && !isOwn ? listingOf({ symbol, mic, currency }) : symbol,
    symbol,
    name,
    currency,
    place: [mic, currency, calledWords(called)].filter(Boolean).join(" · "),
  }));
}

/** Says by which other name something was found; what has an end was called so before it. */
function calledWords(called) {
  if (!called) return "";
  return called.valid_until
    ? `${called.symbol} before ${called.valid_until}`
    : `also ${called.symbol}`;
}

const listingOf = ({ symbol, mic, currency }) => `${mic || "-"}:${symbol}:${currency}`;

/**
 * What is offered of what sources know. It is typed in by its identity, which names one listing.
 * @param {{identity: string, symbol: string, name: string, mic: string, currency: string, source: string}[]} found
 */
export function foreignOptionsOf(found) {
  return found.map(({ identity, symbol, name, mic, currency, source }) => ({
    value: identity,
    identity,
    symbol,
    name,
    currency,
    place: [mic, currency, source].filter(Boolean).join(" · "),
  }));
}

/** Has the server take in what a source knows; returns what to type for it, or null. */
async function takeIn(input, identity) {
  const address = new URL("../found/", new URL(input.dataset.search, document.baseURI));
  const token = input.form?.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ identity }),
    });
    return answer.ok ? listingOf(await answer.json()) : null;
  } catch {
    return null;
  }
}

async function ask(input, signal) {
  const address = `${input.dataset.search}?${new URLSearchParams({ q: input.value.trim() })}`;
  try {
    const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : null;
  } catch {
    // Overtaken by the next letter, or there is no connection: the field works without a list.
    return null;
  }
}

function listBelow(input) {
  const frame = document.createElement("div");
  frame.className = "suggesting";
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Instruments");
  list.hidden = true;
  wrap(input, frame);
  frame.append(list);
  const said = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" };
  for (const [name, value] of Object.entries(said)) input.setAttribute(name, value);
  input.setAttribute("aria-controls", list.id);
  return list;
}

/** Puts a field into a frame; being moved it would lose the focus, and whoever types the rest. */
function wrap(input, frame) {
  const isFocused = document.activeElement === input;
  const { selectionStart, selectionEnd } = input;
  input.replaceWith(frame);
  frame.append(input);
  if (!isFocused) return;
  input.focus();
  input.setSelectionRange(selectionStart, selectionEnd);
}

function itemOf(option, id) {
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.value = option.value;
  if (option.identity) item.dataset.identity = option.identity;
  for (const [name, text] of [["b", option.symbol], ["span", option.name], ["small", option.place]]) {
    const part = document.createElement(name);
    part.textContent = text;
    if (name !== "span") part.translate = false;
    item.append(part, " ");
  }
  return item;
}

function keepOnScreen(list) {
  list.classList.remove("to-the-left");
  const { right } = list.getBoundingClientRect();
  list.classList.toggle("to-the-left", right > document.documentElement.clientWidth);
}

/** Lets the rest of the form know it as well, as the currency that follows the instrument. */
function remember(known, option) {
  if (!known) return;
  const isSame = ({ value, dataset }) =>
    value === option.value && dataset.currency === option.currency;
  if ([...known.options].some(isSame)) return;
  const added = new Option(option.name, option.value);
  added.dataset.currency = option.currency;
  known.append(added);
}

function announce(length) {
  const words = length === 1 ? "1 instrument" : `${length || "No"} instruments`;
  document.querySelector("#announcer")?.replaceChildren(`${words} found`);
}
