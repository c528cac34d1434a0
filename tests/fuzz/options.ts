// Random options, wrong ones among them, and their combinations: every call returns numbers that agree with a tight solve
// within 1000 tolerances, or throws a SolveError with a code of the contract; "invalid" where a value means nothing.
import {
  type Adjoint,
  auto,
  backprop,
  bosh3,
  cashKarp,
  checkpointed,
  continuous,
  dop853,
  dopri5,
  euler,
  fehlberg45,
  integral,
  mlp,
  pid,
  reverse,
  reversible,
  reversibleHeun,
  rk4,
  SolveError,
  type SolveOptions,
  type Solver,
  solve,
  stabilized6,
  symplectic,
  tsit5,
  type VectorField,
  vectorField,
  vern7,
  vern9,
} from "odegrad";
import { type Draw, type Property, shorter } from "./property.ts";

const CODES = [
  "max-steps",
  "step-underflow",
  "non-finite",
  "aborted",
  "out-of-memory",
  "invalid",
  "unsupported",
  "unstable-pair",
];
const FACTOR = 1000;

type Fill = (t: number, y: ArrayLike<number>, dy: Float64Array) => void;
/** Problems of two components whose errors hardly grow. */
const FIELDS: Readonly<Record<string, Fill>> = {
  decay: (_t, y, dy) => void dy.set([-y[0]!, -2 * y[1]!]),
  still: (_t, _y, dy) => void dy.fill(0),
  oscillator: (_t, y, dy) => void dy.set([y[1]!, -y[0]!]),
  forced: (t, y, dy) => void dy.set([Math.sin(t) - y[0]!, Math.cos(3 * t)]),
  prey: (_t, y, dy) => void dy.set([y[0]! - 0.5 * y[0]! * y[1]!, 0.5 * y[0]! * y[1]! - y[1]!]),
};
const Y0 = [1, 0.5];

/** With the derivatives that adjoints ask for, by central differences: fields here are smooth. */
function differentiable(f: Fill): VectorField {
  const [up, down] = [new Float64Array(2), new Float64Array(2)];
  return vectorField({
    f,
    vjp(t, y, _p, c, out) {
      for (let i = 0; i < 2; i++) {
        const at = (s: number): number[] => Array.from(y, (value, j) => value + (i === j ? s : 0));
        f(t, at(1e-5), up);
        f(t, at(-1e-5), down);
        for (let k = 0; k < 2; k++) out.y[i]! += (c[k]! * (up[k]! - down[k]!)) / 2e-5;
      }
    },
  });
}

const SOLVERS: Readonly<Record<string, Solver>> = {
  tsit5,
  dopri5,
  bosh3,
  cashKarp,
  fehlberg45,
  dop853,
  vern7,
  vern9,
  stabilized6,
  rk4,
  euler,
  reversibleHeun,
  "reversible(tsit5)": reversible(tsit5),
  "reversible(bosh3), 0.5": reversible(bosh3, { coupling: 0.5 }),
};
const ADJOINTS: Readonly<Record<string, Adjoint>> = {
  backprop: backprop(),
  symplectic: symplectic(),
  checkpointed: checkpointed({ checkpoints: 2 }),
  auto: auto(),
  continuous: continuous(),
  reverse: reverse(),
};

