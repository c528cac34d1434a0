// The MLP field in one call each: its value, its vector–Jacobian product, and the packing of its weights.
//
// A descriptor, which ts/fields/mlp-layout.ts writes, says what there is; ts/fields/descriptor-layout.ts has its words.
// θ is W₁, b₁, W₂, b₂, …, W row-major [outputs × inputs]. Inputs of the first layer that all rows share, of which t may be
// the last, come after the others; their columns of W₁ join its bias as bias + Σ value · column. The packed bias of that
// layer then has parts of padded(outputs) numbers: bias, column of each shared input, their sum, and the column sums of δ in the
// backward pass; behind them are the values of the shared inputs, which the caller writes but for t, their cotangents, which the
// backward pass leaves there, and room for as many numbers more, for mlp-second.ts.
//
// The tape is what the forward pass leaves for the backward pass: of every hidden layer, [batch] rows of its outputs
// (for silu and gelu its arguments), rows padded to whole vectors or more; what stands in the pads has no meaning.
//
// The whole network runs over one block of rows before the next, so the activations of a block stay in the L1 cache and
// the work buffers (three, of min(batch, BLOCK_ROWS) widest rows) are small whatever the batch.
import {
  BLOCK_ROWS, LAYER_BACKWARD, LAYER_BIAS, LAYER_BYTES, LAYER_FORWARD, LAYER_INPUTS, LAYER_OUTPUTS, LAYER_STRIDE, LAYER_TAPE,
  LAYER_WEIGHTS, NETWORK_ACTIVATION, NETWORK_BATCH, NETWORK_BYTES, NETWORK_LAYERS, NETWORK_PARAMS,
  NETWORK_SHARED, NETWORK_TIME, NETWORK_WORK, NETWORK_WORK_SIZE,
} from "../ts/fields/descriptor-layout";
import { activate, activationGradient, keepsArgument } from "./activation";
import { multiply } from "./dense";
import { pack, packVector, padded } from "./dense-pack";
import { columnSums, weightGradient } from "./dense-gradient";

// @ts-ignore: decorator
@inline
export function layerCount(d: usize): i32 {
  return load<i32>(d, NETWORK_LAYERS);
}
// @ts-ignore: decorator
@inline
export function batchOf(d: usize): i32 {
  return load<i32>(d, NETWORK_BATCH);
}
// @ts-ignore: decorator
@inline
export function kindOf(d: usize): i32 {
  return load<i32>(d, NETWORK_ACTIVATION);
}
// @ts-ignore: decorator
@inline
export function sharedOf(d: usize): i32 {
  return load<i32>(d, NETWORK_SHARED);
}
// @ts-ignore: decorator
@inline
export function workBuffer(d: usize, i: i32): usize {
  return load<usize>(d, NETWORK_WORK) + <usize>i * load<usize>(d, NETWORK_WORK_SIZE);
}
// @ts-ignore: decorator
@inline
export function layerRecord(d: usize, l: i32): usize {
  return d + NETWORK_BYTES + <usize>l * LAYER_BYTES;
}
// @ts-ignore: decorator
@inline
export function inputsOf(layer: usize): i32 {
  return load<i32>(layer, LAYER_INPUTS);
}
// @ts-ignore: decorator
@inline
export function outputsOf(layer: usize): i32 {
  return load<i32>(layer, LAYER_OUTPUTS);
}
// @ts-ignore: decorator
@inline
export function weightsOf(layer: usize): usize {
  return load<usize>(layer, LAYER_WEIGHTS);
}
// @ts-ignore: decorator
@inline
export function biasOf(layer: usize): usize {
  return load<usize>(layer, LAYER_BIAS);
}
// @ts-ignore: decorator
@inline
export function tapeOffset(layer: usize): usize {
  return load<usize>(layer, LAYER_TAPE);
}
// @ts-ignore: decorator
@inline
export function rowStride(layer: usize): usize {
  return load<usize>(layer, LAYER_STRIDE);
}
/** Bytes of a row of W. */
// @ts-ignore: decorator
@inline
export function weightStride<T>(d: usize, l: i32): usize {
  return <usize>(inputsOf(layerRecord(d, l)) + (l == 0 ? sharedOf(d) : 0)) * sizeof<T>();
}
/** Bytes of a row of the network's outputs, which have no pads. */
// @ts-ignore: decorator
@inline
export function outputStride<T>(d: usize): usize {
  return <usize>outputsOf(layerRecord(d, layerCount(d) - 1)) * sizeof<T>();
}
/** Numbers in `rows` rows of the layer's output, pads included. */
// @ts-ignore: decorator
@inline
export function rowNumbers<T>(layer: usize, rows: i32): i32 {
  return rows * <i32>(rowStride(layer) / sizeof<T>());
}

