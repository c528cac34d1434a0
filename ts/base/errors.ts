// Every failure of odegrad is a SolveError: a code to branch on, the time and step where it happened, and what to try.

/** What failed. */
export type SolveErrorCode =
  /** `maxSteps` were tried before the end. */
  | "max-steps"
  /** Error control, `accept` or events that accumulate ask for steps that t cannot resolve, or smaller than `minStep`. */
  | "step-underflow"
  /** A state, root function or gradient is NaN or infinite. */
  | "non-finite"
  /** The option `signal` fired. */
  | "aborted"
  /** The GPU went away. */
  | "device-lost"
  /** Memory could not be had. */
  | "out-of-memory"
  /** Bad input, refused before the first step. */
  | "invalid"
  /** This engine has no WebAssembly SIMD, or the page may not compile WebAssembly. */
  | "unsupported"
  /** The equations of an implicit solver's step could not be solved. */
  | "newton"
  /** The start of a differential-algebraic problem does not satisfy its algebraic equations. */
  | "inconsistent"
  /** The two states of a reversible method came apart. */
  | "unstable-pair";

/** Where and why an error happened. */
export interface SolveErrorDetails {
  /** The time reached, NaN before the first step. */
  readonly t?: number | undefined;
  /** The step in work, NaN where there was none. */
  readonly h?: number | undefined;
  /** What was thrown below, if anything was. */
  readonly cause?: unknown;
}

/** Every failure of odegrad: its message says where, why and what to try. */
export class SolveError extends Error {
  /** What failed, to branch on. */
  readonly code: SolveErrorCode;
  /** The time reached, NaN before the first step. */
  readonly t: number;
  /** The step in work, NaN where there was none. */
  readonly h: number;

  /** For errors of one's own, thrown in a field or an effect; they pass through as they are. */
  constructor(code: SolveErrorCode, message: string, details: SolveErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SolveError";
    this.code = code;
    this.t = details.t ?? Number.NaN;
    this.h = details.h ?? Number.NaN;
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const { length } = value as unknown as ArrayLike<unknown>;
    const shown = Array.from({ length: Math.min(length, 6) }, (_, i) =>
      shortly((value as unknown as ArrayLike<unknown>)[i]),
    );
    return `[${shown.join(", ")}${length > 6 ? `, … ${length} in all` : ""}]`;
  }
  if (typeof value === "object" && value !== null)
    return `an object with keys ${Object.keys(value).join(", ") || "(none)"}`;
  return shortly(value);
}

/** A value inside an array. */
function shortly(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "object" && value !== null ? (Array.isArray(value) ? "[…]" : "{…}") : String(value);
}

/**
 * Refuses options that are no plain object, and, where all `known` names are given, others among them. `of`: whose options,
 * "" for those of solve.
 */
export function checkOptions(of: string, options: unknown, names: readonly string[], known = true): void {
  const whose = of && `${of} `;
  if (typeof options !== "object" || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    const list = typeof options === "object" && options !== null ? ", not an array" : "";
    throw invalid(`${whose}options`, options, `one object, { ${names.join(", ")} }${list}`);
  }
  if (!known) return;
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw invalid(`${whose}option ${name}`, value, names.join(", "));
  }
}

/** The error of a bad option: names the option, the value and what is allowed. */
export function invalid(option: string, value: unknown, allowed: string): SolveError {
  return new SolveError("invalid", `${option} is ${describe(value)}; allowed: ${allowed}`);
}
