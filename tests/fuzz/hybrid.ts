// Hybrid systems whose motion between events has a closed form: bouncing balls, integrate-and-fire neurons, thermostats and a
// tank that fills and is emptied; several of each, some of them equal, so that events happen together.
import { dopri5, reversible, rk4, type SolveEvent, solve, tsit5, vern7 } from "odegrad";
import { type Draw, type Property, shorter } from "./property.ts";

const SOLVERS = {
  tsit5,
  dopri5,
  vern7,
  rk4,
  "reversible(tsit5)": reversible(tsit5),
  "reversible(rk4)": reversible(rk4),
};
/** Those that are given their steps. */
const GIVEN = ["rk4", "reversible(rk4)"] as const;
const CONTROLLED = ["tsit5", "dopri5", "vern7", "reversible(tsit5)"] as const;
const ORIGINS = [0, 0, 1e6, 1.7e9];
const ROUNDINGS = (origin: number, length: number): number => 64 * Number.EPSILON * (Math.abs(origin) + length);

interface Common {
  readonly origin: number;
  readonly length: number;
  readonly solver: keyof typeof SOLVERS;
  readonly directed: boolean;
}

const drawCommon = (random: Draw, longest: number): Common => ({
  origin: random.one(ORIGINS),
  length: random.between(0.3, 1) * longest,
  solver: random.one(random.chance(0.2) ? GIVEN : CONTROLLED),
  directed: random.chance(0.5),
});

const stepsOf = ({ solver }: Common, stepSize: number) =>
  ({ solver: SOLVERS[solver], rtol: 1e-10, atol: 1e-12, ...(!SOLVERS[solver].adaptive && { stepSize }) }) as const;

/** Some, of which later ones are often equal to earlier ones. */
function drawSome<T>(random: Draw, most: number, draw: () => T): T[] {
  const some: T[] = [];
  for (let i = random.integer(1, most); i > 0; i--)
    some.push(some.length > 0 && random.chance(0.5) ? random.one(some) : draw());
  return some;
}

const different = (name: string, found: number, expected: number, tolerance: number): string | undefined =>
  Math.abs(found - expected) <= tolerance ? undefined : `${name} is ${found}, not ${expected}`;

// Bouncing balls.

interface Balls extends Common {
  readonly balls: readonly { readonly height: number; readonly speed: number; readonly restitution: number }[];
}

const GRAVITY = 9.8;

/** Height, speed and number of bounces after a time; undefined where a bounce is too near to tell, or they accumulate. */
function fly({ height, speed, restitution }: Balls["balls"][number], time: number) {
  let [y, v, left, bounces] = [height, speed, time, 0];
  for (;;) {
    const flight = (v + Math.sqrt(v * v + 2 * GRAVITY * y)) / GRAVITY;
    if (flight < 1e-3 || Math.abs(flight - left) < 1e-3) return undefined;
    if (flight > left) return { y: y + v * left - (GRAVITY / 2) * left * left, v: v - GRAVITY * left, bounces };
    v = -restitution * (v - GRAVITY * flight);
    [y, left] = [0, left - flight];
    bounces++;
  }
}

export const balls: Property<Balls> = {
  name: "balls",
  draw: (random) => ({
    ...drawCommon(random, 12),
    balls: drawSome(random, 4, () => ({
      height: random.chance(0.2) ? 0 : random.between(0.5, 60),
      speed: random.between(0.5, 10),
      restitution: random.between(0.6, 1),
    })),
  }),
  wrong(input) {
    const { origin, length, directed } = input;
    // A ball that starts on the ground leaves it, which without a direction is an event.
    const list = input.balls.map((ball) => (directed || ball.height > 0 ? ball : { ...ball, height: 1 }));
    const expected = list.map((ball) => fly(ball, length));
    if (expected.some((state) => state === undefined)) return undefined;
    const solution = solve(
      (_t, y, dy) => {
        for (let i = 0; i < y.length; i += 2) [dy[i], dy[i + 1]] = [y[i + 1]!, -GRAVITY];
      },
      {
        y0: list.flatMap(({ height, speed }) => [height, speed]),
        ts: [origin, origin + length],
        ...stepsOf(input, 0.01),
        events: list.map(({ restitution }, i) => ({
          root: (_t, y) => y[2 * i]!,
          ...(directed && { direction: -1 as const }),
          effect: (_t, y) => {
            y[2 * i] = 0;
            y[2 * i + 1]! *= -restitution;
          },
        })),
      },
    );
    const tolerance = 1e-7 + 1e4 * ROUNDINGS(origin, length);
    for (const [i, { y, v, bounces }] of expected.map((state) => state!).entries()) {
      const count = solution.events.filter(({ index }) => index === i).length;
      const wrong =
        different(`bounces of ball ${i}`, count, bounces, 0) ??
        different(`y of ball ${i}`, solution.ys.at(2 * (i - list.length))!, y, tolerance) ??
        different(`v of ball ${i}`, solution.ys.at(2 * (i - list.length) + 1)!, v, tolerance);
      if (wrong) return wrong;
    }
    return undefined;
  },
  *simpler(input) {
    for (const list of shorter(input.balls, 1)) yield { ...input, balls: list };
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    if (input.length > 1) yield { ...input, length: input.length / 2 };
  },
};

