// Tapes copied evaluation by evaluation, as those of large networks are, against those copied step by step: the same bits.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  auto,
  backprop,
  bosh3,
  cashKarp,
  dopri5,
  heun,
  mlp,
  reversible,
  type Solution,
  type SolveOptions,
  solve,
  tsit5,
  vern7,
  widened,
} from "../../ts/index.ts";
import { numbers } from "./networks.ts";

const small = mlp({ layers: [3, 8, 8, 3], time: true, seed: 5 });
for (let i = 0; i < small.params.length; i++) small.params[i]! *= 2;
/** The same network, said to leave long tapes behind. */
const large: typeof small = Object.create(small, { tapeLength: { value: () => 1e9 } });

const BATCH = 4;
const y0 = numbers(3 * BATCH, 2);

const cases: Record<string, SolveOptions> = {
  "one output": { y0, ts: [0, 1] },
  "outputs landed on": { y0, ts: [0, 0.3, 0.7, 2], output: "land" },
  "outputs inside steps": { y0, ts: [0, 0.11, 0.12, 0.5, 1.9], rtol: 1e-3 },
  "rejected steps": { y0, ts: [0, 2], firstStep: 2, rtol: 1e-5, atol: 1e-7 },
  "times that must be hit": { y0, ts: [0, 1], stepTimes: [0.25, 0.5] },
  "decreasing time": { y0, ts: [1, 0.2, -1] },
  "fixed steps": { y0, ts: [0, 0.5, 1], stepSize: 0.1 },
  "a terminal event": { y0, ts: [0, 3], events: [{ root: (t) => t - 0.77, terminal: true }] },
  dopri5: { y0, ts: [0, 1], solver: dopri5 },
  "a method that is not FSAL": { y0, ts: [0, 0.4, 1], solver: cashKarp },
  "a method that is FSAL with its extension only": { y0, ts: [0, 0.13, 0.4, 1], solver: vern7, rtol: 1e-3 },
  heun: { y0, ts: [0, 1], solver: heun, rtol: 1e-2 },
  "a reversible method": { y0, ts: [0, 1], solver: reversible(bosh3) },
};

function expectSame(options: SolveOptions, fields: readonly (typeof small)[], adjoint: () => Adjoint): void {
  const [one, other] = fields.map((field) => solve(field, { ...options, adjoint: adjoint() })) as [Solution, Solution];
  expect(other.ys).toEqual(one.ys);
  const cotangent = numbers(one.ys.length, 3);
  const expected = one.pullback(cotangent, { times: true });
  // Twice: a tape stays.
  for (let turn = 0; turn < 2; turn++) {
    const { stats, ...gradients } = other.pullback(cotangent, { times: true });
    expect(gradients).toEqual({ y0: expected.y0, params: expected.params, ts: expected.ts });
    expect(stats).toMatchObject({ vjps: expected.stats.vjps, evaluations: expected.stats.evaluations });
  }
}

describe("tapes copied one by one", () => {
  it.each(Object.entries(cases))("%s", (_, options) => expectSame(options, [small, large], backprop));

  it("of a float32 network in a float64 solve", () => {
    expectSame({ y0, ts: [0, 1], solver: tsit5 }, [widened(small), widened(large)] as never, backprop);
  });

  it("under a budget that ends in the middle of a step", () => {
    const adjoint = (): Adjoint => auto({ budget: 20_000 });
    const options: SolveOptions = { y0, ts: [0, 1], stepSize: 1 / 64 };
    expectSame(options, [small, large], adjoint);
    const { stats } = solve(large, { ...options, adjoint: adjoint() }).pullback(numbers(2 * y0.length, 1));
    expect(stats.adjoint).toBe("symplectic");
  });

  it("take a row an evaluation that belongs to a step taken, and those that FSAL saves only once", () => {
    const solution = solve(large, { ...cases["rejected steps"]!, solver: dopri5, adjoint: backprop() });
    const { accepted, rejected, peakBytes } = solution.stats;
    expect(rejected).toBeGreaterThan(0);
    const row = 4 * BATCH * 16;
    // Room grows by doubling; in the leased block there is one more, and every step has a list of its seven.
    const rows = (peakBytes.tape - row) / row;
    expect(rows).toBeLessThan(2 * (6 * accepted + 1) + 8 + (accepted * 7 * 8 * 2) / row);
    expect(rows).toBeGreaterThanOrEqual(6 * accepted + 1);
  });
});
