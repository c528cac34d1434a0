// Gradients at events: of an event's time at every gap between it and the step boundary before it, in every adjoint and
// forwards, of root functions in small units and defined on one side only, and through a bouncing ball's effects.
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  dopri5,
  type Effect,
  jvp,
  mlp,
  reverse,
  reversible,
  rk4,
  type SolveOptions,
  solve,
  symplectic,
  tsit5,
  vectorField,
} from "odegrad";
import { type Draw, type Property, shorter } from "./property.ts";

const SOLVERS = { tsit5, dopri5, rk4, "reversible(tsit5)": reversible(tsit5) };
const ADJOINTS: Record<string, () => Adjoint> = {
  backprop,
  symplectic,
  checkpointed: () => checkpointed({ checkpoints: 2 }),
  auto,
  continuous: () => continuous({ rtol: 1e-10, atol: 1e-12 }),
};

const relative = (name: string, found: number, expected: number, tolerance: number): string | undefined =>
  Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected))
    ? undefined
    : `${name} is ${found}, not ${expected}`;

/** A solver of these and an adjoint that takes it. */
const drawWay = <S extends keyof typeof SOLVERS>(random: Draw, solvers: readonly S[]) => {
  const solver = random.one(solvers);
  const adjoints = Object.keys(ADJOINTS);
  return { solver, adjoint: random.one(SOLVERS[solver].scheme.inverse ? [...adjoints, "reverse"] : adjoints) };
};
const adjointOf = (name: string): Adjoint => (name === "reverse" ? reverse() : ADJOINTS[name]!());
const CONTROLLED = ["tsit5", "dopri5", "reversible(tsit5)"] as const;

const decay = (k: number) =>
  vectorField({
    params: [k],
    f(_t, y, dy, p) {
      dy[0] = -p[0]! * y[0]!;
    },
    vjp(_t, y, p, c, out) {
      out.y[0]! -= c[0]! * p[0]!;
      out.params[0]! -= c[0]! * y[0]!;
    },
    jvp(_t, y, p, dot, dy) {
      dy[0] = -p[0]! * dot.y[0]! - dot.params[0]! * y[0]!;
    },
  });

// y' = −k y crosses a level a gap after a step boundary.

interface Gap {
  readonly solver: keyof typeof SOLVERS;
  readonly adjoint: string;
  readonly origin: number;
  readonly rate: number;
  readonly boundary: number;
  readonly gap: number;
  readonly how: "stepTimes" | "land" | "stepSize";
  readonly single: boolean;
}

export const gaps: Property<Gap> = {
  name: "gaps",
  draw: (random) => ({
    ...drawWay(random, [...CONTROLLED, "rk4"]),
    origin: random.one([0, 0, 1e3, 1.7e9]),
    rate: random.between(0.2, 1.5),
    boundary: random.one([1, random.between(0.5, 3)]),
    gap: random.chance(0.1) ? 0 : random.magnitude(-17, -2.5),
    how: random.one(["stepTimes", "land", "stepSize"] as const),
    single: random.chance(0.3),
  }),
  wrong({ solver, adjoint, origin, rate, boundary, gap, how, single }) {
    const k = single ? Math.fround(rate) : rate;
    const level = Math.exp(-k * (boundary + gap));
    const field = single ? mlp({ layers: [1, 1], params: [-k, 0] }) : decay(k);
    const at = origin + boundary;
    const options: SolveOptions = {
      y0: [1],
      ts: how === "land" ? [origin, at, origin + boundary + 2] : [origin, origin + boundary + 2],
      solver: SOLVERS[solver],
      ...(single ? { rtol: 1e-6, atol: 1e-8 } : { rtol: 1e-10, atol: 1e-12 }),
      ...(how === "stepTimes" && { stepTimes: [at] }),
      ...(how === "land" && { output: "land" }),
      ...((how === "stepSize" || solver === "rk4") && { stepSize: boundary / 256 }),
      events: [{ root: (_t, y) => y[0]! - level, terminal: true }],
      adjoint: adjointOf(adjoint),
    };
    const solution = solve(field, options);
    if (solution.status !== "stopped") return `status ${solution.status}`;
    const te = boundary + gap;
    // What an ulp of t is worth, and in float32 one of y.
    const rounding = 8 * Number.EPSILON * Math.abs(origin);
    const tolerance = (single ? 1e-3 : 1e-6) + rounding;
    const cotangent = new Float64Array(solution.ys.length);
    const { params, y0 } = solution.pullback(cotangent, { stopTime: 1 });
    const sign = single ? -1 : 1;
    const tangent = jvp(solution, { y0: [1] });
    return (
      relative("t_e", solution.ts.at(-1)! - origin, te, (single ? 1e-4 : 1e-7) + rounding) ??
      relative("∂t_e/∂k", params[0]!, (-sign * te) / k, tolerance) ??
      relative("∂t_e/∂y0", y0[0]!, 1 / k, tolerance) ??
      // The state at the event is the level, whatever the start.
      relative("∂y_e/∂y0", tangent.at(-1)!, 0, tolerance)
    );
  },
  *simpler(input) {
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.single) yield { ...input, single: false };
    if (input.how !== "stepTimes") yield { ...input, how: "stepTimes" };
    if (input.adjoint !== "backprop") yield { ...input, adjoint: "backprop" };
    else if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    if (input.boundary !== 1) yield { ...input, boundary: 1 };
    if (input.rate !== 0.5) yield { ...input, rate: 0.5 };
  },
};