// Leaky integrate-and-fire neurons: v' = I − v, back to the reset at the threshold 1.

interface Neurons extends Common {
  readonly currents: readonly number[];
  readonly reset: number;
}

export const neurons: Property<Neurons> = {
  name: "neurons",
  draw: (random) => ({
    ...drawCommon(random, 10),
    currents: random.chance(0.1)
      ? Array.from({ length: 100 }, () => 1.5)
      : drawSome(random, 20, () => random.between(1.1, 4)),
    reset: random.chance(0.5) ? 0 : random.between(-1, 0.5),
  }),
  wrong(input) {
    const { origin, length, currents, reset, directed } = input;
    const expected = currents.map((current) => {
      const first = Math.log(current / (current - 1));
      const period = Math.log((current - reset) / (current - 1));
      const spikes = length < first ? 0 : 1 + Math.floor((length - first) / period);
      const since = spikes === 0 ? length : length - first - (spikes - 1) * period;
      const start = spikes === 0 ? 0 : reset;
      return { spikes, v: current + (start - current) * Math.exp(-since), near: Math.min(since, period - since) };
    });
    if (expected.some(({ near }) => near < 1e-3)) return undefined;
    const { events, ys } = solve(
      (_t, y, dy) => {
        for (let i = 0; i < y.length; i++) dy[i] = currents[i]! - y[i]!;
      },
      {
        y0: currents.map(() => 0),
        ts: [origin, origin + length],
        ...stepsOf(input, 0.01),
        events: currents.map((_, i) => ({
          root: (_t, y) => y[i]! - 1,
          ...(directed && { direction: 1 as const }),
          effect: (_t, y) => {
            y[i] = reset;
          },
        })),
      },
    );
    const tolerance = 1e-7 + 1e3 * ROUNDINGS(origin, length);
    for (const [i, { spikes, v }] of expected.entries()) {
      const count = events.filter(({ index }) => index === i).length;
      const wrong =
        different(`spikes of neuron ${i}`, count, spikes, 0) ??
        different(`v of neuron ${i}`, ys.at(i - currents.length)!, v, tolerance);
      if (wrong) return wrong;
    }
    return undefined;
  },
  *simpler(input) {
    for (const currents of shorter(input.currents, 1)) yield { ...input, currents };
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    if (input.reset !== 0) yield { ...input, reset: 0 };
    if (input.length > 1) yield { ...input, length: input.length / 2 };
  },
};

// Thermostats: T' = −k T + heat while on, on below `low` and off above `high`; the switch in the state or in a closure.

interface Thermostats extends Common {
  readonly rooms: readonly { readonly k: number; readonly heat: number; readonly start: number }[];
  readonly inState: boolean;
}

const [LOW, HIGH] = [19, 21];

function warm({ k, heat, start }: Thermostats["rooms"][number], time: number) {
  let [temperature, on, left, switches] = [start, true, time, 0];
  for (;;) {
    const rest = on ? heat / k : 0;
    const target = on ? HIGH : LOW;
    const wait = Math.log((temperature - rest) / (target - rest)) / k;
    if (Math.abs(wait - left) < 1e-3) return undefined;
    if (wait > left) return { temperature: rest + (temperature - rest) * Math.exp(-k * left), switches };
    [temperature, on, left] = [target, !on, left - wait];
    switches++;
  }
}