/** Values that mean something, by name; a name is what is drawn and printed. */
const GOOD: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ts: {
    "0, 1": [0, 1],
    "0, 1, 2, 5": [0, 1, 2, 5],
    "2, 1, 0": [2, 1, 0],
    "1e6, 1e6 + 3": new Float64Array([1e6, 1e6 + 3]),
    "0, 1e-9": [0, 1e-9],
    "0, 1e-300, 1": [0, 1e-300, 1],
    close: [0, 0.5, 0.5 + 1e-15, 1],
    many: Array.from({ length: 40 }, (_, i) => i / 10),
    long: [-3, 20],
  },
  solver: SOLVERS,
  rtol: { "1e-3": 1e-3, "1e-8": 1e-8, "1e-12": 1e-12, "0": 0, each: [1e-4, 1e-6], "0.1": 0.1, "0, 1e-5": [0, 1e-5] },
  atol: { "1e-3": 1e-3, "1e-9": 1e-9, "1e-13": 1e-13, "0": 0, each: [1e-6, 1e-8] },
  stepSize: { "0.1": 0.1, "0.5": 0.5, "7": 7, "1e-3": 1e-3, "1e-9": 1e-9, "1e300": 1e300 },
  controller: {
    pid: pid(),
    integral: integral(),
    careful: pid({ safety: 0.5, maxFactor: 2 }),
    wild: pid({ p: -0.2, i: 0.5, d: 0.1 }),
  },
  firstStep: { "1e-12": 1e-12, "1": 1, "1e300": 1e300, "1e-300": 1e-300 },
  minStep: { "0": 0, "1e-10": 1e-10, "0.5": 0.5 },
  maxStep: { "0.01": 0.01, "1": 1, "1e-4": 1e-4, Infinity: Number.POSITIVE_INFINITY },
  maxSteps: { "1": 1, "10": 10, "1000": 1000, "2.5": 2.5 },
  norm: {
    rms: "rms",
    max: "max",
    segments: [
      { length: 1, weight: 2 },
      { length: 1, weight: 1 },
    ],
  },
  output: { interpolate: "interpolate", land: "land" },
  dense: { true: true, false: false },
  stepTimes: { none: [], inside: [0.5], many: [0.25, 0.5, 0.5, 1], outside: [-100, 100], unsorted: [1, 0.3] },
  events: {
    none: [],
    watching: [{ root: (_t: number, y: ArrayLike<number>) => y[0]! - 0.7 }, { root: (t: number) => Math.sin(3 * t) }],
    still: [{ root: () => 0 }, { root: () => 1, terminal: true }],
    given: [
      { root: (t: number) => t - 0.5, gradient: (_t: number, _y: unknown, out: Float64Array) => void out.fill(0) },
    ],
  },
  accept: { all: () => true },
  adjoint: ADJOINTS,
  residency: { host: "host" },
  params: { undefined: undefined },
  onStep: { nothing: () => undefined },
  onFailure: { throw: "throw", return: "return" },
};

const NONSENSE: Readonly<Record<string, unknown>> = {
  null: null,
  NaN: Number.NaN,
  "-1": -1,
  '"1"': "1",
  "{}": {},
  "1n": 1n,
  "[null]": [null],
  "[NaN, 1]": [Number.NaN, 1],
  "[[1], [2]]": [[1], [2]],
  "a symbol": Symbol("s"),
  "a date": new Date(0),
};
/** Options with values for which some nonsense has a meaning. */
const ANYTHING = ["params"];

interface Options {
  readonly field: string;
  readonly differentiable: boolean;
  readonly network: "float32" | "float64" | undefined;
  /** Names of values, by option. */
  readonly given: readonly (readonly [option: string, value: string])[];
  readonly nonsense: readonly (readonly [option: string, value: string])[];
}

