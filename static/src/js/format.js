// Writes decimal texts the way the server does, to the character and without losing a digit.

const MINUS = "\u2212";
const DASH = "\u2013";
const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * How the signed-in person writes numbers.
 * @typedef {{decimal: string, group: string, grouping: "always"|"min2"|"indian", percent: string}} Style
 */

/** The style that holds until a page says otherwise. @type {Style} */
export const DEFAULT_STYLE = { decimal: ".", group: ",", grouping: "always", percent: "%" };

/**
 * Reads the style that the page carries in its `data-` attributes.
 * @param {DOMStringMap} dataset
 * @returns {Style}
 */
export function styleOf(dataset) {
  return {
    decimal: dataset.decimal ?? DEFAULT_STYLE.decimal,
    group: dataset.group ?? DEFAULT_STYLE.group,
    grouping: /** @type {Style["grouping"]} */ (dataset.grouping ?? DEFAULT_STYLE.grouping),
    percent: dataset.percent ?? DEFAULT_STYLE.percent,
  };
}

/** Tells whether a value of the wire is a number at all; null is an unknown one. */
export function isDecimal(value) {
  return typeof value === "string" && DECIMAL.test(value);
}

/** Returns how many decimals of a price are worth reading: more for small ones. */
export function priceDecimals(text) {
  const size = Math.abs(Number(text));
  if (size >= 10) return 2;
  return size >= 0.1 ? 4 : 8;
}

/** Names the color of a gain or loss. */
export function toneOf(text) {
  if (text === null) return "unknown";
  if (/^-?0*(\.0*)?$/.test(text)) return "flat";
  return text.startsWith("-") ? "loss" : "gain";
}

/** Writes numbers in one style; the underlying formatters are made once and kept. */
export class Formatter {
  #style;
  #cache = new Map();

  /** @param {Style} style */
  constructor(style = DEFAULT_STYLE) {
    this.#style = style;
  }

  /** 1,234.50 */
  money(text, digits) {
    return this.#write(text, { least: digits, most: digits });
  }

  /** +1,234.50 */
  change(text, digits) {
    return this.#write(text, { least: digits, most: digits, signed: true });
  }

  /** 0.1234 is 12.34% */
  percent(text) {
    return this.#write(text, { least: 2, most: 2, hundredfold: true });
  }

  /** 0.0123 is +1.23% */
  rate(text) {
    return this.#write(text, { least: 2, most: 2, hundredfold: true, signed: true });
  }

  /** A price, rounded to the decimals worth reading. */
  price(text, digits) {
    return this.#write(text, { least: Math.min(digits, 2), most: priceDecimals(text ?? "0") });
  }

  /** A number of units with the decimals it has. */
  quantity(text) {
    return this.#write(text, { least: 0, most: 10 });
  }

  #write(text, { least, most, hundredfold = false, signed = false }) {
    if (text === null) return DASH;
    // Numbers are compared and rounded as texts: a float would lose what lies beyond 15 digits.
    const written = this.#intl(least, Math.max(least, most), hundredfold).format(text);
    const isNegative = written.startsWith("-");
    const bare = written.replace("-", "").replace("%", "");
    const isZero = !/[1-9]/.test(bare);
    const sign = isZero ? "" : isNegative ? MINUS : signed ? "+" : "";
    const number = bare.replace(/[,.]/g, (mark) =>
      mark === "," ? this.#style.group : this.#style.decimal,
    );
    return `${sign}${number}${hundredfold ? this.#style.percent : ""}`;
  }

  #intl(least, most, hundredfold) {
    const key = `${least}:${most}:${hundredfold}`;
    let found = this.#cache.get(key);
    if (!found) {
      // Two locales whose separators are known are translated into any style: the tables inside
      // browsers differ between versions, and from those of the server.
      const locale = this.#style.grouping === "indian" ? "en-IN" : "en-US";
      found = new Intl.NumberFormat(locale, {
        style: hundredfold ? "percent" : "decimal",
        minimumFractionDigits: least,
        maximumFractionDigits: most,
        useGrouping: this.#style.grouping === "min2" ? "min2" : "always",
        roundingMode: "halfEven",
      });
      this.#cache.set(key, found);
    }
    return found;
  }
}

/**
 * Writes how long ago an instant was.
 * @param {string} at an ISO instant
 * @param {number} now in milliseconds
 */
export function age(at, now) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/**
 * Returns what writes moments in somebody's time zone, as 2026-03-04 12:07 or part of it.
 * @param {string} zone
 * @returns {(moment: Date, part?: "day" | "time") => string}
 */
export function clockOf(zone) {
  // The one locale that writes days in this order, and hours up to 23.
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const time = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, timeStyle: "short" });
  return (moment, part) => {
    if (part === "day") return day.format(moment).slice(5);
    if (part === "time") return time.format(moment);
    return `${day.format(moment)} ${time.format(moment)}`;
  };
}
