// Axes: where a value lies, where the ticks are and what they say.

/** How values are placed along an axis. */
export type Scale = "linear" | "log";

export interface Tick {
  readonly value: number;
  /** Empty for a minor tick, which gets a fainter line only. */
  readonly label: string;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const superscript = (exponent: number): string =>
  (exponent < 0 ? "⁻" : "") + [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");

/** A true minus sign, as wide as a plus. */
const withMinus = (text: string): string => text.replace("-", "−");

// Beyond these, differences and quotients of values overflow.
const LARGEST = 1e300;
const SMALLEST = 1e-300;

/** Whether a scale can show a value at all. */
export const isShown = (value: number, scale: Scale): boolean =>
  Math.abs(value) <= LARGEST && (scale === "linear" || value >= SMALLEST);

/** Whether an axis from `low` to `high` shows more than rounding. */
export const isWide = (low: number, high: number): boolean =>
  high - low > Math.max(1e-12 * Math.max(Math.abs(low), Math.abs(high)), SMALLEST);

/** Monotone in the value; ranges are cut into equal parts in it. */
export const position = (value: number, scale: Scale): number => (scale === "log" ? Math.log10(value) : value);

/** 1, 2, 2.5 or 5 times a power of ten: the step that comes nearest to `count` parts of `span` from above. */
function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Decimals that tell multiples of `step` apart: 0.25 → 2, 5 → 0. */
function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < 20; decimals++) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return 20;
}

function linearTicks(low: number, high: number, count: number): Tick[] {
  const step = niceStep(high - low, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const multiples = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const largest = Math.max(Math.abs(first), Math.abs(last)) * step;
  // Very large or very small numbers share one power of ten, so that labels stay short and comparable.
  const exponent = largest >= 1e5 || largest < 1e-3 ? Math.floor(Math.log10(largest) + 1e-9) : 0;
  const decimals = decimalsOf(step / 10 ** exponent);
  return multiples.map((multiple) => {
    // Not multiple · step, which says 0.30000000000000004.
    const value = Number((multiple * step).toPrecision(14));
    const digits = (value / 10 ** exponent).toFixed(decimals);
    const label = value === 0 ? "0" : withMinus(exponent === 0 ? digits : `${digits}×10${superscript(exponent)}`);
    return { value, label };
  });
}

/** Plain between a thousandth and ten thousand, a power of ten elsewhere. */
function logLabel(factor: number, exponent: number, plain: boolean): string {
  if (plain) return (factor * 10 ** exponent).toFixed(Math.max(0, -exponent));
  return `${factor === 1 ? "" : `${factor}×`}10${superscript(exponent)}`;
}

function logTicks(low: number, high: number, count: number): Tick[] {
  const first = Math.log10(low);
  const last = Math.log10(high);
  const decades = last - first;
  // Within half a decade powers of ten say too little: equal steps do better, though they lie at unequal distances.
  if (decades < 0.5) return linearTicks(low, high, count).filter(({ value }) => value > 0);
  const plain = first > -3 - 1e-9 && last < 4 + 1e-9;
  const stride = Math.ceil(decades / count - 1e-9);
  const labelled = decades < 1.2 ? [1, 2, 3, 5] : decades < 2.5 && count > 3 ? [1, 2, 5] : [1];
  const ticks: Tick[] = [];
  for (let exponent = Math.floor(first); exponent <= Math.ceil(last); exponent++) {
    for (let factor = 1; factor < 10; factor++) {
      const value = Number(`${factor}e${exponent}`);
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      const major = labelled.includes(factor) && exponent % stride === 0;
      if (major) ticks.push({ value, label: logLabel(factor, exponent, plain) });
      else if (decades <= 6 || (factor === 1 && stride > 1)) ticks.push({ value, label: "" });
    }
  }
  return ticks;
}

/** Ticks between `low` and `high`, about `count` of them with a label. */
export function ticksOf(low: number, high: number, scale: Scale, count: number): Tick[] {
  const wanted = Math.max(2, Math.round(count));
  return scale === "log" ? logTicks(low, high, wanted) : linearTicks(low, high, wanted);
}
