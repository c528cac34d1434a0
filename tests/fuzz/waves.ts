// Waves of time, of the state and of both: all their zeros are found, once each and in order, by one solve that watches, by
// one that stops at the n-th, and by solves that stop at each and go on from there.
import { bosh3, dopri5, reversible, reversibleHeun, rk4, type SolveEvent, solve, tsit5, vern7 } from "odegrad";
import { type Property, shorter } from "./property.ts";

const SOLVERS = {
  tsit5,
  dopri5,
  vern7,
  bosh3,
  rk4,
  "reversible(dopri5)": reversible(dopri5),
  "reversible(vern7)": reversible(vern7),
  reversibleHeun,
};
/** Sizes of given steps. */
const GIVEN: Readonly<Record<string, number>> = { rk4: 0.02, reversibleHeun: 5e-4 };

interface Waves {
  readonly origin: number;
  readonly length: number;
  readonly solver: keyof typeof SOLVERS;
  readonly waves: readonly {
    readonly frequency: number;
    /** Where in the wave it starts, as a fraction of a half wave. */
    readonly phase: number;
    readonly of: "time" | "state";
    readonly unit: number;
    readonly direction: 1 | -1 | 0;
  }[];
}

export const waves: Property<Waves> = {
  name: "waves",
  draw: (random) => ({
    origin: random.one([0, 0, -2, 1e4, 1e6]),
    length: random.between(1, 8),
    solver: random.one(Object.keys(SOLVERS) as (keyof typeof SOLVERS)[]),
    waves: random.many(1, 4, () => ({
      frequency: random.between(0.5, 3),
      phase: random.chance(0.2) ? 0 : random.between(0.02, 0.98),
      of: random.one(["time", "state"] as const),
      unit: random.magnitude(-9, 3),
      direction: random.one([1, -1, 0] as const),
    })),
  }),
  wrong({ origin, length, solver, waves: list }) {
    const angle = ({ frequency, phase }: Waves["waves"][number], time: number): number =>
      frequency * time + Math.PI * phase;
    const expected = list.flatMap((wave, index) => {
      const times: { index: number; time: number }[] = [];
      for (let k = Math.ceil(wave.phase); ; k++) {
        const time = (Math.PI * (k - wave.phase)) / wave.frequency;
        if (time > length) break;
        const rising = k % 2 === 0 ? 1 : -1;
        // A state that starts on its zero does so only but for rounding.
        if (wave.direction === 0 || wave.direction === rising) times.push({ index, time });
      }
      return times;
    });
    expected.sort((a, b) => a.time - b.time);
    const near = (time: number): boolean =>
      expected.some((other) => other.time !== time && Math.abs(other.time - time) < 1e-4);
    if (expected.some(({ time }) => near(time) || length - time < 1e-4)) return undefined;
    const end = origin + length;
    // The state turns: x = sin, x' = cos, a pair for each wave.
    const field = (_t: number, y: Float64Array, dy: Float64Array): void => {
      for (const [i, { frequency }] of list.entries())
        [dy[2 * i], dy[2 * i + 1]] = [frequency * y[2 * i + 1]!, -frequency * y[2 * i]!];
    };
    const start = list.flatMap((wave) => [Math.sin(angle(wave, 0)), Math.cos(angle(wave, 0))]);
    const event = (wave: Waves["waves"][number], i: number): SolveEvent => ({
      root:
        wave.of === "time" ? (t) => wave.unit * Math.sin(angle(wave, t - origin)) : (_t, y) => wave.unit * y[2 * i]!,
      ...(wave.direction !== 0 && { direction: wave.direction }),
    });
    const events = list.map(event);
    // No two zeros of one wave within what is seen of a step.
    const steps = {
      solver: SOLVERS[solver],
      ...(GIVEN[solver] ? { stepSize: GIVEN[solver] } : { rtol: 1e-9, atol: 1e-11, maxStep: 0.9 }),
    };
    const watching = solve(field, { y0: start, ts: [origin, end], ...steps, events });
    const tolerance = 1e-5 + 16 * Number.EPSILON * Math.abs(end);
    const compare = (name: string, found: readonly { index: number; t: number }[]): string | undefined => {
      const show = (): string =>
        `${name}: ${found.map(({ index, t }) => `${index} at ${t - origin}`)}, not ${expected.map(({ index, time }) => `${index} at ${time}`)}`;
      if (found.length !== expected.length) return show();
      return found.every(({ index, t }, i) => {
        const { index: own, time } = expected[i]!;
        return index === own && Math.abs(t - origin - time) <= tolerance;
      })
        ? undefined
        : show();
    };
    const wrong = compare("watching", watching.events);
    if (wrong) return wrong;
    for (const [index, counted] of events.entries()) {
      const times = expected.filter((one) => one.index === index);
      const nth = Math.ceil(times.length / 2);
      if (nth === 0) continue;
      const stopped = solve(field, {
        y0: start,
        ts: [origin, end],
        ...steps,
        events: [{ ...counted, terminal: nth }],
      });
      const off = stopped.ts.at(-1)! - origin - times[nth - 1]!.time;
      if (!(stopped.status === "stopped" && Math.abs(off) <= tolerance))
        return `stop ${nth} of event ${index} is off by ${off}`;
    }
    // Of the state alone: a solve that starts on a zero of time starts with an event.
    if (list.some(({ of, phase }) => of === "time" || phase === 0)) return undefined;
    const found: { index: number; t: number }[] = [];
    const terminal = events.map((one) => ({ ...one, terminal: true }));
    let [t, y] = [origin, start];
    for (let i = 0; i <= expected.length + 1 && t < end; i++) {
      const part = solve(field, { y0: y, ts: [t, end], ...steps, events: terminal });
      found.push(...part.events);
      t = part.ts.at(-1)!;
      y = [...part.ys.slice(-y.length)];
    }
    return compare("going on", found);
  },
  *simpler(input) {
    for (const list of shorter(input.waves, 1)) yield { ...input, waves: list };
    if (input.origin !== 0) yield { ...input, origin: 0 };
    if (input.solver !== "tsit5") yield { ...input, solver: "tsit5" };
    for (const [key, value] of [
      ["unit", 1],
      ["direction", 0],
      ["phase", 0.5],
      ["frequency", 1],
    ] as const) {
      if (input.waves.some((wave) => wave[key] !== value))
        yield { ...input, waves: input.waves.map((wave) => ({ ...wave, [key]: value })) };
    }
  },
};
