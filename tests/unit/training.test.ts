// Training in float32 comes to the same loss with every adjoint: a small network learns a spiral.
import { expect, it } from "vitest";
import { adam } from "../../ts/fitting/index.ts";
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  mlp,
  reverse,
  reversible,
  type Solver,
  solve,
  symplectic,
  tsit5,
} from "../../ts/index.ts";

const ts = Array.from({ length: 9 }, (_, i) => i / 4);
const starts = [2, 0, 0, 1.5, -1, -1];
const truth = solve(
  (_t, y, dy) => {
    for (let row = 0; row < y.length; row += 2) {
      dy[row] = -0.2 * y[row]! + 1.5 * y[row + 1]!;
      dy[row + 1] = -1.5 * y[row]! - 0.2 * y[row + 1]!;
    }
  },
  { y0: starts, ts, rtol: 1e-9, atol: 1e-9 },
).ys;

/** Mean squared error after training. */
function trained(adjoint: Adjoint, solver: Solver): { before: number; after: number } {
  const field = mlp({ layers: [2, 24, 2], seed: 4 });
  const optimiser = adam({ learningRate: 0.02 });
  const losses: number[] = [];
  for (let step = 0; step < 120; step++) {
    const solution = solve(field, { y0: starts, ts, solver, rtol: 1e-4, atol: 1e-5, adjoint });
    const residual = solution.ys.map((y, i) => y - truth[i]!);
    losses.push(residual.reduce((sum, r) => sum + r * r, 0) / residual.length);
    optimiser.step(field.params, solution.pullback(residual.map((r) => (2 * r) / residual.length)).params);
  }
  return { before: losses[0]!, after: Math.min(...losses.slice(-10)) };
}

const reference = trained(backprop(), tsit5);

it("backprop() learns", () => {
  expect(reference.before / reference.after).toBeGreaterThan(100);
});

const others: [string, Adjoint, Solver][] = [
  ["symplectic()", symplectic(), tsit5],
  ["checkpointed()", checkpointed({ checkpoints: 3 }), tsit5],
  ["auto()", auto(), tsit5],
  ["continuous(), seminorm", continuous(), tsit5],
  ['continuous({ norm: "full" })', continuous({ norm: "full" }), tsit5],
  ["continuous({ quadrature: true })", continuous({ quadrature: true }), tsit5],
  ["reverse()", reverse(), reversible(tsit5)],
];

for (const [name, adjoint, solver] of others) {
  it(`${name} comes to the same loss within 10 %`, () => {
    const { after } = trained(adjoint, solver);
    expect(Math.abs(after / reference.after - 1)).toBeLessThan(0.1);
  });
}
