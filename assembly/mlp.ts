// The MLP field in one call each: its value, its vector–Jacobian product, and the packing of its weights.
//
// A descriptor, which ts/fields/mlp-layout.ts writes, says what there is; ts/fields/descriptor-layout.ts has its words.
// θ is W₁, b₁, W₂, b₂, …, W row-major [outputs × inputs]. With time, t is the last input of the first layer, so the last
// column of W₁ joins its bias as bias + t · column; the packed bias of that layer has four parts of padded(outputs):
// bias, column, their sum at t, and the column sums of δ in the backward pass.
//
// The tape is what the forward pass leaves for the backward pass: of every hidden layer, [batch] rows of its outputs
// (for silu and gelu its arguments), rows padded to whole vectors or more; what stands in the pads has no meaning.
//
// The whole network runs over one block of rows before the next, so the activations of a block stay in the L1 cache and
// the work buffers (three, of min(batch, BLOCK_ROWS) widest rows) are small whatever the batch.
import {
  BLOCK_ROWS, LAYER_BACKWARD, LAYER_BIAS, LAYER_BYTES, LAYER_FORWARD, LAYER_INPUTS, LAYER_OUTPUTS, LAYER_STRIDE, LAYER_TAPE,
  LAYER_WEIGHTS, NETWORK_ACTIVATION, NETWORK_BATCH, NETWORK_BYTES, NETWORK_LAYERS, NETWORK_PARAMS, NETWORK_TIME,
  NETWORK_WORK, NETWORK_WORK_SIZE,
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
export function hasTime(d: usize): bool {
  return load<i32>(d, NETWORK_TIME) != 0;
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
function weightOffset(layer: usize): usize {
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
function weightStride<T>(d: usize, l: i32): usize {
  return <usize>(inputsOf(layerRecord(d, l)) + i32(l == 0 && hasTime(d))) * sizeof<T>();
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
    const w = load<usize>(d, NETWORK_PARAMS) + weightOffset(layer);
    const stride = weightStride<T>(d, l);
    const one = sizeof<T>();
    pack<T>(load<usize>(layer, LAYER_FORWARD), w, one, stride, inputs, outputs, l < layers - 1);
    const backward = load<usize>(layer, LAYER_BACKWARD);
    if (backward) pack<T>(backward, w, stride, one, outputs, inputs, l > 0);
    const bias = biasOf(layer);
    packVector<T>(bias, w + <usize>outputs * stride, one, outputs);
    if (l == 0 && hasTime(d)) {
      packVector<T>(bias + <usize>padded<T>(outputs) * one, w + <usize>inputs * one, stride, outputs);
    }
  }
}

/** dx ← f(t, x), both [batch × width] without pads; leaves the tape. A null dx ends after the tape, a null tape is none. */
export function mlpForward<T>(d: usize, t: f64, x: usize, dx: usize, tape: usize): void {
  const layers = layerCount(d);
  const batch = batchOf(d);
  const kind = kindOf(d);
  const first = layerRecord(d, 0);
  const stateStride = <usize>inputsOf(first) * sizeof<T>();
  let bias = biasOf(first);
  if (hasTime(d)) bias = biasAtTime<T>(bias, <T>t, padded<T>(outputsOf(first)));
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
          const to = dx + <usize>row * stateStride;
          multiply<T>(from, fromStride, panels, biasHere, to, stateStride, rows, outputs, inputsOf(layer));
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
  const time = hasTime(d);
  const first = layerRecord(d, 0);
  const stateStride = <usize>inputsOf(first) * sizeof<T>();
  const width = <usize>padded<T>(outputsOf(first)) * sizeof<T>();
  const sums = biasOf(first) + 3 * width;
  if (time) memory.fill(sums, 0, width);
  for (let row = 0; row < batch; row += BLOCK_ROWS) {
    const rows = min(batch - row, BLOCK_ROWS);
    let delta = cotangent + <usize>row * stateStride;
    let deltaStride = stateStride;
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
        const w = thetaBar + weightOffset(layer);
        const stride = weightStride<T>(d, l);
        weightGradient<T>(delta, deltaStride, a, aStride, w, stride, rows, outputs, inputs);
        if (l > 0 || !time) columnSums<T>(w + <usize>outputs * stride, delta, deltaStride, outputs, rows);
      }
      if (l == 0) {
        if (time) columnSums<T>(sums, delta, deltaStride, outputs, rows);
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
  if (!time) return 0;
  return timeGradient<T>(sums, sums - 2 * width, thetaBar, weightStride<T>(d, 0), outputsOf(first), <T>t);
}

/** bias + t · column, into the part behind the two. */
export function biasAtTime<T>(bias: usize, t: T, n: i32): usize {
  const width = <usize>n * sizeof<T>();
  const out = bias + 2 * width;
  for (let i: usize = 0; i < width; i += sizeof<T>()) {
    store<T>(out + i, load<T>(bias + i) + t * load<T>(bias + width + i));
  }
  return out;
}

/** b̄ += s, the last column of W̄ += t s (W̄ null: not); returns column · s, for s the column sums of the first layer's δ. */
function timeGradient<T>(sums: usize, column: usize, w: usize, wStride: usize, n: i32, t: T): f64 {
  const update = w != 0;
  const bias = w + <usize>n * wStride;
  const end = <usize>n * sizeof<T>();
  let result: f64 = 0;
  w += wStride - sizeof<T>();
  for (let i: usize = 0; i < end; i += sizeof<T>()) {
    const s = load<T>(sums + i);
    result += <f64>s * <f64>load<T>(column + i);
    if (update) {
      store<T>(bias + i, load<T>(bias + i) + s);
      store<T>(w, load<T>(w) + t * s);
      w += wStride;
    }
  }
  return result;
}
