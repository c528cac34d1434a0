// The second-order pass of the MLP field: the derivative of Σ vᵢ · (J uᵢ + ∂f/∂t τᵢ), summed over pairs of a tangent (uᵢ, τᵢ) and
// a cotangent vᵢ at one x, by x, θ and t. In other words, VJPs of the vᵢ along the tangents.
//
// With z the arguments of a layer, a its values, dots for what a pair's tangent makes of them, p the cotangents of ż and q those
// of z:   ȧ = act′ ż;   p ← act′ g for g = Wᵀ p of the layer above;   q ← act′ Wᵀ q + Σ act″ ż g.
//   W̄ += Σ p ȧᵀ + q aᵀ,   b̄ += q.
// A pair enters q by the sum over pairs alone, so one pass of q serves all of them, and a pair costs a tangent, a VJP and one
// product of a weight gradient. Pairs go through the products side by side, as rows.
import {
  BLOCK_ROWS, LAYER_BACKWARD, LAYER_FORWARD, NETWORK_TIME, NETWORK_WORK_SIZE, PAIR_BYTES, PAIR_COTANGENT, PAIR_TANGENT, PAIR_TIME,
} from "../ts/fields/descriptor-layout";
import { keepsArgument } from "./activation";
import { bendCotangent, bendTangent, curvatures, joinCotangents } from "./curvature";
import { padded } from "./dense-pack";
import {
  batchOf, biasOf, inputsOf, kindOf, layerCount, layerRecord, outputsOf, outputStride, rowNumbers, rowStride, sharedOf,
  tapeOffset, weightsOf, weightStride, workBuffer,
} from "./mlp";
import { accumulate, activate, multiply } from "./products";

/**
 * xBar ← ∂/∂x, thetaBar += ∂/∂θ (not if null), and ∂/∂t is returned. `pairs`: `count` records of descriptor-layout.ts. `tape` is
 * what mlpForward left at the same t and x. `work`: as much as ts/fields/mlp-second.ts says. The values of shared inputs are
 * followed by their cotangents, which are left there, and by their rates, dvalue/dt, which the caller has written, but for that
 * of t. xBar overlaps neither x nor any pair.
 */
