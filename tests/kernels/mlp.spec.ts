// The MLP field against plain loops in float64 (value) and central differences of those loops (derivatives, tangents), for every
// activation, tails of widths and batches, with and without time.
import { mlpPackF32 } from "../../assembly/exports/networks";
import { BLOCK_ROWS, GELU, IDENTITY, SOFTPLUS, TANH } from "../../ts/fields/descriptor-layout";
import { dot, larger, moved, Network, plain, widened } from "./network";
import { bits, copyOf, get, isFramed, operand, put, random } from "./operands";

/** Largest error of the value, and of the derivatives along random directions in x, θ and t. */
function largestError<T>(network: Network<T>): f64 {
  const n = network.state;
  const m = network.out;
  const p = network.parameters;
  const t: f64 = 0.7;
  const x = operand<T>(n, sizeof<T>());
  const dx = operand<T>(m, sizeof<T>());
  const tape = operand<T>(network.tapeNumbers);
  const tapeless = operand<T>(m);
  network.forward(t, x, tapeless, 0);
  network.forward(t, x, dx, tape);
  if (!isFramed<T>(dx, m) || !isFramed<T>(tape, network.tapeNumbers)) return Infinity;
  if (memory.compare(dx, tapeless, <usize>m * sizeof<T>()) != 0) return Infinity;
  const theta64 = widened<T>(network.theta, p);
  const x64 = widened<T>(x, n);
  const values = widened<T>(network.values, network.inputs);
  const reference = operand<f64>(m);
  plain<T>(network, theta64, t, x64, reference, values);
  let worst: f64 = 0;
  for (let i = 0; i < m; i++) worst = larger(worst, get<T>(dx, i) - get<f64>(reference, i));

  const cotangent = operand<T>(m);
  const xBar = operand<T>(n, sizeof<T>());
  const thetaBar = operand<T>(p, sizeof<T>());
  const before = widened<T>(thetaBar, p);
  // A tape without output, as a recomputing VJP leaves it; the tapes of both must agree.
  const again = operand<T>(network.tapeNumbers);
  memory.copy(again, tape, <usize>network.tapeNumbers * sizeof<T>());
  network.forward(t, x, 0, again);
  if (!network.tapesAgree(again, tape)) return Infinity;
  const tBar = network.backward(t, x, cotangent, xBar, thetaBar, again);
  if (!isFramed<T>(xBar, n) || !isFramed<T>(thetaBar, p) || !isFramed<T>(network.work, network.workNumbers)) return Infinity;

  const c = widened<T>(cotangent, m);
  const xDirection = operand<f64>(n);
  const thetaDirection = operand<f64>(p);
  const h: f64 = 1e-5;
  const above = operand<f64>(m);
  const below = operand<f64>(m);
  plain<T>(network, theta64, t, moved(x64, xDirection, n, h), above, values);
  plain<T>(network, theta64, t, moved(x64, xDirection, n, -h), below, values);
  worst = larger(worst, (dot(c, above, m) - dot(c, below, m)) / (2 * h) - dot(widened<T>(xBar, n), xDirection, n));
  plain<T>(network, moved(theta64, thetaDirection, p, h), t, x64, above, values);
  plain<T>(network, moved(theta64, thetaDirection, p, -h), t, x64, below, values);
  const change = moved(widened<T>(thetaBar, p), before, p, -1);
  worst = larger(worst, (dot(c, above, m) - dot(c, below, m)) / (2 * h) - dot(change, thetaDirection, p));
  plain<T>(network, theta64, t + h, x64, above, values);
  plain<T>(network, theta64, t - h, x64, below, values);
  worst = larger(worst, (dot(c, above, m) - dot(c, below, m)) / (2 * h) - tBar);
  for (let j = 0; j < network.inputs; j++) {
    const bar = get<T>(network.values, network.inputs + i32(network.time) + j);
    const value = get<f64>(values, j);
    put<f64>(values, j, value + h);
    plain<T>(network, theta64, t, x64, above, values);
    put<f64>(values, j, value - h);
    plain<T>(network, theta64, t, x64, below, values);
    put<f64>(values, j, value);
    worst = larger(worst, (dot(c, above, m) - dot(c, below, m)) / (2 * h) - bar);
  }

  // Without ∂L/∂θ the rest is the same, whatever time was evaluated in between.
  network.forward(t + 1, x, dx, 0);
  const alone = operand<T>(n);
  if (network.backward(t, x, cotangent, alone, 0, tape) != tBar) return Infinity;
  if (memory.compare(alone, xBar, <usize>n * sizeof<T>()) != 0) return Infinity;
  return worst;
}