/** Packs θ; to be called once after each change of the parameters, before the other two. */
export function mlpPack<T>(d: usize): void {
  const layers = layerCount(d);
  for (let l = 0; l < layers; l++) {
    const layer = layerRecord(d, l);
    const inputs = inputsOf(layer);
    const outputs = outputsOf(layer);
    const w = load<usize>(d, NETWORK_PARAMS) + weightsOf(layer);
    const stride = weightStride<T>(d, l);
    const one = sizeof<T>();
    pack<T>(load<usize>(layer, LAYER_FORWARD), w, one, stride, inputs, outputs, l < layers - 1);
    const backward = load<usize>(layer, LAYER_BACKWARD);
    if (backward) pack<T>(backward, w, stride, one, outputs, inputs, l > 0);
    const bias = biasOf(layer);
    packVector<T>(bias, w + <usize>outputs * stride, one, outputs);
    if (l > 0) continue;
    for (let j = 0; j < sharedOf(d); j++) {
      const column = bias + <usize>(1 + j) * <usize>padded<T>(outputs) * one;
      packVector<T>(column, w + <usize>(inputs + j) * one, stride, outputs);
    }
  }
}

/** dx ← f(t, x), both rows without pads; leaves the tape. A null dx ends after the tape, a null tape is none. */
export function mlpForward<T>(d: usize, t: f64, x: usize, dx: usize, tape: usize): void {
  const layers = layerCount(d);
  const batch = batchOf(d);
  const kind = kindOf(d);
  const first = layerRecord(d, 0);
  const stateStride = <usize>inputsOf(first) * sizeof<T>();
  const outputBytes = outputStride<T>(d);
  const bias = sharedBias<T>(d, t);
  for (let row = 0; row < batch; row += BLOCK_ROWS) {
    const rows = min(batch - row, BLOCK_ROWS);
    let from = x + <usize>row * stateStride;
    let fromStride = stateStride;
    for (let l = 0; l < layers; l++) {
      const layer = layerRecord(d, l);
      const outputs = outputsOf(layer);
      const panels = load<usize>(layer, LAYER_FORWARD);
      const biasHere = l == 0 ? bias : biasOf(layer);
      if (l == layers - 1) {
        if (dx) {
          const to = dx + <usize>row * outputBytes;
          multiply<T>(from, fromStride, panels, biasHere, to, outputBytes, rows, outputs, inputsOf(layer));
        }
        break;
      }
      const stride = rowStride(layer);
      const work = workBuffer(d, l & 1);
      const to = tape ? tape + tapeOffset(layer) + <usize>row * stride : work;
      multiply<T>(from, fromStride, panels, biasHere, to, stride, rows, padded<T>(outputs), inputsOf(layer));
      from = keepsArgument(kind) ? work : to;
      fromStride = stride;
      activate<T>(kind, from, to, rowNumbers<T>(layer, rows));
    }
  }
}

/**
 * xBar ← Jᵀ cotangent, thetaBar += ∂f/∂θᵀ cotangent (not if null); returns ∂f/∂t · cotangent. `tape` is what
 * mlpForward left at the same t and x. xBar overlaps neither x nor cotangent.
 */
