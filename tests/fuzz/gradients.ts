// Gradients of random small problems: every exact adjoint against every other, and their sum against central differences
// of the replayed grid; reverse() within its own reconstruction error, jvp() as their dual.
import {
  type Adjoint,
  auto,
  backprop,
  bosh3,
  cashKarp,
  checkpointed,
  dop853,
  dopri5,
  type Effect,
  ees25,
  ees27,
  euler,
  fehlberg45,
  type Gradients,
  heun,
  jvp,
  midpoint,
  ralston,
  reverse,
  reversible,
  rk4,
  rungeKutta,
  type SolveEvent,
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

const SOLVERS: Readonly<Record<string, Solver>> = Object.fromEntries(
  [
    tsit5,
    dopri5,
    bosh3,
    cashKarp,
    fehlberg45,
    dop853,
    vern7,
    vern9,
    stabilized6,
    euler,
    heun,
    midpoint,
    ralston,
    rk4,
    ees25,
    ees27,
  ].map((solver) => [solver.name, solver]),
);
/** Their way back has an error of its own. */
const NEARLY: readonly Solver[] = [ees25, ees27];
const EXACT: Readonly<Record<string, () => Adjoint>> = {
  symplectic,
  "checkpointed, 1": () => checkpointed({ checkpoints: 1 }),
  "checkpointed, 3": () => checkpointed({ checkpoints: 3 }),
  checkpointed: () => checkpointed(),
  auto: () => auto(),
  "auto, 200 bytes": () => auto({ budget: 200 }),
  "auto, 3000 bytes": () => auto({ budget: 3000 }),
};

interface Gradient {
  readonly dim: number;
  readonly params: readonly number[];
  readonly y0: readonly number[];
  readonly ts: readonly number[];
  /** Of the library, or of a random two-stage tableau. */
  readonly solver: string;
  readonly tableau: number | undefined;
  readonly reversible: number | undefined;
  readonly steps: "adaptive" | "fixed";
  readonly size: number;
  readonly rtol: number;
  readonly land: boolean;
  readonly dense: boolean;
  readonly stepTimes: readonly number[];
  readonly times: boolean;
  /** An event y[0] = level, its effect y[0] ← y[0] + lift where there is one. */
  readonly event:
    | { readonly level: number; readonly kind: "watch" | "terminal" | "effect"; readonly lift: number }
    | undefined;
}

/** yᵢ' = θᵢ tanh(y_{i+1}) + θ_{n+i} yᵢ + θ_{2n} sin((i + 1) t). */
function fieldOf(dim: number, params: readonly number[]): VectorField {
  const n = dim;
  return vectorField({
    params,
    f(t, y, dy, p) {
      for (let i = 0; i < n; i++)
        dy[i] = p[i]! * Math.tanh(y[(i + 1) % n]!) + p[n + i]! * y[i]! + p[2 * n]! * Math.sin((i + 1) * t);
    },
    vjp(t, y, p, c, out) {
      for (let i = 0; i < n; i++) {
        const j = (i + 1) % n;
        const tanh = Math.tanh(y[j]!);
        out.params[i]! += c[i]! * tanh;
        out.y[j]! += c[i]! * p[i]! * (1 - tanh * tanh);
        out.params[n + i]! += c[i]! * y[i]!;
        out.y[i]! += c[i]! * p[n + i]!;
        out.params[2 * n]! += c[i]! * Math.sin((i + 1) * t);
        out.t[0]! += c[i]! * p[2 * n]! * (i + 1) * Math.cos((i + 1) * t);
      }
    },
    jvp(t, y, p, dot, dy) {
      for (let i = 0; i < n; i++) {
        const j = (i + 1) % n;
        const tanh = Math.tanh(y[j]!);
        dy[i] =
          dot.params[i]! * tanh +
          p[i]! * (1 - tanh * tanh) * dot.y[j]! +
          dot.params[n + i]! * y[i]! +
          p[n + i]! * dot.y[i]! +
          dot.params[2 * n]! * Math.sin((i + 1) * t);
      }
    },
  });
}

/** Two stages with the second at c, of order 2 where `c` is not 0. */
const tableauAt = (c: number): Solver =>
  rungeKutta({ name: `two stages at ${c}`, order: 2, c: [0, c], a: [[], [c]], b: [1 - 1 / (2 * c), 1 / (2 * c)] });

/** y[0] ← y[0] + lift. */
const lifting = (lift: number): Effect => ({
  apply(_t, y) {
    y[0]! += lift;
  },
  vjp(_t, y, _p, c, out) {
    for (let i = 0; i < y.length; i++) out.y[i]! += c[i]!;
  },
});

function optionsOf(input: Gradient): Omit<SolveOptions, "adjoint"> & { readonly solver: Solver } {
  const { y0, ts, event, land, dense, stepTimes, steps, size, rtol } = input;
  const plain = input.tableau === undefined ? SOLVERS[input.solver]! : tableauAt(input.tableau);
  const solver = input.reversible === undefined ? plain : reversible(plain, { coupling: input.reversible });
  const fixed = steps === "fixed" || !solver.adaptive;
  // Methods of low order take too many steps otherwise.
  const looser = Math.max(rtol, 10 ** (-2 * solver.order));
  const events: SolveEvent[] = [];
  if (event) {
    const { level, kind, lift } = event;
    events.push({
      root: (_t, y) => y[0]! - level,
      ...(kind === "terminal" && { terminal: true }),
      ...(kind === "effect" && {
        terminal: 3,
        effect: lifting(lift),
      }),
    });
  }
  return {
    y0,
    ts,
    solver,
    stepTimes,
    ...(fixed ? { stepSize: size } : { rtol: looser, atol: looser / 10 }),
    ...((land || !solver.interpolates) && { output: "land" as const }),
    ...(dense && { dense }),
    events,
    maxSteps: 2000,
  };
}

/** The largest difference over the largest size, of each part. */
function distance(a: Gradients, b: Gradients): number {
  let worst = 0;
  for (const part of ["y0", "params", "ts"] as const) {
    const [x, y] = [a[part] ?? [], b[part] ?? []];
    let [size, gap] = [1e-3, x.length === y.length ? 0 : Number.NaN];
    for (let i = 0; i < x.length; i++) {
      size = Math.max(size, Math.abs(y[i]!));
      gap = Math.max(gap, Math.abs(x[i]! - y[i]!));
    }
    worst = Math.max(worst, gap / size);
    if (Number.isNaN(gap)) return gap;
  }
  return worst;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const waves = (length: number, of: (x: number) => number): number[] =>
  Array.from({ length }, (_, i) => of(1 + 1.7 * i));

export const gradients: Property<Gradient> = {
  name: "adjoints",
  draw(random: Draw) {
    const dim = random.integer(1, 4);
    const direction = random.chance(0.2) ? -1 : 1;
    let t = random.one([0, 0, 1, -2]);
    const ts = [t, ...random.many(1, 4, () => (t += direction * random.one([0.3, random.between(0.05, 1)])))];
    const reversed = random.chance(0.2);
    return {
      dim,
      params: Array.from({ length: 2 * dim + 1 }, (_, i) => random.between(-1, i >= dim && i < 2 * dim ? 0.3 : 1)),
      y0: Array.from({ length: dim }, () => random.between(-1.5, 1.5)),
      ts,
      solver: random.one(Object.keys(SOLVERS).filter((name) => !reversed || !NEARLY.includes(SOLVERS[name]!))),
      tableau: random.chance(0.1) ? random.between(0.4, 1) : undefined,
      reversible: reversed ? random.one([0.9, 0.999, 0.95]) : undefined,
      steps: random.one(["adaptive", "adaptive", "fixed"] as const),
      size: random.between(0.03, 0.4),
      rtol: random.magnitude(-9, -2),
      land: random.chance(0.3),
      dense: random.chance(0.2),
      stepTimes: random.chance(0.3)
        ? random.many(1, 2, () => random.one([...ts, ts[0]! + random.between(0, 1) * (t - ts[0]!)]))
        : [],
      times: random.chance(0.5),
      event: random.chance(0.3)
        ? {
            level: random.between(-1, 1),
            kind: random.one(["watch", "terminal", "effect"] as const),
            lift: random.one([-1, 1]) * random.between(0.3, 1),
          }
        : undefined,
    };
  },
  wrong(input) {
    const { dim, params, y0, ts, times } = input;
    const options = optionsOf(input);
    const run = (adjoint: Adjoint) => solve(fieldOf(dim, params), { ...options, adjoint });
    const solution = run(backprop());
    const cotangent = waves(solution.ys.length, Math.sin);
    const loss = { times, ...(solution.status === "stopped" && { stopTime: 0.7 }) };
    const expected = solution.pullback(cotangent, loss);
    for (const value of [...expected.y0, ...expected.params, ...(expected.ts ?? [])])
      if (!Number.isFinite(value)) return `backprop gives ${value}`;
    for (const [name, adjoint] of Object.entries(EXACT)) {
      const other = distance(run(adjoint()).pullback(cotangent, loss), expected);
      if (!(other <= 1e-9)) return `${name} differs from backprop by ${other}`;
    }
    if (options.solver.scheme.inverse && !NEARLY.includes(options.solver)) {
      const found = run(reverse({ segments: 4 })).pullback(cotangent, loss);
      const error = found.stats.reconstructionError!;
      const allowed = 1e-9 + 1e4 * error;
      const other = distance(found, expected);
      if (!(other <= allowed)) return `reverse differs from backprop by ${other}, reconstructionError ${error}`;
    }
    const direction = { y0: waves(dim, Math.cos), params: waves(params.length, (x) => Math.sin(2 * x)) };
    const along = dot(expected.y0, direction.y0) + dot(expected.params, direction.params);
    if (solution.status !== "stopped") {
      const tangent = dot(jvp(solution, direction), cotangent);
      const allowed =
        (solution.events.length > 0 ? 1e-6 : 1e-9) * Math.max(1, Math.abs(along), dot(cotangent, cotangent));
      if (!(Math.abs(tangent - along) <= allowed)) return `jvp gives ${tangent}, backprop ${along}`;
    }
    // Events move, so the replayed grid is that of a solve without.
    if (solution.events.length > 0) return undefined;
    const { events: _, stepSize: _s, ...rest } = options;
    const shifted = (s: number): number => {
      const field = fieldOf(
        dim,
        params.map((value, i) => value + s * direction.params[i]!),
      );
      const start = y0.map((value, i) => value + s * direction.y0[i]!);
      const land = options.stepSize === undefined ? {} : { output: "land" as const };
      return dot(solve(field, { ...rest, ...land, y0: start, ts, grid: solution.grid }).ys, cotangent);
    };
    const central = (h: number): number => (shifted(h) - shifted(-h)) / (2 * h);
    const differences = (4 * central(1e-4) - central(2e-4)) / 3;
    if (Math.abs(differences - along) <= 1e-7 * Math.max(1, Math.abs(along))) return undefined;
    return `backprop gives ${along}, differences of the replayed grid ${differences}`;
  },
  *simpler(input) {
    const { dim, ts, event } = input;
    if (event) {
      yield { ...input, event: undefined };
      if (event.kind !== "watch") yield { ...input, event: { ...event, kind: "watch" } };
    }
    for (const times of shorter(ts.slice(1), 1)) yield { ...input, ts: [ts[0]!, ...times] };
    for (const stepTimes of shorter(input.stepTimes)) yield { ...input, stepTimes };
    if (input.times) yield { ...input, times: false };
    if (input.dense) yield { ...input, dense: false };
    if (input.land) yield { ...input, land: false };
    if (input.reversible !== undefined) yield { ...input, reversible: undefined };
    if (input.tableau !== undefined) yield { ...input, tableau: undefined };
    if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    if (input.steps !== "fixed") yield { ...input, steps: "fixed", size: 0.25 };
    if (dim > 1) {
      const keep = (list: readonly number[]): number[] => list.slice(0, dim - 1);
      const params = [...keep(input.params), ...keep(input.params.slice(dim)), input.params[2 * dim]!];
      yield { ...input, dim: dim - 1, y0: keep(input.y0), params };
    }
    for (const [i, value] of input.params.entries())
      if (value !== 0) yield { ...input, params: input.params.map((p, j) => (i === j ? 0 : p)) };
    for (const [i, value] of input.y0.entries())
      if (value !== 1) yield { ...input, y0: input.y0.map((p, j) => (i === j ? 1 : p)) };
  },
};