// Two particles meet at a distance, in any unit; or a decay comes to a small level, by its logarithm or its root.

interface Units {
  readonly solver: (typeof CONTROLLED)[number];
  readonly adjoint: string;
  readonly unit: number;
  readonly form: "distance" | "log" | "sqrt" | "plain";
  readonly given: boolean;
  readonly distance: number;
}

export const units: Property<Units> = {
  name: "units",
  draw: (random) => ({
    ...drawWay(random, CONTROLLED),
    unit: random.magnitude(-9, 4),
    form: random.one(["distance", "log", "sqrt", "plain"] as const),
    given: random.chance(0.2),
    distance: random.between(1, 3),
  }),
  wrong({ solver, adjoint, unit, form, given, distance }) {
    const common = { solver: SOLVERS[solver], rtol: 1e-10, adjoint: adjointOf(adjoint) };
    if (form === "distance") {
      const [vx, vy] = [1, 0.7];
      const field = vectorField({
        params: [vx, vy],
        f: (_t, _y, dy, p) => void dy.set([p[0]! * unit, p[1]! * unit, 0, 0]),
        vjp(_t, _y, _p, c, out) {
          out.params[0]! += c[0]! * unit;
          out.params[1]! += c[1]! * unit;
        },
      });
      const solution = solve(field, {
        ...common,
        y0: [0, 0, 0.1 * unit, -0.2 * unit],
        ts: [0, 20],
        atol: 1e-12 * unit,
        events: [
          {
            root: (_t, y) => (Math.hypot(y[0]! - y[2]!, y[1]! - y[3]!) - distance * unit) / unit,
            terminal: true,
            ...(given && {
              gradient(_t, y, out) {
                const [x, z] = [y[0]! - y[2]!, y[1]! - y[3]!];
                const length = Math.hypot(x, z) * unit;
                out.set([x / length, z / length, -x / length, -z / length]);
              },
            }),
          },
        ],
      });
      const { params, y0 } = solution.pullback(new Float64Array(solution.ys.length), { stopTime: 1 });
      const t = solution.ts.at(-1)!;
      const [x, z] = [vx * t - 0.1, vy * t + 0.2];
      const rate = (x * vx + z * vy) / distance;
      return (
        relative("∂t_e/∂v", params[0]!, (-x * t) / distance / rate, 1e-6) ??
        relative("∂t_e/∂y0", y0[0]! * unit, -x / distance / rate, 1e-6)
      );
    }
    const level = 1e-4 * unit;
    const roots = {
      log: (y: number) => Math.log(y / level),
      sqrt: (y: number) => Math.sqrt(y / unit) - 0.01,
      plain: (y: number) => y - level,
    };
    const slopes = {
      log: (y: number) => 1 / y,
      sqrt: (y: number) => 0.5 / Math.sqrt(y * unit),
      plain: () => 1,
    };
    const field = decay(1);
    const solution = solve(field, {
      ...common,
      y0: [unit],
      ts: [0, 20],
      atol: 1e-14 * unit,
      events: [
        {
          root: (_t, y) => roots[form](y[0]!),
          terminal: true,
          ...(given && {
            gradient(_t, y, out) {
              out[0] = slopes[form](y[0]!);
            },
          }),
        },
      ],
    });
    const te = -Math.log(1e-4);
    const { params, y0 } = solution.pullback(new Float64Array(solution.ys.length), { stopTime: 1 });
    return relative("∂t_e/∂k", params[0]!, -te, 1e-6) ?? relative("∂t_e/∂y0", y0[0]! * unit, 1, 1e-6);
  },
  *simpler(input) {
    if (input.unit !== 1) yield { ...input, unit: 1 };
    if (input.form !== "plain") yield { ...input, form: "plain" };
    if (input.adjoint !== "backprop") yield { ...input, adjoint: "backprop" };
    if (input.given) yield { ...input, given: false };
  },
};

// Bouncing balls, equal ones among them: the gradient of where they are at the end, and at times in between, by start,
// gravity and restitution, through all bounces.

interface Bounces {
  readonly solver: (typeof CONTROLLED)[number];
  readonly adjoint: string;
  readonly origin: number;
  readonly starts: readonly (readonly [height: number, speed: number])[];
  readonly gravity: number;
  readonly restitution: number;
  readonly times: readonly number[];
}

