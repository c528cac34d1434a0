// The second-order pass against central differences, along each pair's tangent, of the VJPs that mlp.spec.ts tests, for every
// activation, several pairs and batches, with and without shared inputs.
import { mlpSecond } from "../../assembly/mlp-second";
import { mlpPackF64 } from "../../assembly/exports/networks";
import { padded } from "../../assembly/dense-pack";
import { BLOCK_ROWS, GELU, IDENTITY, SOFTPLUS, TANH } from "../../ts/fields/descriptor-layout";
import { larger, Network, widened } from "./network";
import { copyOf, get, isFramed, operand, put } from "./operands";

/** Numbers of work, as the comment of assembly/mlp-second.ts lays it out. */
function workNumbers<T>(network: Network<T>, count: i32): i32 {
  const block = min(network.batch, BLOCK_ROWS);
  const rows = block * max(1, min(count, BLOCK_ROWS / block));
  const widest = network.workNumbers / 3 / block;
  const perRow = network.tapeNumbers / network.batch;
  return 3 * padded<T>(network.widths[1]) + perRow * (3 * block + 2 * rows) + 2 * rows * widest;
}

class Sums {
  t: f64 = 0;
  constructor(
    public x: usize,
    public theta: usize,
  ) {}
}

/** Adds factor times the VJP of v at x, θ, t and the values, all float64. */
function addVjp(
  network: Network<f64>, factor: f64, t: f64, x: usize, v: usize, sums: Sums,
): void {
  const n = network.state;
  const p = network.parameters;
  const tape = operand<f64>(network.tapeNumbers);
  network.forward(t, x, 0, tape);
  const xBar = operand<f64>(n);
  const thetaBar = operand<f64>(p);
  memory.fill(thetaBar, 0, <usize>p * 8);
  sums.t += factor * network.backward(t, x, v, xBar, thetaBar, tape);
  for (let i = 0; i < n; i++) put<f64>(sums.x, i, get<f64>(sums.x, i) + factor * get<f64>(xBar, i));
  for (let i = 0; i < p; i++) put<f64>(sums.theta, i, get<f64>(sums.theta, i) + factor * get<f64>(thetaBar, i));
}

function zeros(n: i32): usize {
  const to = operand<f64>(n);
  memory.fill(to, 0, <usize>n * 8);
  return to;
}