export function mlpBackward<T>(
  d: usize,
  t: f64,
  x: usize,
  cotangent: usize,
  xBar: usize,
  thetaBar: usize,
  tape: usize,
): f64 {
  const layers = layerCount(d);
  const batch = batchOf(d);
  const kind = kindOf(d);
  const shared = sharedOf(d);
  const first = layerRecord(d, 0);
  const stateStride = <usize>inputsOf(first) * sizeof<T>();
  const outputBytes = outputStride<T>(d);
  const width = <usize>padded<T>(outputsOf(first)) * sizeof<T>();
  const sums = biasOf(first) + <usize>(shared + 2) * width;
  if (shared) memory.fill(sums, 0, width);
  for (let row = 0; row < batch; row += BLOCK_ROWS) {
    const rows = min(batch - row, BLOCK_ROWS);
    let delta = cotangent + <usize>row * outputBytes;
    let deltaStride = outputBytes;
    for (let l = layers - 1; l >= 0; l--) {
      const layer = layerRecord(d, l);
      const inputs = inputsOf(layer);
      const outputs = outputsOf(layer);
      const panels = load<usize>(layer, LAYER_BACKWARD);
      const below = layerRecord(d, l - 1); // read only where l > 0
      const kept = l > 0 ? tape + tapeOffset(below) + <usize>row * rowStride(below) : 0;
      if (thetaBar) {
        let a = x + <usize>row * stateStride;
        let aStride = stateStride;
        if (l > 0) {
          a = kept;
          aStride = rowStride(below);
          if (keepsArgument(kind)) {
            a = workBuffer(d, 2);
            activate<T>(kind, a, kept, rowNumbers<T>(below, rows));
          }
        }
        const w = thetaBar + weightsOf(layer);
        const stride = weightStride<T>(d, l);
        weightGradient<T>(delta, deltaStride, a, aStride, w, stride, rows, outputs, inputs);
        if (l > 0 || !shared) columnSums<T>(w + <usize>outputs * stride, delta, deltaStride, outputs, rows);
      }
      if (l == 0) {
        if (shared) columnSums<T>(sums, delta, deltaStride, outputs, rows);
        const to = xBar + <usize>row * stateStride;
        multiply<T>(delta, deltaStride, panels, 0, to, stateStride, rows, inputs, outputs);
      } else {
        const to = workBuffer(d, l & 1);
        const stride = rowStride(below);
        multiply<T>(delta, deltaStride, panels, 0, to, stride, rows, padded<T>(inputs), outputs);
        activationGradient<T>(kind, to, kept, rowNumbers<T>(below, rows));
        delta = to;
        deltaStride = stride;
      }
    }
  }
  return shared ? sharedGradient<T>(d, thetaBar, t) : 0;
}

/** The first layer's bias with what the shared inputs add to it. */
export function sharedBias<T>(d: usize, t: f64): usize {
  const first = layerRecord(d, 0);
  const bias = biasOf(first);
  const shared = sharedOf(d);
  if (!shared) return bias;
  const width = <usize>padded<T>(outputsOf(first)) * sizeof<T>();
  const out = bias + <usize>(shared + 1) * width;
  const values = out + 2 * width;
  storeTime<T>(d, values, shared, t);
  let base = bias;
  let column = bias;
  for (let j: usize = 0; j < <usize>shared; j++) {
    column += width;
    const value = load<T>(values + j * sizeof<T>());
    for (let i: usize = 0; i < width; i += sizeof<T>()) {
      store<T>(out + i, load<T>(base + i) + value * load<T>(column + i));
    }
    base = out;
  }
  return out;
}

/** Puts t among the values of the shared inputs, where it is one. */
// @ts-ignore: decorator
@inline
function storeTime<T>(d: usize, values: usize, shared: i32, t: f64): void {
  if (load<i32>(d, NETWORK_TIME)) store<T>(values + <usize>(shared - 1) * sizeof<T>(), <T>t);
}

/**
 * For s the column sums of the first layer's δ: b̄ += s, and of each shared input the column of W̄ += value · s (W̄ null: not)
 * and its cotangent ← column · s. Returns the last of them, ∂f/∂t · cotangent where t is that input.
 */
function sharedGradient<T>(d: usize, w: usize, t: f64): f64 {
  const update = w != 0;
  const first = layerRecord(d, 0);
  const shared = sharedOf(d);
  const n = outputsOf(first);
  const width = <usize>padded<T>(n) * sizeof<T>();
  const end = <usize>n * sizeof<T>();
  const wStride = weightStride<T>(d, 0);
  let column = biasOf(first);
  const sums = column + <usize>(shared + 2) * width;
  if (update) {
    const bias = w + <usize>n * wStride;
    for (let i: usize = 0; i < end; i += sizeof<T>()) store<T>(bias + i, load<T>(bias + i) + load<T>(sums + i));
  }
  let value = sums + width;
  storeTime<T>(d, value, shared, t);
  let result: f64 = 0;
  w += <usize>inputsOf(first) * sizeof<T>();
  for (let j = 0; j < shared; j++) {
    column += width;
    const v = load<T>(value);
    let at = w;
    result = 0;
    for (let i: usize = 0; i < end; i += sizeof<T>()) {
      const s = load<T>(sums + i);
      result += <f64>s * <f64>load<T>(column + i);
      if (update) {
        store<T>(at, load<T>(at) + v * s);
        at += wStride;
      }
    }
    store<T>(value + <usize>shared * sizeof<T>(), <T>result);
    value += sizeof<T>();
    w += sizeof<T>();
  }
  return load<i32>(d, NETWORK_TIME) ? result : 0;
}