/** Largest error of the tangent along a random direction in x and θ, and in x alone. */
function tangentError<T>(network: Network<T>, rowPad: i32): f64 {
  const n = network.state;
  const m = network.out;
  const p = network.parameters;
  const t: f64 = 0.7;
  const x = operand<T>(n, sizeof<T>());
  const xDot = operand<T>(n, sizeof<T>());
  const tape = operand<T>(network.tapeNumbers);
  network.forward(t, x, 0, tape);
  const change = new Network<T>(network.widths, network.batch, network.kind, network.time, false, rowPad, network.inputs);
  const values = widened<T>(network.values, network.inputs);
  memory.copy(change.values, network.values, <usize>network.inputs * sizeof<T>());
  const widest = max(network.workNumbers / 3, min(network.batch, BLOCK_ROWS) * network.widths[network.layers]);
  const sum = operand<T>(widest);
  store<usize>(change.descriptor, sum, 20);
  const out = operand<T>(m, sizeof<T>());
  const alone = operand<T>(m, sizeof<T>());
  network.jvp(change.descriptor, t, x, xDot, out, tape);
  network.jvp(0, t, x, xDot, alone, tape);
  if (!isFramed<T>(out, m) || !isFramed<T>(alone, m) || !isFramed<T>(sum, widest)) return Infinity;
  if (!isFramed<T>(network.work, network.workNumbers)) return Infinity;

  const theta = widened<T>(network.theta, p);
  const thetaDot = widened<T>(change.theta, p);
  const x64 = widened<T>(x, n);
  const xDot64 = widened<T>(xDot, n);
  const h: f64 = 1e-5;
  const above = operand<f64>(m);
  const below = operand<f64>(m);
  let worst: f64 = 0;
  plain<T>(network, theta, t, moved(x64, xDot64, n, h), above, values);
  plain<T>(network, theta, t, moved(x64, xDot64, n, -h), below, values);
  for (let i = 0; i < m; i++) worst = larger(worst, (get<f64>(above, i) - get<f64>(below, i)) / (2 * h) - get<T>(alone, i));
  plain<T>(network, moved(theta, thetaDot, p, h), t, moved(x64, xDot64, n, h), above, values);
  plain<T>(network, moved(theta, thetaDot, p, -h), t, moved(x64, xDot64, n, -h), below, values);
  for (let i = 0; i < m; i++) worst = larger(worst, (get<f64>(above, i) - get<f64>(below, i)) / (2 * h) - get<T>(out, i));
  return worst;
}

function expectTangents<T>(tolerance: f64): void {
  for (let kind = IDENTITY; kind <= GELU; kind++) {
    const name = "activation " + kind.toString();
    for (let batch = 1; batch <= 9; batch += 2) {
      const width = batch + kind;
      const timeless = new Network<T>([2, width, 5, 2], batch, kind, false, false);
      expect<f64>(tangentError<T>(timeless, 0)).toBeLessThan(tolerance, name);
      const timed = new Network<T>([3, 6, width, 3], batch, kind, true, false);
      expect<f64>(tangentError<T>(timed, 0)).toBeLessThan(tolerance, name);
    }
    const shaped = new Network<T>([3, 6, 2], 5, kind, true, false, 0, 2);
    expect<f64>(tangentError<T>(shaped, 0)).toBeLessThan(tolerance, name);
    expect<f64>(tangentError<T>(new Network<T>([2, 5, 7], 5, kind, false, false, 0, 1), 0)).toBeLessThan(tolerance, name);
    // One layer; a state wider than the layers in between; rows spread further apart, over more than one block.
    expect<f64>(tangentError<T>(new Network<T>([4, 4], 5, kind, true, false), 0)).toBeLessThan(tolerance, name);
    expect<f64>(tangentError<T>(new Network<T>([19, 1, 19], 3, kind, true, false), 0)).toBeLessThan(tolerance, name);
    const spread = new Network<T>([1, 9, 1], BLOCK_ROWS + 7, kind, true, false, 4);
    expect<f64>(tangentError<T>(spread, 4)).toBeLessThan(tolerance, name);
  }
}

