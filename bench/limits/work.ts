// What a field evaluation and a VJP of a network cannot do without: operations, hyperbolic tangents, bytes.

export const LAYERS: readonly number[] = [2, 64, 64, 2];
export const BATCHES: readonly number[] = [1, 64, 512];

export interface Work {
  /** Additions and multiplications. */
  readonly operations: number;
  readonly tanh: number;
  /** Bytes that must be loaded and stored at least: every operand once, every result once. */
  readonly loads: number;
  readonly stores: number;
}

const NUMBER = 4;

/** C ← A B + bias. */
export const product = (batch: number, inputs: number, outputs: number): Work => ({
  operations: 2 * batch * inputs * outputs,
  tanh: 0,
  loads: NUMBER * (inputs * outputs + outputs + batch * inputs),
  stores: NUMBER * batch * outputs,
});

export const activation = (count: number): Work => ({
  operations: 0,
  tanh: count,
  loads: NUMBER * count,
  stores: NUMBER * count,
});

/** δ ← δ (1 − y²). */
export const slope = (count: number): Work => ({
  operations: 3 * count,
  tanh: 0,
  loads: 2 * NUMBER * count,
  stores: NUMBER * count,
});

/** W̄ += δᵀ A, b̄ += Σ δ. */
export const weights = (batch: number, inputs: number, outputs: number): Work => ({
  operations: 2 * batch * inputs * outputs + batch * outputs,
  tanh: 0,
  loads: NUMBER * (inputs * outputs + outputs + batch * (inputs + outputs)),
  stores: NUMBER * (inputs * outputs + outputs),
});

/** Several kernels as one: what passes between them stays in registers in the best case and counts only where it must be kept. */
export function together(parts: readonly Work[], loads: number, stores: number): Work {
  const total = (of: (work: Work) => number): number => parts.reduce((sum, work) => sum + of(work), 0);
  return { operations: total((w) => w.operations), tanh: total((w) => w.tanh), loads, stores };
}

const parameters = LAYERS.slice(1).reduce((sum, outputs, l) => sum + outputs * (LAYERS[l]! + 1), 0);
const hidden = LAYERS.slice(1, -1).reduce((sum, width) => sum + width, 0);
const state = LAYERS[0]!;
const pairs = LAYERS.slice(1).map((outputs, l) => [LAYERS[l]!, outputs] as const);

/** Reads the state and the parameters, leaves the value and the tape. */
export function evaluationWork(batch: number): Work {
  const parts = pairs.map(([inputs, outputs]) => product(batch, inputs, outputs));
  const loads = NUMBER * (parameters + batch * state);
  return together([...parts, activation(batch * hidden)], loads, NUMBER * batch * (state + hidden));
}

/** Reads the cotangent, the state, the tape and the weights, and adds to every parameter's gradient. */
export function vjpWork(batch: number): Work {
  const parts = pairs.flatMap(([inputs, outputs]) => [
    product(batch, outputs, inputs),
    weights(batch, inputs, outputs),
  ]);
  const loads = NUMBER * (2 * parameters + batch * (2 * state + hidden));
  return together([...parts, slope(batch * hidden)], loads, NUMBER * (parameters + batch * state));
}

/**
 * Of each pair a tangent, the cotangents of two layers and three weight gradients, of all together one pass of cotangents. Reads the
 * tape, the weights and the pairs, and adds to every parameter's gradient.
 */
export function secondWork(batch: number, count: number): Work {
  const [[first], wide] = [pairs, pairs[1]!];
  const last = pairs.at(-1)!;
  const one = ([inputs, outputs]: readonly [number, number]): Work => product(batch, inputs, outputs);
  const sums = ([inputs, outputs]: readonly [number, number]): Work => weights(batch, inputs, outputs);
  const elementwise = (each: number): Work => ({ ...slope(batch * hidden), operations: each * batch * hidden });
  const pair = [one(first!), one(wide), elementwise(5), one(last), one(wide), ...pairs.map(sums)];
  const shared = [elementwise(5), sums(wide), one(wide), elementwise(1), sums(first!), one(first!)];
  const parts = [...Array.from({ length: count }, () => pair).flat(), ...shared];
  const loads = NUMBER * (2 * parameters + batch * (state + hidden + 2 * count * state));
  return together(parts, loads, NUMBER * (parameters + batch * state));
}

/** What one core does at most, by nanosecond; vectors have 16 bytes. */
export interface Limits {
  readonly operations: number;
  readonly loads: number;
  readonly stores: number;
  /** Nanoseconds of one tanh. */
  readonly tanh: number;
}

/** Nanoseconds below which the work cannot be done: arithmetic with tanh, or loads, or stores, whichever takes longest. */
export function floorOf(work: Work, limits: Limits): number {
  const { operations, loads, stores } = work;
  const vectors = 16;
  return Math.max(
    operations / limits.operations + work.tanh * limits.tanh,
    loads / vectors / limits.loads,
    stores / vectors / limits.stores,
  );
}
