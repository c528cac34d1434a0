// Doses into compartments that empty exponentially, at times of every kind: each is given once, whatever the origin of time,
// the solver, the grid and the form of the root function, and the states are those of the closed form.
import { cashKarp, dopri5, ees25, reversible, rk4, type SolveEvent, type SolveOptions, solve, tsit5 } from "odegrad";
import { type Draw, type Property, shorter } from "./property.ts";

const SOLVERS = {
  tsit5,
  dopri5,
  cashKarp,
  rk4,
  // Damped enough for given steps, too.
  "reversible(tsit5)": reversible(tsit5, { coupling: 0.5 }),
  ees25,
};
/** Those that are given their steps. */
const GIVEN: readonly (keyof typeof SOLVERS)[] = ["rk4", "ees25"];
/** Root functions of t − T. */
const FORMS = {
  plain: (d: number) => d,
  falling: (d: number) => -d,
  cubed: (d: number) => d ** 3,
  small: (d: number) => 1e-6 * d,
  steep: (d: number) => Math.tanh(1e6 * d),
  jump: (d: number) => (d < 0 ? -1 : 1),
  wave: (d: number) => Math.sin(d / 40),
};

interface Dose {
  /** Since the start. */
  readonly at: number;
  readonly amount: number;
  readonly compartment: number;
  readonly form: keyof typeof FORMS;
  readonly directed: boolean;
}

export interface Dosing {
  readonly origin: number;
  readonly length: number;
  /** Against time. */
  readonly backwards: boolean;
  readonly rates: readonly number[];
  readonly doses: readonly Dose[];
  readonly solver: keyof typeof SOLVERS;
  /** Fixed steps of this size; 0: error control. */
  readonly stepSize: number;
  /** Outputs this far apart are landed on; 0: none. */
  readonly outputs: number;
  readonly stepTimes: readonly number[];
  /** Also an event that only watches, and one that ends the solve, at the time of the last dose. */
  readonly watched: boolean;
  readonly stops: boolean;
}

const GRIDS = [0.1, 0.01, 0.05, 0.3, 1, 0.25];
const ORIGINS = [0, 1e4, 1e6, 1.7e9, -1.7e9, 0];

function drawDosing(random: Draw): Dosing {
  const grid = random.one(GRIDS);
  const length = grid * random.integer(20, 100);
  const solver = random.one(Object.keys(SOLVERS) as (keyof typeof SOLVERS)[]);
  const given = GIVEN.includes(solver) || random.chance(0.2);
  const compartments = random.integer(1, 3);
  /** On the grid as multiplied or as written, or anywhere. */
  const time = (): number => {
    const multiple = random.integer(random.chance(0.1) ? 0 : 1, Math.floor((0.95 * length) / grid)) * grid;
    if (random.chance(0.3)) return random.between(0.01, 0.95) * length;
    return random.chance(0.5) ? multiple : Number(multiple.toFixed(6));
  };
  const times = random.many(1, 5, time);
  const form = random.one(Object.keys(FORMS) as (keyof typeof FORMS)[]);
  return {
    origin: random.one(ORIGINS),
    length,
    backwards: random.chance(0.2),
    rates: Array.from({ length: compartments }, () => random.between(0, 0.2)),
    doses: random.many(1, 6, () => {
      const at = random.one(times);
      const shape = random.chance(0.5) ? form : random.one(Object.keys(FORMS) as (keyof typeof FORMS)[]);
      return {
        at,
        amount: random.integer(1, 100),
        compartment: random.integer(0, compartments - 1),
        // An event at the start is a zero there, which a jump never is.
        form: at === 0 && shape === "jump" ? "plain" : shape,
        directed: random.chance(0.5),
      };
    }),
    solver,
    stepSize: given ? (random.chance(0.7) ? grid : grid * random.between(0.5, 1.5)) : 0,
    outputs: random.chance(0.5) ? grid * random.integer(1, 5) : 0,
    stepTimes: random.chance(0.3) ? random.many(1, 3, () => random.one(times) + random.one([0, 0, 1e-8, -1e-8])) : [],
    watched: random.chance(0.3),
    stops: random.chance(0.2),
  };
}