/** Heights and speeds at the times; NaN where a bounce is too near to tell. */
function flights({ starts, times }: Bounces, start: readonly number[], gravity: number, restitution: number): number[] {
  return times.flatMap((time) =>
    starts.flatMap((_, i) => {
      let [y, v, left] = [start[2 * i]!, start[2 * i + 1]!, time];
      for (;;) {
        const flight = (v + Math.sqrt(v * v + 2 * gravity * y)) / gravity;
        if (!(flight > 0.02) || Math.abs(flight - left) < 0.02) return [Number.NaN, Number.NaN];
        if (flight > left) return [y + v * left - (gravity / 2) * left * left, v - gravity * left];
        [y, v, left] = [0, -restitution * (v - gravity * flight), left - flight];
      }
    }),
  );
}

const bounceOf = (i: number): Effect => ({
  apply(_t, y, p) {
    y[2 * i] = 0;
    y[2 * i + 1]! *= -p[1];
  },
  vjp(_t, y, p, c, out) {
    for (let j = 0; j < y.length; j++) {
      if (j === 2 * i) continue;
      if (j !== 2 * i + 1) out.y[j]! += c[j]!;
      else {
        out.y[j]! -= p[1]! * c[j]!;
        out.params[1]! -= y[j]! * c[j]!;
      }
    }
  },
});

export const bounces: Property<Bounces> = {
  name: "bounces",
  draw: (random) => {
    const starts = random.many(1, 3, () => [random.between(0.5, 5), random.between(0, 3)] as const);
    const last = random.between(1.5, 5);
    return {
      ...drawWay(random, CONTROLLED),
      origin: random.one([0, 0, -3, 1e3]),
      starts: random.chance(0.3) ? [starts[0]!, ...starts] : starts,
      gravity: random.between(5, 12),
      restitution: random.between(0.7, 0.98),
      times: [...random.many(0, 3, () => random.between(0.1, 0.95) * last).sort((a, b) => a - b), last],
    };
  },
  wrong(input) {
    const { solver, adjoint, origin, starts, gravity, restitution, times } = input;
    const n = 2 * starts.length;
    const y0 = starts.flat();
    const field = vectorField({
      params: [gravity, restitution],
      f(_t, y, dy, p) {
        for (let i = 0; i < n; i += 2) [dy[i], dy[i + 1]] = [y[i + 1]!, -p[0]!];
      },
      vjp(_t, _y, _p, c, out) {
        for (let i = 0; i < n; i += 2) {
          out.y[i + 1]! += c[i]!;
          out.params[0]! -= c[i + 1]!;
        }
      },
      jvp(_t, _y, _p, dot, dy) {
        for (let i = 0; i < n; i += 2) [dy[i], dy[i + 1]] = [dot.y[i + 1]!, -dot.params[0]!];
      },
    });
    const weights = Array.from({ length: n * times.length }, (_, i) => Math.sin(i + 1));
    const loss = (start: readonly number[], g: number, e: number): number =>
      flights(input, start, g, e).reduce((sum, value, i) => sum + value * weights[i]!, 0);
    const derivative = (f: (d: number) => number): number => (8 * (f(1e-4) - f(-1e-4)) - (f(2e-4) - f(-2e-4))) / 12e-4;
    const expected = [
      derivative((d) => loss(y0, gravity + d, restitution)),
      derivative((d) => loss(y0, gravity, restitution + d)),
      ...y0.map((_, j) =>
        derivative((d) =>
          loss(
            y0.map((value, i) => (i === j ? value + d : value)),
            gravity,
            restitution,
          ),
        ),
      ),
    ];
    if (expected.some(Number.isNaN)) return undefined;
    const solution = solve(field, {
      y0,
      ts: [origin, ...times.map((time) => origin + time)],
      solver: SOLVERS[solver],
      rtol: 1e-9,
      atol: 1e-11,
      adjoint: adjointOf(adjoint),
      events: starts.map((_, i) => ({ root: (_t, y) => y[2 * i]!, direction: -1, effect: bounceOf(i) })),
    });
    const cotangent = [...y0.map(() => 0), ...weights];
    const { params, y0: y0Bar } = solution.pullback(cotangent);
    const found = [...params, ...y0Bar];
    const names = ["g", "e", ...y0.map((_, i) => `y0[${i}]`)];
    for (const [i, name] of names.entries()) {
      const wrong = relative(`∂L/∂${name}`, found[i]!, expected[i]!, 2e-6);
      if (wrong) return wrong;
    }
    const direction = { y0: y0.map((_, i) => Math.cos(i)), params: [0.3, -0.2] };
    const tangent = jvp(solution, direction);
    const along = cotangent.reduce((sum, value, i) => sum + value * tangent[i]!, 0);
    const both = [...direction.params, ...direction.y0];
    const dual = expected.reduce((sum, value, i) => sum + value * both[i]!, 0);
    return relative("jvp", along, dual, 1e-5);
  },
  *simpler(input) {
    for (const starts of shorter(input.starts, 1)) yield { ...input, starts };
    for (const times of shorter(input.times, 1)) yield { ...input, times };
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.adjoint !== "backprop") yield { ...input, adjoint: "backprop" };
    else if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
  },
};
