// The MLP field's Jacobian–vector product: how f(t, x, θ) changes as x and θ do, layer by layer over the tape that
// mlpForward left:  ż ← W ȧ + Ẇ a + ḃ,  ȧ ← act′(z) ż.
//
// θ̇ comes packed as a network of its own: a second descriptor of the same shape, null where θ̇ = 0. Of its work only one
// buffer is used, which holds Ẇ a + ḃ of a block of rows and so must take the outputs' rows too.
import { BLOCK_ROWS, LAYER_FORWARD } from "../ts/fields/descriptor-layout";
import { activate, activationGradient, keepsArgument } from "./activation";
import { multiply } from "./dense";
import { padded } from "./dense-pack";
import { lanes } from "./lanes";
import {
  batchOf,
  biasOf,
  inputsOf,
  kindOf,
  layerCount,
  layerRecord,
  outputsOf,
  outputStride,
  rowNumbers,
  rowStride,
  sharedBias,
  tapeOffset,
  workBuffer,
} from "./mlp";
import { loadPartial, storePartial } from "./partial";

/** out ← J xDot + ∂f/∂θ θ̇, with the tape left at the same t and x. out overlaps neither x nor xDot. */
export function mlpJvp<T>(d: usize, dot: usize, t: f64, x: usize, xDot: usize, out: usize, tape: usize): void {
  const layers = layerCount(d);
  const batch = batchOf(d);
  const kind = kindOf(d);
  const first = layerRecord(d, 0);
  const stateStride = <usize>inputsOf(first) * sizeof<T>();
  const outputBytes = outputStride<T>(d);
  const firstBias = dot ? sharedBias<T>(dot, t) : 0;
  for (let row = 0; row < batch; row += BLOCK_ROWS) {
    const rows = min(batch - row, BLOCK_ROWS);
    // a and ȧ of the layer below.
    let a = x + <usize>row * stateStride;
    let aDot = xDot + <usize>row * stateStride;
    let stride = stateStride;
    for (let l = 0; l < layers; l++) {
      const layer = layerRecord(d, l);
      const inputs = inputsOf(layer);
      const last = l == layers - 1;
      const columns = last ? outputsOf(layer) : padded<T>(outputsOf(layer));
      const toStride = last ? outputBytes : rowStride(layer);
      const to = last ? out + <usize>row * outputBytes : workBuffer(d, l & 1);
      const numbers = last ? rows * columns : rowNumbers<T>(layer, rows);
      multiply<T>(aDot, stride, load<usize>(layer, LAYER_FORWARD), 0, to, toStride, rows, columns, inputs);
      if (dot) {
        const change = layerRecord(dot, l);
        const bias = l == 0 ? firstBias : biasOf(change);
        const sum = workBuffer(dot, 0);
        multiply<T>(a, stride, load<usize>(change, LAYER_FORWARD), bias, sum, toStride, rows, columns, inputs);
        increase<T>(to, sum, numbers);
      }
      if (last) break;
      a = tape + tapeOffset(layer) + <usize>row * toStride;
      activationGradient<T>(kind, to, a, numbers);
      if (dot && keepsArgument(kind)) {
        const value = workBuffer(d, 2);
        activate<T>(kind, value, a, numbers);
        a = value;
      }
      aDot = to;
      stride = toStride;
    }
  }
}

/** x[0…n) += by */
function increase<T>(x: usize, by: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    storePartial<T>(x, v128.add<T>(loadPartial<T>(x, n), loadPartial<T>(by, n)), n);
    x += 16;
    by += 16;
  }
}