function dosingIsWrong({ origin, length, rates, doses, watched, stops, ...steps }: Dosing): string | undefined {
  const way = steps.backwards ? -1 : 1;
  const end = origin + way * length;
  const given = doses.map((dose) => ({ ...dose, time: origin + way * dose.at }));
  const last = way * Math.max(...given.map(({ time }) => way * time));
  const rootAt =
    (time: number, form: keyof typeof FORMS) =>
    (t: number): number =>
      FORMS[form](way * (t - time));
  const events: SolveEvent[] = given.map(({ time, amount, compartment, form, directed }) => ({
    root: rootAt(time, form),
    ...(directed && { direction: form === "falling" ? (-1 as const) : (1 as const) }),
    effect: (_t, y) => {
      y[compartment]! += amount;
    },
  }));
  if (watched) events.push({ root: rootAt(last, "plain") });
  if (stops) events.push({ root: rootAt(last, "plain"), terminal: true });
  const ts = [origin, end];
  if (steps.outputs > 0)
    for (let i = 1; i * steps.outputs < length; i++) {
      const time = origin + way * i * steps.outputs;
      if (way * (end - time) > 0) ts.splice(ts.length - 1, 0, time);
    }
  const options: SolveOptions = {
    y0: rates.map(() => 1),
    ts,
    solver: SOLVERS[steps.solver],
    rtol: 1e-8,
    atol: 1e-10,
    events,
    stepTimes: steps.stepTimes.map((t) => origin + way * t),
    ...(steps.stepSize > 0 && { stepSize: steps.stepSize }),
    ...(steps.outputs > 0 && { output: "land" as const }),
  };
  const solution = solve((_t, y, dy) => {
    for (let i = 0; i < rates.length; i++) dy[i] = -way * rates[i]! * y[i]!;
  }, options);
  if (solution.status !== (stops ? "stopped" : "done")) return `status ${solution.status}`;
  const reached = solution.ts.at(-1)!;
  const rounding = 16 * Number.EPSILON * Math.max(1, Math.abs(end));
  if (stops && Math.abs(reached - last) > rounding) return `stopped at ${reached}, not at ${last}`;
  const counts = events.map((_, index) => solution.events.filter((event) => event.index === index).length);
  if (counts.some((count) => count !== 1)) return `events occurred ${counts} times`;
  for (const [index, { time }] of given.entries()) {
    const { t } = solution.events.find((event) => event.index === index)!;
    if (Math.abs(t - time) > rounding) return `event ${index} at ${t}, not at ${time}`;
  }
  if (stops) return undefined;
  const state = solution.ys.slice(-rates.length);
  for (let i = 0; i < rates.length; i++) {
    let y = Math.exp(-rates[i]! * length);
    for (const dose of given) {
      if (dose.compartment === i) y += dose.amount * Math.exp(-rates[i]! * way * (end - dose.time));
    }
    // ees25 is of order 2.
    const tolerance = (steps.solver === "ees25" ? 1e-2 : steps.stepSize > 0 ? 1e-3 : 1e-5) * (1 + y);
    if (!(Math.abs(state[i]! - y) <= tolerance)) return `compartment ${i} has ${state[i]}, not ${y}`;
  }
  return undefined;
}

function* simplerDosing(input: Dosing): Iterable<Dosing> {
  for (const doses of shorter(input.doses, 1)) yield { ...input, doses };
  for (const stepTimes of shorter(input.stepTimes)) yield { ...input, stepTimes };
  if (input.watched) yield { ...input, watched: false };
  if (input.stops) yield { ...input, stops: false };
  if (input.outputs > 0) yield { ...input, outputs: 0 };
  if (input.stepSize > 0 && !GIVEN.includes(input.solver)) yield { ...input, stepSize: 0 };
  if (input.origin !== 0) yield { ...input, origin: 0 };
  if (input.backwards) yield { ...input, backwards: false };
  if (input.rates.some((rate) => rate !== 0)) yield { ...input, rates: input.rates.map(() => 0) };
  if (input.doses.some(({ form }) => form !== "plain"))
    yield { ...input, doses: input.doses.map((dose) => ({ ...dose, form: "plain" })) };
  const most = Math.max(...input.doses.map(({ compartment }) => compartment)) + 1;
  if (most < input.rates.length) yield { ...input, rates: input.rates.slice(0, most) };
}

export const dosing: Property<Dosing> = {
  name: "dosing",
  draw: drawDosing,
  wrong: dosingIsWrong,
  simpler: simplerDosing,
};
