// Every adjoint against the fixtures' exact gradients, and the continuous one against torchdiffeq's own errors and counts.
import { expect, it } from "vitest";
import {
  type Adjoint,
  backprop,
  type ContinuousOptions,
  checkpointed,
  continuous,
  integral,
  reverse,
  reversible,
  solve,
  symplectic,
} from "../../ts/index.ts";
import { distance, type Fixture, fieldOf, fixtures, SOLVERS } from "./fixtures.ts";

const stepsOf = ({ step_size, rtol, atol }: Fixture) => (step_size === null ? { rtol, atol } : { stepSize: step_size });

function gradientsOf(fixture: Fixture, adjoint: Adjoint, options: object = {}) {
  const { problem, method, loss_weights } = fixture;
  const common = { y0: problem.y0.flat(), ts: problem.t, solver: SOLVERS[method]!, ...stepsOf(fixture) };
  const solution = solve(fieldOf(fixture), { ...common, adjoint, ...options });
  return solution.pullback(loss_weights.flat(2), { times: true });
}

/** Distances from the exact gradient of y0, θ and t. */
function errorsOf(
  fixture: Fixture,
  gradients: { y0: ArrayLike<number>; params: ArrayLike<number>; ts?: ArrayLike<number> },
): number[] {
  const { gy0, gtheta, gt } = fixture.exact;
  return [distance(gradients.y0, gy0.flat()), distance(gradients.params, gtheta), distance(gradients.ts!, gt)];
}

const adaptive = fixtures.filter(([, { step_size }]) => step_size === null);
const EXACT: [string, () => Adjoint][] = [
  ["backprop", backprop],
  ["symplectic", symplectic],
  ["checkpointed", () => checkpointed({ checkpoints: 3 })],
];

for (const [name, fixture] of adaptive) {
  for (const [kind, adjoint] of EXACT) {
    for (const output of ["land", undefined] as const) {
      it(`${name}: ${kind}, ${output ?? "as the solver does"}, within 200 rtol of the exact gradient`, () => {
        const gradients = gradientsOf(fixture, adjoint(), output && { output });
        for (const error of errorsOf(fixture, gradients)) expect(error).toBeLessThan(200 * fixture.rtol);
      });
    }
  }

  it(`${name}: reverse within 200 rtol of the exact gradient`, () => {
    const gradients = gradientsOf(fixture, reverse(), { solver: reversible(SOLVERS[fixture.method]!) });
    for (const error of errorsOf(fixture, gradients)) expect(error).toBeLessThan(200 * fixture.rtol);
  });
}

const NORMS: ["full" | "seminorm", "adjoint" | "seminorm"][] = [
  ["full", "adjoint"],
  ["seminorm", "seminorm"],
];

it.each(fixtures)("%s: the continuous adjoint errs no more than 3 × torchdiffeq's and 10 rtol", (_name, fixture) => {
  for (const [norm, key] of NORMS) {
    const torch = fixture[key];
    const theirs = errorsOf(fixture, { y0: torch.gy0.flat(), params: torch.gtheta, ts: torch.gt });
    errorsOf(fixture, gradientsOf(fixture, continuous({ norm }), { output: "land" })).forEach((error, i) => {
      expect(error).toBeLessThan(3 * theirs[i]! + 10 * fixture.rtol);
    });
  }
});

it("the seminorm takes at most a step more than the full norm anywhere, and 15 % fewer evaluations in all", () => {
  const count = (fixture: Fixture, options: ContinuousOptions): number =>
    gradientsOf(fixture, continuous(options), { output: "land" }).stats.evaluations;
  let [full, seminorm] = [0, 0];
  for (const [, fixture] of adaptive) {
    const [a, b] = [count(fixture, { norm: "full" }), count(fixture, { norm: "seminorm" })];
    expect(b).toBeLessThanOrEqual(a + SOLVERS[fixture.method]!.tableau!.b.length);
    full += a;
    seminorm += b;
  }
  expect(seminorm).toBeLessThan(0.85 * full);
});

it.each(adaptive.filter(([, { case: number }]) => [0, 3, 9].includes(number)))(
  "%s: with the integral controller and landing, torchdiffeq's backward evaluations to the one, and the one of ∂L/∂t₀",
  (_name, fixture) => {
    for (const [norm, key] of NORMS) {
      const { stats } = gradientsOf(fixture, continuous({ norm }), { output: "land", controller: integral() });
      // torchdiffeq integrates ∂L/∂t₀; here it is −a · f(t₀), which is right where the field jumps, too.
      expect(stats.evaluations).toBe(fixture[key].nfe_bwd + 1);
    }
  },
);