export function mlpSecond<T>(
  d: usize,
  work: usize,
  pairs: usize,
  count: i32,
  t: f64,
  x: usize,
  xBar: usize,
  thetaBar: usize,
  tape: usize,
): f64 {
  const hidden = layerCount(d) - 1;
  const batch = batchOf(d);
  const kind = kindOf(d);
  const shared = sharedOf(d);
  const first = layerRecord(d, 0);
  const stateStride = <usize>inputsOf(first) * sizeof<T>();
  const outputBytes = outputStride<T>(d);
  const width = <usize>padded<T>(outputsOf(first)) * sizeof<T>();
  // Column sums of q of the first layer, those of p times τ, and what a pair's τ adds to ż; then a layer's arrays each.
  const sums = work;
  const timeSums = sums + width;
  const timeBias = timeSums + width;
  const layers = timeBias + width;
  memory.fill(sums, 0, 3 * width);
  if (shared) prepareShared<T>(d, t);

  const block = min(batch, BLOCK_ROWS);
  // As many pairs at a time as fill a block.
  const group = max(1, min(count, BLOCK_ROWS / block));
  const groupRows = block * group;
  // Of a row's numbers in hidden layers: d1, d2 and sum for a block, dot and bend for a group.
  const perRow = <usize>(3 * block + 2 * groupRows);
  const widest = load<usize>(d, NETWORK_WORK_SIZE) / <usize>block;
  const rowBytes = hidden > 0 ? tapeOffset(layerRecord(d, hidden - 1)) / <usize>batch + rowStride(layerRecord(d, hidden - 1)) : 0;
  const cotangents = layers + rowBytes * perRow;

  for (let row = 0; row < batch; row += BLOCK_ROWS) {
    const rows = min(batch - row, BLOCK_ROWS);
    const stateAt = <usize>row * stateStride;
    const outputAt = <usize>row * outputBytes;
    for (let l = 0; l < hidden; l++) {
      const layer = layerRecord(d, l);
      const stride = rowStride(layer);
      const own = layers + (tapeOffset(layer) / <usize>batch) * perRow;
      const kept = tape + tapeOffset(layer) + <usize>row * stride;
      curvatures<T>(kind, own, own + <usize>block * stride, kept, rowNumbers<T>(layer, rows));
      memory.fill(own + <usize>(2 * block) * stride, 0, <usize>rows * stride);
    }
    for (let from = 0; from < count; from += group) {
      const here = min(count - from, group);
      const list = pairs + <usize>from * PAIR_BYTES;
      // Tangents forward.
      let below: usize = 0;
      let belowStride: usize = 0;
      for (let l = 0; l < hidden; l++) {
        const layer = layerRecord(d, l);
        const stride = rowStride(layer);
        const own = layers + (tapeOffset(layer) / <usize>batch) * perRow;
        const d2 = own + <usize>block * stride;
        const dot = d2 + <usize>(2 * block) * stride;
        const bend = dot + <usize>groupRows * stride;
        const panels = load<usize>(layer, LAYER_FORWARD);
        const columns = padded<T>(outputsOf(layer));
        const step = <usize>rows * stride;
        if (l > 0) multiply<T>(below, belowStride, panels, 0, dot, stride, rows * here, columns, inputsOf(layer));
        for (let i = 0; i < here; i++) {
          const at = dot + <usize>i * step;
          if (l == 0) {
            const pair = list + <usize>i * PAIR_BYTES;
            const bias = shared ? pairBias<T>(d, timeBias, load<f64>(pair, PAIR_TIME)) : 0;
            multiply<T>(load<usize>(pair, PAIR_TANGENT) + stateAt, stateStride, panels, bias, at, stride, rows, columns, inputsOf(layer));
          }
          bendTangent<T>(at, bend + <usize>i * step, own, d2, rowNumbers<T>(layer, rows));
        }
        below = dot;
        belowStride = stride;
      }
      // Cotangents backward.
      let p: usize = 0;
      let pStride: usize = 0;
      for (let l = hidden; l > 0; l--) {
        const layer = layerRecord(d, l);
        const under = layerRecord(d, l - 1);
        const inputs = inputsOf(layer);
        const outputs = outputsOf(layer);
        const panels = load<usize>(layer, LAYER_BACKWARD);
        const w = thetaBar + weightsOf(layer);
        const wStride = weightStride<T>(d, l);
        const stride = rowStride(under);
        const step = <usize>rows * stride;
        const own = layers + (tapeOffset(under) / <usize>batch) * perRow;
        const sum = own + <usize>(2 * block) * stride;
        const dot = sum + <usize>block * stride;
        const bend = dot + <usize>groupRows * stride;
        const g = cotangents + <usize>(l & 1) * <usize>groupRows * widest;
        if (l < hidden) {
          if (thetaBar) accumulate<T>(p, pStride, dot, stride, w, wStride, 0, rows * here, outputs, inputs);
          multiply<T>(p, pStride, panels, 0, g, stride, rows * here, padded<T>(inputs), outputs);
        }
        for (let i = 0; i < here; i++) {
          const at = g + <usize>i * step;
          if (l == hidden) {
            const v = load<usize>(list + <usize>i * PAIR_BYTES, PAIR_COTANGENT) + outputAt;
            if (thetaBar) {
              accumulate<T>(v, outputBytes, dot + <usize>i * step, stride, w, wStride, 0, rows, outputs, inputs);
            }
            multiply<T>(v, outputBytes, panels, 0, at, stride, rows, padded<T>(inputs), outputs);
          }
          bendCotangent<T>(at, bend + <usize>i * step, sum, own, rowNumbers<T>(under, rows));
        }
        p = g;
        pStride = stride;
      }
      if (!thetaBar) continue;
      for (let i = 0; i < here; i++) {
        const pair = list + <usize>i * PAIR_BYTES;
        let own = p + <usize>i * <usize>rows * pStride;
        let stride = pStride;
        if (hidden == 0) {
          own = load<usize>(pair, PAIR_COTANGENT) + outputAt;
          stride = outputBytes;
        }
        const time = load<f64>(pair, PAIR_TIME);
        const outputs = outputsOf(first);
        const move = shared && time != 0 ? timeBias : 0;
        if (move) memory.fill(move, 0, width);
        const w = thetaBar + weightsOf(first);
        const u = load<usize>(pair, PAIR_TANGENT) + stateAt;
        accumulate<T>(own, stride, u, stateStride, w, weightStride<T>(d, 0), move, rows, outputs, inputsOf(first));
        if (move) addScaled<T>(timeSums, move, <T>time, width);
      }
    }
    // q, for all pairs together.
    let q: usize = 0;
    for (let l = hidden - 1; l >= 0; l--) {
      const layer = layerRecord(d, l);
      const inputs = inputsOf(layer);
      const outputs = outputsOf(layer);
      const stride = rowStride(layer);
      const own = layers + (tapeOffset(layer) / <usize>batch) * perRow;
      const sum = own + <usize>(2 * block) * stride;
      if (q) joinCotangents<T>(q, sum, own, rowNumbers<T>(layer, rows));
      else q = sum;
      const under = layerRecord(d, l - 1); // read only where l > 0
      let a = x + stateAt;
      let aStride = stateStride;
      if (l > 0) {
        aStride = rowStride(under);
        a = tape + tapeOffset(under) + <usize>row * aStride;
        if (thetaBar && keepsArgument(kind)) {
          const value = workBuffer(d, 2);
          activate<T>(kind, value, a, rowNumbers<T>(under, rows));
          a = value;
        }
      }
      if (thetaBar || (l == 0 && shared)) {
        const w = thetaBar + weightsOf(layer);
        const wStride = weightStride<T>(d, l);
        const bias = l == 0 && shared ? sums : w + <usize>outputs * wStride;
        accumulate<T>(q, stride, a, aStride, w, wStride, bias, rows, outputs, thetaBar ? inputs : 0);
      }
      const panels = load<usize>(layer, LAYER_BACKWARD);
      if (l == 0) multiply<T>(q, stride, panels, 0, xBar + stateAt, stateStride, rows, inputs, outputs);
      else {
        const to = workBuffer(d, l & 1);
        multiply<T>(q, stride, panels, 0, to, aStride, rows, padded<T>(inputs), outputs);
        q = to;
      }
    }
    if (hidden == 0) memory.fill(xBar + stateAt, 0, <usize>rows * stateStride);
  }
  return shared ? sharedSecond<T>(d, thetaBar, sums, timeSums) : 0;
}

