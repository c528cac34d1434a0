// Dense layers and activations for kernels that are built of those of networks. Where such a kernel is a binary of its own
// (exports/second-order.ts says so by NETWORKS_ARE_IMPORTED), it takes them from the instance of the networks' binary on the
// same memory, and does not carry them twice; elsewhere, as in tests, they are compiled in.
import { activate as ownActivate, activationGradient as ownGradient } from "./activation";
import { multiply as ownMultiply } from "./dense";
import { columnSums as ownSums, weightGradient as ownWeights } from "./dense-gradient";

// @ts-ignore: decorator
@external("networks", "denseForwardF32")
declare function multiplyF32(
  a: usize, aStride: usize, panels: usize, bias: usize, c: usize, cStride: usize, rows: i32, columns: i32, depth: i32,
): void;
// @ts-ignore: decorator
@external("networks", "denseForwardF64")
declare function multiplyF64(
  a: usize, aStride: usize, panels: usize, bias: usize, c: usize, cStride: usize, rows: i32, columns: i32, depth: i32,
): void;
// @ts-ignore: decorator
@external("networks", "denseGradientF32")
declare function gradientF32(
  delta: usize, deltaStride: usize, a: usize, aStride: usize, w: usize, wStride: usize, bias: usize, rows: i32, outputs: i32,
  inputs: i32,
): void;
// @ts-ignore: decorator
@external("networks", "denseGradientF64")
declare function gradientF64(
  delta: usize, deltaStride: usize, a: usize, aStride: usize, w: usize, wStride: usize, bias: usize, rows: i32, outputs: i32,
  inputs: i32,
): void;
// @ts-ignore: decorator
@external("networks", "activationF32")
declare function activationF32(kind: i32, out: usize, x: usize, n: i32): void;
// @ts-ignore: decorator
@external("networks", "activationF64")
declare function activationF64(kind: i32, out: usize, x: usize, n: i32): void;
// @ts-ignore: decorator
@external("networks", "activationGradientF32")
declare function activationGradientF32(kind: i32, delta: usize, kept: usize, n: i32): void;
// @ts-ignore: decorator
@external("networks", "activationGradientF64")
declare function activationGradientF64(kind: i32, delta: usize, kept: usize, n: i32): void;

/** C ← A B + bias, see dense.ts. */
export function multiply<T>(
  a: usize, aStride: usize, panels: usize, bias: usize, c: usize, cStride: usize, rows: i32, columns: i32, depth: i32,
): void {
  if (isDefined(NETWORKS_ARE_IMPORTED)) {
    if (sizeof<T>() == 4) multiplyF32(a, aStride, panels, bias, c, cStride, rows, columns, depth);
    else multiplyF64(a, aStride, panels, bias, c, cStride, rows, columns, depth);
  } else {
    ownMultiply<T>(a, aStride, panels, bias, c, cStride, rows, columns, depth);
  }
}

/** W [outputs × inputs] += δᵀ A; bias += column sums of δ, where it is not null. */
export function accumulate<T>(
  delta: usize, deltaStride: usize, a: usize, aStride: usize, w: usize, wStride: usize, bias: usize, rows: i32, outputs: i32,
  inputs: i32,
): void {
  if (isDefined(NETWORKS_ARE_IMPORTED)) {
    if (sizeof<T>() == 4) gradientF32(delta, deltaStride, a, aStride, w, wStride, bias, rows, outputs, inputs);
    else gradientF64(delta, deltaStride, a, aStride, w, wStride, bias, rows, outputs, inputs);
  } else {
    ownWeights<T>(delta, deltaStride, a, aStride, w, wStride, rows, outputs, inputs);
    if (bias) ownSums<T>(bias, delta, deltaStride, outputs, rows);
  }
}

/** out[0…n) ← act(x). */
export function activate<T>(kind: i32, out: usize, x: usize, n: i32): void {
  if (isDefined(NETWORKS_ARE_IMPORTED)) {
    if (sizeof<T>() == 4) activationF32(kind, out, x, n);
    else activationF64(kind, out, x, n);
  } else {
    ownActivate<T>(kind, out, x, n);
  }
}

/** delta[0…n) ← delta · act′, see activation.ts. */
export function activationGradient<T>(kind: i32, delta: usize, kept: usize, n: i32): void {
  if (isDefined(NETWORKS_ARE_IMPORTED)) {
    if (sizeof<T>() == 4) activationGradientF32(kind, delta, kept, n);
    else activationGradientF64(kind, delta, kept, n);
  } else {
    ownGradient<T>(kind, delta, kept, n);
  }
}
