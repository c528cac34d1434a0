// A universal differential equation (Rackauckas et al. 2020): of two species we know how each grows or dies alone, and a network
// learns what they do to each other, from one orbit after another. Gradients are exact.
import { mlp, solve, symplectic } from "odegrad";
import { compiled } from "odegrad/compiled";
import { adam } from "odegrad/train";

/** Lotka and Volterra's equations, whose terms in x y are to be found. */
export const truth = { alpha: 1.3, beta: 0.9, gamma: 0.8, delta: 1.8 };
const nature = compiled(
  (_t, [x, y], dy, { alpha, beta, gamma, delta }) => {
    dy[0] = alpha * x - beta * x * y;
    dy[1] = gamma * x * y - delta * y;
  },
  { params: truth },
);

/** Two orbits without noise, ten observations a unit of time: [2 orbits × 61 × 2]. */
export const orbits = [
  [1, 0.5],
  [2.2, 0.8],
].map(
  (y0) => solve(nature, { y0, ts: Float64Array.from({ length: 61 }, (_, i) => i / 10), rtol: 1e-10, atol: 1e-12 }).ys,
);

/** The network that went in is the one that is trained: its parameters are the field's. */
export function train({ iterations = 2000, seed = 0 } = {}) {
  const net = mlp({ layers: [2, 16, 16, 2], activation: "softplus", dtype: "float64", seed });
  const { alpha, delta } = truth;
  const field = compiled(
    (_t, [x, y], dy) => {
      const [prey, predators] = net(x, y);
      dy[0] = alpha * x + prey;
      dy[1] = predators - delta * y;
    },
    { uses: () => ({ net, alpha, delta }), dim: 2 },
  );
  // Each observation is the start of a row, the next one its end: all are solved as one batch.
  const starts = orbits.flatMap((ys) => Array.from(ys.subarray(0, -2)));
  const ends = orbits.flatMap((ys) => Array.from(ys.subarray(2)));
  const optimiser = adam();
  const first = starts.length;
  let loss = Number.NaN;
  for (let i = 0; i < iterations; i++) {
    const solution = solve(field, { y0: starts, ts: [0, 0.1], stepSize: 0.1, adjoint: symplectic() });
    const errors = ends.map((end, k) => solution.ys[first + k] - end);
    loss = errors.reduce((sum, error) => sum + error * error, 0) / first;
    const cotangent = [...starts.map(() => 0), ...errors.map((error) => (2 * error) / first)];
    optimiser.learningRate = 0.01 * (1 + Math.cos((Math.PI * i) / iterations));
    optimiser.step(field.params, solution.pullback(cotangent).params);
  }
  return { net, field, loss };
}

/** How far the network is from the missing terms, −β x y and γ x y, over the box of the orbits: relative, in the L² norm. */
export function relativeError(net: Trained["net"]): number {
  const [left, right, low, high] = boxOf(orbits);
  const { beta, gamma } = truth;
  let [difference, size] = [0, 0];
  for (let i = 0; i < 441; i++) {
    const x = left + ((right - left) * (i % 21)) / 20;
    const y = low + ((high - low) * Math.floor(i / 21)) / 20;
    const [prey, predators] = net(x, y);
    difference += (prey + beta * x * y) ** 2 + (predators - gamma * x * y) ** 2;
    size += (beta * x * y) ** 2 + (gamma * x * y) ** 2;
  }
  return Math.sqrt(difference / size);
}

export type Trained = ReturnType<typeof train>;

function boxOf(all: readonly Float64Array[]): [number, number, number, number] {
  const xs = all.flatMap((ys) => Array.from(ys).filter((_, k) => k % 2 === 0));
  const ys = all.flatMap((rows) => Array.from(rows).filter((_, k) => k % 2 === 1));
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
}