/** Which calls have an answer to compare, and the tolerances. */
function wrongAnswer(input: Options, options: SolveOptions): string | undefined {
  const net = input.network && mlp({ layers: [2, 3, 2], dtype: input.network, seed: 5 });
  const f = FIELDS[input.field]!;
  const field = net ?? (input.differentiable ? differentiable(f) : f);
  const solution = solve(field as VectorField, options);
  const { ts, ys, status } = solution;
  if (status !== "done" && !CODES.includes(status)) return `status ${status}`;
  if ((status === "done") !== (solution.error === undefined)) return `status ${status}, error ${solution.error}`;
  if (ys.length !== 2 * ts.length) return `${ts.length} times, ${ys.length} numbers`;
  if (status === "done" && ts.length !== options.ts.length)
    return `done after ${ts.length} of ${options.ts.length} times`;
  if (!ys.every(Number.isFinite)) return `ys is ${ys}`;
  if (options.adjoint) {
    const gradients = solution.pullback(new Float64Array(ys.length).fill(1), { times: true });
    for (const part of [gradients.y0, gradients.params, gradients.ts!])
      if (!Array.from(part).every(Number.isFinite)) return `the gradient is ${part}`;
  }
  // Given steps are as good as they are.
  if (options.stepSize !== undefined) return undefined;
  const middle = (ts[0]! + ts.at(-1)!) / 2;
  const between = options.dense && ts.length > 1 ? solution.at(middle) : undefined;
  const times = Float64Array.from([...new Set([...ts, ...(between ? [middle] : [])])]).sort(
    (a, b) => (a - b) * (ts.at(-1)! > ts[0]! ? 1 : -1),
  );
  if (times.length < 2) return undefined;
  const tight = { y0: options.y0, ts: times, solver: vern9, rtol: 1e-13, atol: 1e-15, output: "land" } as const;
  const reference = net
    ? solve(mlp({ layers: [2, 3, 2], dtype: "float64", params: Float64Array.from(net.params) }), tight).ys
    : solve(f, tight).ys;
  const each = (given: number | ArrayLike<number> | undefined, fallback: number, i: number): number =>
    given === undefined ? fallback : typeof given === "number" ? given : given[i]!;
  // Roundings of the state, of t, and of the way that they come in.
  const epsilon = input.network === "float32" ? 2 ** -20 : 2 ** -44;
  const rounding = epsilon + 2 ** -50 * Math.abs(ts[0]!);
  for (const [row, t] of times.entries()) {
    const at = ts.indexOf(t);
    const found = at < 0 ? between! : ys.subarray(2 * at);
    for (let i = 0; i < 2; i++) {
      const right = reference[2 * row + i]!;
      // The norm weighs components together, so each may err by what all may.
      const size = Math.max(1e-3, Math.abs(reference[2 * row]!), Math.abs(reference[2 * row + 1]!));
      const tolerance = Math.max(
        ...[0, 1].map((j) => each(options.atol, 1e-9, j) + each(options.rtol, 1e-6, j) * size),
      );
      // Between outputs of some solvers a cubic goes.
      const allowed = (at < 0 ? 10 : 1) * FACTOR * tolerance + 100 * rounding * size;
      if (Math.abs(found[i]! - right) <= allowed) continue;
      return `y[${i}] at ${t} is ${found[i]}, not ${right}: ${Math.abs(found[i]! - right) / tolerance} tolerances`;
    }
  }
  return undefined;
}

export const options: Property<Options> = {
  name: "options",
  draw(random: Draw) {
    const network = random.chance(0.2) ? random.one(["float32", "float64"] as const) : undefined;
    const names = Object.keys(GOOD).filter((name) => name !== "ts" && random.chance(0.2));
    return {
      field: random.one(Object.keys(FIELDS)),
      differentiable: random.chance(0.7),
      network,
      given: ["ts", ...names].map((name) => [name, random.one(Object.keys(GOOD[name]!))] as const),
      nonsense: random.chance(0.3)
        ? random.many(1, 2, () => {
            const option = random.one([...Object.keys(GOOD), "y0", "rtoll"].filter((name) => !ANYTHING.includes(name)));
            return [option, random.one(Object.keys(NONSENSE))] as const;
          })
        : [],
    };
  },
  wrong(input) {
    const made: Record<string, unknown> = { y0: Y0, maxSteps: 3000 };
    for (const [option, value] of input.given) made[option] = GOOD[option]![value];
    for (const [option, value] of input.nonsense) made[option] = NONSENSE[value];
    const meaningless = input.nonsense.length > 0;
    try {
      const wrong = wrongAnswer(input, made as unknown as SolveOptions);
      return wrong ?? (meaningless ? "nonsense is believed" : undefined);
    } catch (error) {
      if (!(error instanceof SolveError)) throw error;
      if (!CODES.includes(error.code)) return `code ${error.code}`;
      return meaningless && error.code !== "invalid" ? `nonsense ends in ${error.code}` : undefined;
    }
  },
  *simpler(input) {
    for (const nonsense of shorter(input.nonsense)) yield { ...input, nonsense };
    for (const given of shorter(input.given.slice(1))) yield { ...input, given: [input.given[0]!, ...given] };
    if (input.network) yield { ...input, network: undefined };
    if (input.differentiable) yield { ...input, differentiable: false };
    if (input.field !== "decay") yield { ...input, field: "decay" };
    if (input.given[0]![1] !== "0, 1") yield { ...input, given: [["ts", "0, 1"], ...input.given.slice(1)] };
  },
};