function expectNetworks<T>(tolerance: f64): void {
  for (let kind = IDENTITY; kind <= GELU; kind++) {
    const name = "activation " + kind.toString();
    for (let batch = 1; batch <= 9; batch += 2) {
      const width = batch + kind;
      expect<f64>(largestError<T>(new Network<T>([2, width, 5, 2], batch, kind, false))).toBeLessThan(tolerance, name);
      expect<f64>(largestError<T>(new Network<T>([3, 6, width, 3], batch, kind, true))).toBeLessThan(tolerance, name);
    }
    // Other widths at the end than at the start, and inputs that all rows share.
    expect<f64>(largestError<T>(new Network<T>([3, 6, 5], 7, kind, true, true, 0, 2))).toBeLessThan(tolerance, name);
    expect<f64>(largestError<T>(new Network<T>([5, 4, 1], 3, kind, false, true, 0, 3))).toBeLessThan(tolerance, name);
    expect<f64>(largestError<T>(new Network<T>([5, 2], 3, kind, false, true, 0, 1))).toBeLessThan(tolerance, name);
    // One layer: no tape; and rows spread further apart than need be, over more than one block.
    expect<f64>(largestError<T>(new Network<T>([4, 4], 5, kind, true))).toBeLessThan(tolerance, name);
    expect<f64>(largestError<T>(new Network<T>([1, 9, 1], BLOCK_ROWS + 7, kind, true, true, 4))).toBeLessThan(tolerance, name);
  }
  for (let width = 1; width <= 17; width++) {
    expect<f64>(largestError<T>(new Network<T>([width, 18 - width, width], 3, TANH, true))).toBeLessThan(tolerance);
  }
}

describe("mlp", () => {
  test("float64: value, ∂x, ∂θ, ∂t", () => expectNetworks<f64>(2e-8));
  test("float32: value, ∂x, ∂θ, ∂t", () => expectNetworks<f32>(2e-4));
  test("float64: the tangent along ẋ, θ̇", () => expectTangents<f64>(1e-8));
  test("float32: the tangent along ẋ, θ̇", () => expectTangents<f32>(1e-4));
  test("backward adds to ∂L/∂θ", () => {
    const network = new Network<f64>([2, 5, 2], 4, TANH, true);
    const x = operand<f64>(8);
    const tape = operand<f64>(network.tapeNumbers);
    const xBar = operand<f64>(8);
    const thetaBar = operand<f64>(network.parameters);
    memory.fill(thetaBar, 0, network.parameters * 8);
    network.forward(random(), x, 0, tape);
    network.backward(0.3, x, x, xBar, thetaBar, tape);
    const once = copyOf<f64>(thetaBar, network.parameters);
    network.backward(0.3, x, x, xBar, thetaBar, tape);
    for (let i = 0; i < network.parameters; i++) {
      expect<f64>(get<f64>(thetaBar, i)).toBeCloseTo(2 * get<f64>(once, i), 12);
    }
  });
  test("rows do not depend on their place in the batch", () => {
    const many = new Network<f32>([3, 11, 10, 3], 14, TANH, false);
    const one = new Network<f32>([3, 11, 10, 3], 1, TANH, false);
    memory.copy(one.theta, many.theta, many.parameters * 4);
    mlpPackF32(one.descriptor);
    const x = operand<f32>(42);
    const dx = operand<f32>(42);
    const alone = operand<f32>(3);
    many.forward(0, x, dx, 0);
    for (let row = 0; row < 14; row++) {
      one.forward(0, x + row * 12, alone, 0);
      for (let i = 0; i < 3; i++) expect<u64>(bits<f32>(alone, i)).toBe(bits<f32>(dx, row * 3 + i));
    }
  });
  test("a NaN in the state reaches its row and no other", () => {
    const network = new Network<f64>([2, 7, 2], 6, SOFTPLUS, false, false);
    const x = operand<f64>(12);
    const dx = operand<f64>(12);
    put<f64>(x, 5, NaN);
    network.forward(0, x, dx, 0);
    for (let i = 0; i < 12; i++) expect<bool>(isNaN(get<f64>(dx, i))).toBe(i / 2 == 2);
  });
});