export const thermostats: Property<Thermostats> = {
  name: "thermostats",
  draw: (random) => ({
    ...drawCommon(random, 20),
    rooms: drawSome(random, 4, () => {
      const k = random.between(0.05, 0.5);
      return { k, heat: k * random.between(23, 40), start: random.between(15, 20.5) };
    }),
    inState: random.chance(0.5),
  }),
  wrong(input) {
    const { origin, length, rooms, inState, directed } = input;
    const expected = rooms.map((room) => warm(room, length));
    if (expected.some((state) => state === undefined)) return undefined;
    const on = rooms.map(() => true);
    const width = inState ? 2 : 1;
    const set = (y: { [i: number]: number }, i: number, value: boolean): void => {
      if (inState) y[2 * i + 1] = value ? 1 : 0;
      else on[i] = value;
    };
    const isOn = (y: ArrayLike<number>, i: number): boolean => (inState ? y[2 * i + 1]! > 0.5 : on[i]!);
    const events = rooms.flatMap((_, i): SolveEvent[] =>
      directed
        ? [
            { root: (_t, y) => y[width * i]! - LOW, direction: -1, effect: (_t, y) => set(y, i, true) },
            { root: (_t, y) => y[width * i]! - HIGH, direction: 1, effect: (_t, y) => set(y, i, false) },
          ]
        : [
            {
              // One root function that the effect moves.
              root: (_t, y) => y[width * i]! - (isOn(y, i) ? HIGH : LOW),
              effect: (_t, y) => set(y, i, !isOn(y, i)),
            },
          ],
    );
    const solution = solve(
      (_t, y, dy) => {
        for (const [i, { k, heat }] of rooms.entries()) {
          dy[width * i] = -k * y[width * i]! + (isOn(y, i) ? heat : 0);
          if (inState) dy[2 * i + 1] = 0;
        }
      },
      {
        y0: rooms.flatMap(({ start }) => (inState ? [start, 1] : [start])),
        ts: [origin, origin + length],
        ...stepsOf(input, 0.02),
        events,
      },
    );
    const tolerance = 1e-6 + 1e3 * ROUNDINGS(origin, length);
    for (const [i, state] of expected.entries()) {
      const { temperature, switches } = state!;
      const own = ({ index }: { index: number }): boolean => (directed ? index >> 1 : index) === i;
      const wrong =
        different(`switches of room ${i}`, solution.events.filter(own).length, switches, 0) ??
        different(`room ${i}`, solution.ys.at(width * (i - rooms.length))!, temperature, tolerance);
      if (wrong) return wrong;
    }
    return undefined;
  },
  *simpler(input) {
    for (const rooms of shorter(input.rooms, 1)) yield { ...input, rooms };
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    if (input.inState) yield { ...input, inState: false };
    if (input.length > 2) yield { ...input, length: input.length / 2 };
  },
};

// A tank that fills at a rate, is emptied where it is full, and to which something is added at given times: an addition may
// take it past full, or exactly there, which is no event.

interface Tank extends Common {
  readonly rate: number;
  readonly additions: readonly { readonly at: number; readonly amount: number }[];
}

export const tank: Property<Tank> = {
  name: "tank",
  draw: (random) => {
    const common = drawCommon(random, 20);
    const rate = random.one([1, 0.5, random.between(0.2, 2)]);
    return {
      ...common,
      rate,
      additions: random.many(0, 4, () => ({
        at: random.chance(0.5) ? random.integer(1, 9) / 2 : random.between(0.01, 0.9) * common.length,
        amount: random.one([0.5, 0.25, -0.5, random.between(-1, 1), 1e-9, -1e-9]),
      })),
    };
  },
  wrong(input) {
    const { origin, length, rate, directed } = input;
    // Emptied by 1 at 1. In units in which sums of the given amounts are exact but for the random ones.
    const additions = input.additions.filter(({ at }) => at < length).sort((a, b) => a.at - b.at);
    let [level, time, emptied] = [0, 0, 0];
    const fill = (until: number): boolean => {
      while (level < 1) {
        const full = time + (1 - level) / rate;
        if (Math.abs(full - until) < 1e-6) return false;
        if (full > until) break;
        [level, time] = [0, full];
        emptied++;
      }
      level += rate * (until - time);
      time = until;
      return true;
    };
    for (const { at, amount } of additions) {
      if (!fill(at)) return undefined;
      level += amount;
      // Nearly full is full soon, or was: too near to tell which.
      if (Math.abs(level - 1) < 1e-6) return undefined;
    }
    if (!fill(length)) return undefined;
    const { events, ys } = solve(
      (_t, _y, dy) => {
        dy[0] = rate;
      },
      {
        y0: [0],
        ts: [origin, origin + length],
        ...stepsOf(input, 0.1),
        events: [
          {
            root: (_t, y) => y[0]! - 1,
            ...(directed && { direction: 1 as const }),
            effect: (_t, y) => {
              y[0] = 0;
            },
          },
          ...additions.map(
            ({ at, amount }): SolveEvent => ({
              root: (t) => t - (origin + at),
              effect: (_t, y) => {
                y[0]! += amount;
              },
            }),
          ),
        ],
      },
    );
    const count = events.filter(({ index }) => index === 0).length;
    const tolerance = 1e-8 + 10 * ROUNDINGS(origin, length);
    return different("times emptied", count, emptied, 0) ?? different("the level", ys[1]!, level, tolerance);
  },
  *simpler(input) {
    for (const additions of shorter(input.additions)) yield { ...input, additions };
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    if (input.rate !== 1) yield { ...input, rate: 1 };
  },
};
