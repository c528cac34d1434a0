// The MLP field against plain loops in float64 (value) and central differences of those loops (derivatives, tangents), for every
// activation, tails of widths and batches, with and without time.
import {
  mlpBackwardF32,
  mlpBackwardF64,
  mlpForwardF32,
  mlpForwardF64,
  mlpJvpF32,
  mlpJvpF64,
  mlpPackF32,
  mlpPackF64,
} from "../../assembly/exports/networks";
import { padded } from "../../assembly/dense-pack";
import { BLOCK_ROWS, ELU, GELU, IDENTITY, RELU, SIGMOID, SILU, SOFTPLUS, TANH } from "../../ts/fields/descriptor-layout";
import { bits, copyOf, get, isFramed, operand, put, random } from "./operands";

/** A network in kernel memory; lays itself out as the comment of assembly/mlp.ts says. */
class Network<T> {
  layers: i32;
  parameters: i32 = 0;
  tapeNumbers: i32 = 0;
  theta: usize = 0;
  descriptor: usize = 0;
  workNumbers: i32 = 0;
  work: usize = 0;

  constructor(
    public widths: StaticArray<i32>,
    public batch: i32,
    public kind: i32,
    public time: bool,
    backward: bool = true,
    rowPad: i32 = 0,
  ) {
    const size = <i32>sizeof<T>();
    this.layers = widths.length - 1;
    const d = operand<f64>(4 + 4 * this.layers);
    this.descriptor = d;
    let widest = 0;
    for (let l = 0; l < this.layers; l++) {
      const record = d + 32 + <usize>l * 32;
      const inputs = widths[l];
      const outputs = widths[l + 1];
      const stride = l < this.layers - 1 ? padded<T>(outputs) + rowPad : 0;
      store<i32>(record, inputs);
      store<i32>(record, outputs, 4);
      store<i32>(record, this.parameters * size, 8);
      store<usize>(record, operand<T>(inputs * padded<T>(outputs)), 12);
      store<usize>(record, backward ? operand<T>(outputs * padded<T>(inputs)) : 0, 16);
      store<usize>(record, operand<T>(padded<T>(outputs) * (time && l == 0 ? 4 : 1)), 20);
      store<i32>(record, this.tapeNumbers * size, 24);
      store<i32>(record, stride * size, 28);
      this.parameters += outputs * (this.columns(l) + 1);
      this.tapeNumbers += batch * stride;
      widest = max(widest, stride);
    }
    const buffer = min(batch, BLOCK_ROWS) * widest;
    this.workNumbers = 3 * buffer;
    this.work = operand<T>(this.workNumbers);
    this.theta = operand<T>(this.parameters);
    store<i32>(d, this.layers);
    store<i32>(d, batch, 4);
    store<i32>(d, kind, 8);
    store<i32>(d, time ? 1 : 0, 12);
    store<usize>(d, this.theta, 16);
    store<usize>(d, this.work, 20);
    store<i32>(d, buffer * size, 24);
    if (sizeof<T>() == 4) mlpPackF32(d);
    else mlpPackF64(d);
  }

  /** Inputs of layer l, time counted. */
  columns(l: i32): i32 {
    return this.widths[l] + i32(l == 0 && this.time);
  }

  /** To the bit; what stands in the pads has no meaning. */
  tapesAgree(a: usize, b: usize): bool {
    for (let l = 0; l < this.layers - 1; l++) {
      const record = this.descriptor + 32 + <usize>l * 32;
      for (let row = 0; row < this.batch; row++) {
        const at = load<usize>(record, 24) + <usize>row * load<usize>(record, 28);
        if (memory.compare(a + at, b + at, <usize>this.widths[l + 1] * sizeof<T>()) != 0) return false;
      }
    }
    return true;
  }

  get state(): i32 {
    return this.batch * this.widths[0];
  }

  forward(t: f64, x: usize, dx: usize, tape: usize): void {
    if (sizeof<T>() == 4) mlpForwardF32(this.descriptor, t, x, dx, tape);
    else mlpForwardF64(this.descriptor, t, x, dx, tape);
  }

  backward(t: f64, x: usize, cotangent: usize, xBar: usize, thetaBar: usize, tape: usize): f64 {
    if (sizeof<T>() == 4) return mlpBackwardF32(this.descriptor, t, x, cotangent, xBar, thetaBar, tape);
    return mlpBackwardF64(this.descriptor, t, x, cotangent, xBar, thetaBar, tape);
  }