/** Largest error of ∂x, ∂θ and ∂t of `count` pairs, relative to the largest entry. */
function secondError<T>(network: Network<T>, count: i32): f64 {
  const n = network.state;
  const m = network.out;
  const p = network.parameters;
  const shared = network.inputs + i32(network.time);
  const t: f64 = 0.7;
  const x = operand<T>(n, sizeof<T>());
  const tape = operand<T>(network.tapeNumbers);
  network.forward(t, x, 0, tape);
  const pairs = operand<f64>(2 * count);
  const tangents = new StaticArray<usize>(count);
  const cotangents = new StaticArray<usize>(count);
  for (let i = 0; i < count; i++) {
    const pair = pairs + <usize>i * 16;
    tangents[i] = operand<T>(n, sizeof<T>());
    cotangents[i] = operand<T>(m, sizeof<T>());
    store<usize>(pair, tangents[i]);
    store<usize>(pair, cotangents[i], 4);
    store<f64>(pair, i == 1 ? 0 : 0.5 - i, 8);
  }
  const numbers = workNumbers<T>(network, count);
  const work = operand<T>(numbers);
  const xBar = operand<T>(n, sizeof<T>());
  const thetaBar = operand<T>(p, sizeof<T>());
  const before = widened<T>(thetaBar, p);
  const d = network.descriptor;
  const tBar = mlpSecond<T>(d, work, pairs, count, t, x, xBar, thetaBar, tape);
  if (!isFramed<T>(xBar, n) || !isFramed<T>(thetaBar, p) || !isFramed<T>(work, numbers)) return Infinity;
  if (!isFramed<T>(network.work, network.workNumbers)) return Infinity;
  const bars = widened<T>(network.values + <usize>shared * sizeof<T>(), shared);

  // The same network in float64, moved to both sides along each tangent.
  const double = new Network<f64>(network.widths, network.batch, network.kind, network.time, true, 0, network.inputs);
  for (let i = 0; i < p; i++) put<f64>(double.theta, i, get<T>(network.theta, i));
  mlpPackF64(double.descriptor);
  const sums = new Sums(zeros(n), zeros(p));
  const moving = operand<f64>(n);
  const h: f64 = 1e-5;
  const rates = <usize>(2 * shared) * sizeof<T>();
  const byValues = zeros(shared);
  for (let i = 0; i < count; i++) {
    const v = widened<T>(cotangents[i], m);
    const time = load<f64>(pairs + <usize>i * 16, 8);
    for (let side: f64 = -1; side <= 1; side += 2) {
      for (let k = 0; k < n; k++) put<f64>(moving, k, get<T>(x, k) + side * h * get<T>(tangents[i], k));
      for (let j = 0; j < network.inputs; j++) {
        const rate = get<T>(network.values + rates, j);
        put<f64>(double.values, j, get<T>(network.values, j) + side * h * time * rate);
      }
      addVjp(double, side / (2 * h), t + side * h * time, moving, v, sums);
      for (let j = 0; j < network.inputs; j++) {
        put<f64>(byValues, j, get<f64>(byValues, j) + (side / (2 * h)) * get<f64>(double.values, shared + j));
      }
    }
  }
  let size: f64 = 1;
  for (let i = 0; i < p; i++) size = max(size, abs(get<f64>(sums.theta, i)));
  let worst: f64 = larger(0, sums.t - tBar);
  for (let i = 0; i < n; i++) worst = larger(worst, get<f64>(sums.x, i) - get<T>(xBar, i));
  for (let i = 0; i < p; i++) worst = larger(worst, get<f64>(sums.theta, i) + get<f64>(before, i) - get<T>(thetaBar, i));
  for (let j = 0; j < network.inputs; j++) worst = larger(worst, get<f64>(byValues, j) - get<f64>(bars, j));

  // Without ∂θ the rest is the same.
  const alone = copyOf<T>(xBar, n);
  const again = mlpSecond<T>(d, work, pairs, count, t, x, alone, 0, tape);
  if (again != tBar || memory.compare(alone, xBar, <usize>n * sizeof<T>()) != 0) return Infinity;
  return worst / size;
}

function expectSeconds<T>(tolerance: f64): void {
  for (let kind = IDENTITY; kind <= GELU; kind++) {
    const name = "activation " + kind.toString();
    for (let batch = 1; batch <= 9; batch += 4) {
      const width = batch + kind;
      for (let count = 1; count <= 7; count += 3) {
        const plain = new Network<T>([2, width, 5, 2], batch, kind, false);
        expect<f64>(secondError<T>(plain, count)).toBeLessThan(tolerance, name);
        const timed = new Network<T>([3, 6, width, 4, 2], batch, kind, true, true, 4, 2);
        expect<f64>(secondError<T>(timed, count)).toBeLessThan(tolerance, name);
      }
    }
    // One hidden layer, one output, as energies have; no hidden layer; inputs without t; more than one block of rows.
    expect<f64>(secondError<T>(new Network<T>([4, 7, 1], 5, kind, false), 1)).toBeLessThan(tolerance, name);
    expect<f64>(secondError<T>(new Network<T>([4, 3], 5, kind, true), 2)).toBeLessThan(tolerance, name);
    expect<f64>(secondError<T>(new Network<T>([2, 5, 2], 3, kind, false, true, 0, 1), 2)).toBeLessThan(tolerance, name);
    const long = new Network<T>([1, 9, 3, 1], BLOCK_ROWS + 7, kind, true, true, 4);
    expect<f64>(secondError<T>(long, 3)).toBeLessThan(tolerance, name);
  }
  // More pairs than a block has rows.
  expect<f64>(secondError<T>(new Network<T>([3, 5, 3], 1, TANH, false), BLOCK_ROWS + 5)).toBeLessThan(tolerance);
  expect<f64>(secondError<T>(new Network<T>([3, 5, 3], 20, TANH, false), 5)).toBeLessThan(tolerance);
}

describe("the second-order pass", () => {
  test("float64: ∂x, ∂θ, ∂t", () => expectSeconds<f64>(1e-8));
  test("float32: ∂x, ∂θ, ∂t", () => expectSeconds<f32>(1e-4));
  test("no pairs: zeros", () => {
    const network = new Network<f64>([2, 3, 2], 2, SOFTPLUS, false);
    expect<f64>(secondError<f64>(network, 0)).toBe(0);
  });
});
