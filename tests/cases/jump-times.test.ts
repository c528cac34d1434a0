// ∂L/∂ts where the field jumps at an output or at the start, and what continuous() says of its reconstruction.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  backprop,
  checkpointed,
  continuous,
  type SolveOptions,
  solve,
  symplectic,
  type VectorField,
  vectorField,
} from "../../ts/index.ts";
import { ball, bouncing, decaying } from "./systems.ts";

const ALL: [string, Adjoint][] = [
  ["backprop", backprop()],
  ["symplectic", symplectic()],
  ["checkpointed", checkpointed({ checkpoints: 2 })],
  ["continuous", continuous()],
  ["continuous, full norm", continuous({ norm: "full" })],
  ["continuous, strict", continuous({ norm: "seminorm-strict" })],
  ["continuous, by quadrature", continuous({ quadrature: true })],
];

/** y' = slopes[0] before the jump and slopes[1] after it, plus rate · y on either side. */
const parted = (jump: number, slopes: readonly [number, number], rates: readonly [number, number]): VectorField =>
  vectorField({
    f(t, y, dy) {
      const side = t < jump ? 0 : 1;
      dy[0] = slopes[side]! + rates[side]! * y[0]!;
    },
    vjp(t, _y, _p, c, out) {
      out.y[0]! += rates[t < jump ? 0 : 1]! * c[0]!;
    },
  });

describe.each(ALL)("II.B: times at jumps, %s", (_, adjoint) => {
  const gradient = (
    field: VectorField,
    options: Pick<SolveOptions, "y0" | "ts" | "stepTimes">,
    cotangent: number[],
  ) => [...solve(field, { rtol: 1e-9, atol: 1e-11, ...options, adjoint }).pullback(cotangent, { times: true }).ts!];

  it("II.B: a decay that ends at an output", () => {
    const field = parted(1, [0, 0], [-1, 0]);
    const found = gradient(field, { y0: [1], ts: [0, 1, 2], stepTimes: [1] }, [0, 0, 1]);
    const e = Math.exp(-1);
    [e, -e, 0].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
  });

  it("II.B: a forcing that changes inside, by the start", () => {
    const field = parted(1, [1, 3], [0, 0]);
    const found = gradient(field, { y0: [0], ts: [0, 2], stepTimes: [1] }, [0, 1]);
    [-1, 3].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 9));
  });

  it("II.B: a jump at the start, or at the end", () => {
    expect(gradient(parted(0, [5, 2], [0, 0]), { y0: [0], ts: [0, 1], stepTimes: [0] }, [0, 1])).toEqual([
      expect.closeTo(-2, 9),
      expect.closeTo(2, 9),
    ]);
    expect(gradient(parted(1, [5, 2], [0, 0]), { y0: [0], ts: [0, 1], stepTimes: [1] }, [0, 1])).toEqual([
      expect.closeTo(-5, 9),
      expect.closeTo(5, 9),
    ]);
  });

  it("diffrax#363: the derivative by a switching time, put in ts and in stepTimes, both ways of time", () => {
    // The loss by the closed form, its switch at `jump`.
    const [rates, slopes] = [
      [-1, -0.5],
      [1, 3],
    ] as const;
    const flow = (y: number, side: 0 | 1, time: number): number => {
      const rest = -slopes[side] / rates[side];
      return rest + (y - rest) * Math.exp(rates[side] * time);
    };
    const losses = {
      forwards: (jump: number): number => flow(flow(0.2, 0, jump), 1, 2 - jump),
      backwards: (jump: number): number => flow(flow(0.2, 1, jump - 2), 0, -jump),
    };
    for (const [way, ts] of [
      ["forwards", [0, 0.8, 2]],
      ["backwards", [2, 0.8, 0]],
    ] as const) {
      const found = gradient(parted(0.8, slopes, rates), { y0: [0.2], ts, stepTimes: [0.8] }, [0, 0, 1]);
      const loss = losses[way];
      expect(found[1]).toBeCloseTo((loss(0.8 + 1e-5) - loss(0.8 - 1e-5)) / 2e-5, 6);
    }
  });
});

describe("reconstructionError of continuous()", () => {
  it("II: is what the way back misses: nothing to speak of over a short time, much of a long decay", () => {
    const error = (length: number, options: Partial<SolveOptions> = {}): number =>
      solve(decaying(1), { y0: [1], ts: [0, length], adjoint: continuous(), ...options }).pullback([0, 1]).stats
        .reconstructionError!;
    expect(error(1)).toBeGreaterThan(0);
    expect(error(1)).toBeLessThan(1e-5);
    // e^20 times the error of the end.
    expect(error(20)).toBeGreaterThan(1e-3);
    // From output to output it starts afresh.
    const often = Array.from({ length: 21 }, (_, i) => i);
    const { stats } = solve(decaying(1), { y0: [1], ts: often, adjoint: continuous() }).pullback(often);
    expect(stats.reconstructionError).toBeLessThan(1e-5);
  });

  it("is measured at events as well, and the exact adjoints have none", () => {
    const options = {
      y0: [1, 0],
      ts: [0, 2],
      events: [{ root: (_t: number, y: ArrayLike<number>) => y[0]!, effect: bouncing, direction: -1 as const }],
    };
    const through = (adjoint: Adjoint) =>
      solve(ball(9.8, 0.9), { ...options, adjoint }).pullback([0, 0, 1, 1]).stats.reconstructionError;
    expect(through(continuous())).toBeLessThan(1e-8);
    expect(through(symplectic())).toBeUndefined();
  });
});