/** The parts of a layer that shared inputs have, as mlp.ts lays them out. */
// @ts-ignore: decorator
@inline
function valuesOf<T>(d: usize): usize {
  const first = layerRecord(d, 0);
  return biasOf(first) + <usize>(sharedOf(d) + 3) * <usize>padded<T>(outputsOf(first)) * sizeof<T>();
}

/** t and its rate, 1, among the values and rates, where t is a shared input. */
function prepareShared<T>(d: usize, t: f64): void {
  if (!load<i32>(d, NETWORK_TIME)) return;
  const shared = sharedOf(d);
  const values = valuesOf<T>(d);
  store<T>(values + <usize>(shared - 1) * sizeof<T>(), <T>t);
  store<T>(values + <usize>(3 * shared - 1) * sizeof<T>(), 1);
}

/** out ← τ Σ rate · column, what a pair's τ adds to ż of the first layer. */
function pairBias<T>(d: usize, out: usize, time: f64): usize {
  const first = layerRecord(d, 0);
  const shared = sharedOf(d);
  const width = <usize>padded<T>(outputsOf(first)) * sizeof<T>();
  const rates = valuesOf<T>(d) + <usize>(2 * shared) * sizeof<T>();
  memory.fill(out, 0, width);
  for (let j = 0; j < shared; j++) {
    addScaled<T>(out, biasOf(first) + <usize>(1 + j) * width, <T>time * load<T>(rates + <usize>j * sizeof<T>()), width);
  }
  return out;
}

/** to += factor · from, `bytes` of them, whole vectors. */
function addScaled<T>(to: usize, from: usize, factor: T, bytes: usize): void {
  const f = v128.splat<T>(factor);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(to + at, v128.add<T>(v128.load(to + at), v128.mul<T>(f, v128.load(from + at))));
  }
}

/** b̄ += sums; of each shared input, column of W̄ += value · sums + rate · timeSums, its cotangent ← column · sums; returns t's rate. */
function sharedSecond<T>(d: usize, w: usize, sums: usize, timeSums: usize): f64 {
  const update = w != 0;
  const first = layerRecord(d, 0);
  const shared = sharedOf(d);
  const n = outputsOf(first);
  const width = <usize>padded<T>(n) * sizeof<T>();
  const wStride = weightStride<T>(d, 0);
  const end = <usize>n * sizeof<T>();
  let value = valuesOf<T>(d);
  let column = biasOf(first);
  if (update) {
    const bias = w + <usize>n * wStride;
    for (let i: usize = 0; i < end; i += sizeof<T>()) store<T>(bias + i, load<T>(bias + i) + load<T>(sums + i));
  }
  w += <usize>inputsOf(first) * sizeof<T>();
  let result: f64 = 0;
  for (let j = 0; j < shared; j++) {
    column += width;
    const v = load<T>(value);
    const rate = load<T>(value + <usize>(2 * shared) * sizeof<T>());
    let at = w;
    result = 0;
    for (let i: usize = 0; i < end; i += sizeof<T>()) {
      const s = load<T>(sums + i);
      result += <f64>s * <f64>load<T>(column + i);
      if (update) {
        store<T>(at, load<T>(at) + v * s + rate * load<T>(timeSums + i));
        at += wStride;
      }
    }
    store<T>(value + <usize>shared * sizeof<T>(), <T>result);
    value += sizeof<T>();
    w += sizeof<T>();
  }
  return load<i32>(d, NETWORK_TIME) ? result : 0;
}