  jvp(dot: usize, t: f64, x: usize, xDot: usize, out: usize, tape: usize): void {
    if (sizeof<T>() == 4) mlpJvpF32(this.descriptor, dot, t, x, xDot, out, tape);
    else mlpJvpF64(this.descriptor, dot, t, x, xDot, out, tape);
  }
}

function erf(x: f64): f64 {
  // Its power series, good to 1e-13 for |x| < 3.
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function act(kind: i32, x: f64): f64 {
  switch (kind) {
    case TANH:
      return Math.tanh(x);
    case RELU:
      return Math.max(x, 0);
    case SOFTPLUS:
      return Math.log1p(Math.exp(x));
    case SIGMOID:
      return 1 / (1 + Math.exp(-x));
    case SILU:
      return x / (1 + Math.exp(-x));
    case ELU:
      return x > 0 ? x : Math.expm1(x);
    case GELU:
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    default:
      return x;
  }
}

/** The network by plain loops in float64, on float64 copies of θ and x. */
function plain<T>(network: Network<T>, theta: usize, t: f64, x: usize, dx: usize): void {
  for (let row = 0; row < network.batch; row++) {
    let h = new StaticArray<f64>(network.widths[0]);
    for (let i = 0; i < h.length; i++) h[i] = get<f64>(x, row * h.length + i);
    let at = 0;
    for (let l = 0; l < network.layers; l++) {
      const inputs = network.widths[l];
      const columns = network.columns(l);
      const z = new StaticArray<f64>(network.widths[l + 1]);
      for (let j = 0; j < z.length; j++) {
        let sum = get<f64>(theta, at + z.length * columns + j);
        for (let k = 0; k < inputs; k++) sum += get<f64>(theta, at + j * columns + k) * h[k];
        if (columns > inputs) sum += get<f64>(theta, at + j * columns + inputs) * t;
        z[j] = l < network.layers - 1 ? act(network.kind, sum) : sum;
      }
      at += z.length * (columns + 1);
      h = z;
    }
    for (let j = 0; j < h.length; j++) put<f64>(dx, row * h.length + j, h[j]);
  }
}

function widened<T>(p: usize, n: i32): usize {
  const to = operand<f64>(n);
  for (let i = 0; i < n; i++) put<f64>(to, i, get<T>(p, i));
  return to;
}

function dot(a: usize, b: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += get<f64>(a, i) * get<f64>(b, i);
  return sum;
}

function moved(p: usize, direction: usize, n: i32, by: f64): usize {
  const to = operand<f64>(n);
  for (let i = 0; i < n; i++) put<f64>(to, i, get<f64>(p, i) + by * get<f64>(direction, i));
  return to;
}

/** Largest error of the value, and of the derivatives along random directions in x, θ and t. */
function largestError<T>(network: Network<T>): f64 {
  const n = network.state;
  const p = network.parameters;
  const t: f64 = 0.7;
  const x = operand<T>(n, sizeof<T>());
  const dx = operand<T>(n, sizeof<T>());
  const tape = operand<T>(network.tapeNumbers);
  const tapeless = operand<T>(n);
  network.forward(t, x, tapeless, 0);
  network.forward(t, x, dx, tape);
  if (!isFramed<T>(dx, n) || !isFramed<T>(tape, network.tapeNumbers)) return Infinity;
  if (memory.compare(dx, tapeless, <usize>n * sizeof<T>()) != 0) return Infinity;
  const theta64 = widened<T>(network.theta, p);
  const x64 = widened<T>(x, n);
  const reference = operand<f64>(n);
  plain<T>(network, theta64, t, x64, reference);
  let worst: f64 = 0;
  for (let i = 0; i < n; i++) worst = larger(worst, get<T>(dx, i) - get<f64>(reference, i));

  const cotangent = operand<T>(n);
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

  const c = widened<T>(cotangent, n);
  const xDirection = operand<f64>(n);
  const thetaDirection = operand<f64>(p);
  const h: f64 = 1e-5;
  const above = operand<f64>(n);
  const below = operand<f64>(n);
  plain<T>(network, theta64, t, moved(x64, xDirection, n, h), above);
  plain<T>(network, theta64, t, moved(x64, xDirection, n, -h), below);
  worst = larger(worst, (dot(c, above, n) - dot(c, below, n)) / (2 * h) - dot(widened<T>(xBar, n), xDirection, n));
  plain<T>(network, moved(theta64, thetaDirection, p, h), t, x64, above);
  plain<T>(network, moved(theta64, thetaDirection, p, -h), t, x64, below);
  const change = moved(widened<T>(thetaBar, p), before, p, -1);
  worst = larger(worst, (dot(c, above, n) - dot(c, below, n)) / (2 * h) - dot(change, thetaDirection, p));
  plain<T>(network, theta64, t + h, x64, above);
  plain<T>(network, theta64, t - h, x64, below);
  worst = larger(worst, (dot(c, above, n) - dot(c, below, n)) / (2 * h) - tBar);

  // Without ∂L/∂θ the rest is the same.
  const alone = operand<T>(n);
  if (network.backward(t, x, cotangent, alone, 0, tape) != tBar) return Infinity;
  if (memory.compare(alone, xBar, <usize>n * sizeof<T>()) != 0) return Infinity;
  return worst;
}

/** Largest error of the tangent along a random direction in x and θ, and in x alone. */
function tangentError<T>(network: Network<T>, rowPad: i32): f64 {
  const n = network.state;
  const p = network.parameters;
  const t: f64 = 0.7;
  const x = operand<T>(n, sizeof<T>());
  const xDot = operand<T>(n, sizeof<T>());
  const tape = operand<T>(network.tapeNumbers);
  network.forward(t, x, 0, tape);
  const change = new Network<T>(network.widths, network.batch, network.kind, network.time, false, rowPad);
  const widest = max(network.workNumbers / 3, min(network.batch, BLOCK_ROWS) * network.widths[0]);
  const sum = operand<T>(widest);
  store<usize>(change.descriptor, sum, 20);
  const out = operand<T>(n, sizeof<T>());
  const alone = operand<T>(n, sizeof<T>());
  network.jvp(change.descriptor, t, x, xDot, out, tape);
  network.jvp(0, t, x, xDot, alone, tape);
  if (!isFramed<T>(out, n) || !isFramed<T>(alone, n) || !isFramed<T>(sum, widest)) return Infinity;
  if (!isFramed<T>(network.work, network.workNumbers)) return Infinity;

  const theta = widened<T>(network.theta, p);
  const thetaDot = widened<T>(change.theta, p);
  const x64 = widened<T>(x, n);
  const xDot64 = widened<T>(xDot, n);
  const h: f64 = 1e-5;
  const above = operand<f64>(n);
  const below = operand<f64>(n);
  let worst: f64 = 0;
  plain<T>(network, theta, t, moved(x64, xDot64, n, h), above);
  plain<T>(network, theta, t, moved(x64, xDot64, n, -h), below);
  for (let i = 0; i < n; i++) worst = larger(worst, (get<f64>(above, i) - get<f64>(below, i)) / (2 * h) - get<T>(alone, i));
  plain<T>(network, moved(theta, thetaDot, p, h), t, moved(x64, xDot64, n, h), above);
  plain<T>(network, moved(theta, thetaDot, p, -h), t, moved(x64, xDot64, n, -h), below);
  for (let i = 0; i < n; i++) worst = larger(worst, (get<f64>(above, i) - get<f64>(below, i)) / (2 * h) - get<T>(out, i));
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
    // One layer; a state wider than the layers in between; rows spread further apart, over more than one block.
    expect<f64>(tangentError<T>(new Network<T>([4, 4], 5, kind, true, false), 0)).toBeLessThan(tolerance, name);
    expect<f64>(tangentError<T>(new Network<T>([19, 1, 19], 3, kind, true, false), 0)).toBeLessThan(tolerance, name);
    const spread = new Network<T>([1, 9, 1], BLOCK_ROWS + 7, kind, true, false, 4);
    expect<f64>(tangentError<T>(spread, 4)).toBeLessThan(tolerance, name);
  }
}

function larger(worst: f64, error: f64): f64 {
  return isNaN(error) ? Infinity : max(worst, abs(error));
}

function expectNetworks<T>(tolerance: f64): void {
  for (let kind = IDENTITY; kind <= GELU; kind++) {
    const name = "activation " + kind.toString();
    for (let batch = 1; batch <= 9; batch += 2) {
      const width = batch + kind;
      expect<f64>(largestError<T>(new Network<T>([2, width, 5, 2], batch, kind, false))).toBeLessThan(tolerance, name);
      expect<f64>(largestError<T>(new Network<T>([3, 6, width, 3], batch, kind, true))).toBeLessThan(tolerance, name);
    }
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
