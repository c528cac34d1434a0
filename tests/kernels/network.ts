// A network in kernel memory for tests, the same network by plain loops in float64, and what compares the two.
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
import { BLOCK_ROWS, ELU, GELU, RELU, SIGMOID, SILU, SOFTPLUS, TANH } from "../../ts/fields/descriptor-layout";
import { get, operand, put } from "./operands";

/** A network in kernel memory; lays itself out as the comment of assembly/mlp.ts says. */
export class Network<T> {
  layers: i32;
  parameters: i32 = 0;
  tapeNumbers: i32 = 0;
  theta: usize = 0;
  descriptor: usize = 0;
  workNumbers: i32 = 0;
  work: usize = 0;
  /** The values of the shared inputs, behind them their cotangents, then their rates. */
  values: usize = 0;

  constructor(
    public widths: StaticArray<i32>,
    public batch: i32,
    public kind: i32,
    public time: bool,
    backward: bool = true,
    rowPad: i32 = 0,
    /** Inputs that all rows share, t not counted. */
    public inputs: i32 = 0,
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
      const shared = l == 0 ? this.inputs + i32(time) : 0;
      const bias = padded<T>(outputs) * (shared ? shared + 3 : 1);
      store<usize>(record, operand<T>(bias + 3 * shared), 20);
      if (l == 0) this.values = load<usize>(record, 20) + <usize>(bias * size);
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
    store<i32>(d, inputs + i32(time), 12);
    store<i32>(d, time ? 1 : 0, 28);
    store<usize>(d, this.theta, 16);
    store<usize>(d, this.work, 20);
    store<i32>(d, buffer * size, 24);
    if (sizeof<T>() == 4) mlpPackF32(d);
    else mlpPackF64(d);
  }

  /** Inputs of layer l, shared ones counted. */
  columns(l: i32): i32 {
    return this.widths[l] + (l == 0 ? this.inputs + i32(this.time) : 0);
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

  get out(): i32 {
    return this.batch * this.widths[this.layers];
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

export function act(kind: i32, x: f64): f64 {
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

/** The network by plain loops in float64, on float64 copies of θ, x and the values of shared inputs. */
export function plain<T>(network: Network<T>, theta: usize, t: f64, x: usize, dx: usize, values: usize = 0): void {
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
        for (let k = inputs; k < columns; k++) {
          const value = network.time && k == columns - 1 ? t : get<f64>(values, k - inputs);
          sum += get<f64>(theta, at + j * columns + k) * value;
        }
        z[j] = l < network.layers - 1 ? act(network.kind, sum) : sum;
      }
      at += z.length * (columns + 1);
      h = z;
    }
    for (let j = 0; j < h.length; j++) put<f64>(dx, row * h.length + j, h[j]);
  }
}

export function widened<T>(p: usize, n: i32): usize {
  const to = operand<f64>(n);
  for (let i = 0; i < n; i++) put<f64>(to, i, get<T>(p, i));
  return to;
}

export function dot(a: usize, b: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += get<f64>(a, i) * get<f64>(b, i);
  return sum;
}

export function moved(p: usize, direction: usize, n: i32, by: f64): usize {
  const to = operand<f64>(n);
  for (let i = 0; i < n; i++) put<f64>(to, i, get<f64>(p, i) + by * get<f64>(direction, i));
  return to;
}

export function larger(worst: f64, error: f64): f64 {
  return isNaN(error) ? Infinity : max(worst, abs(error));
}
