// The multiply-add peak of this build on this machine, the yardstick of the dense layers: twelve independent sums, enough to
// hide the latency, few enough to stay in registers, and no memory. A separate entry, not part of the shipped binaries.
// Floating-point operations of one call: iterations · 12 · 2 · lanes.
import { horizontalSum, madd } from "../../../assembly/lanes";

function peak<T>(iterations: i32, factor: T, shift: T): f64 {
  // Arguments, because constants would be rebuilt in every round of the loop.
  const x = v128.splat<T>(factor);
  const y = v128.splat<T>(shift);
  let c0 = v128.splat<T>(<T>0.1);
  let c1 = v128.splat<T>(<T>0.2);
  let c2 = v128.splat<T>(<T>0.3);
  let c3 = v128.splat<T>(<T>0.4);
  let c4 = v128.splat<T>(<T>0.5);
  let c5 = v128.splat<T>(<T>0.6);
  let c6 = v128.splat<T>(<T>0.7);
  let c7 = v128.splat<T>(<T>0.8);
  let c8 = v128.splat<T>(<T>0.9);
  let c9 = v128.splat<T>(<T>1.1);
  let c10 = v128.splat<T>(<T>1.2);
  let c11 = v128.splat<T>(<T>1.3);
  for (let i = 0; i < iterations; i++) {
    // c ← x·c + y: the dependent operand is a factor, so each multiply-add is one of its own.
    c0 = madd<T>(c0, x, y);
    c1 = madd<T>(c1, x, y);
    c2 = madd<T>(c2, x, y);
    c3 = madd<T>(c3, x, y);
    c4 = madd<T>(c4, x, y);
    c5 = madd<T>(c5, x, y);
    c6 = madd<T>(c6, x, y);
    c7 = madd<T>(c7, x, y);
    c8 = madd<T>(c8, x, y);
    c9 = madd<T>(c9, x, y);
    c10 = madd<T>(c10, x, y);
    c11 = madd<T>(c11, x, y);
  }
  const a = v128.add<T>(v128.add<T>(c0, c1), v128.add<T>(c2, c3));
  const b = v128.add<T>(v128.add<T>(c4, c5), v128.add<T>(c6, c7));
  const c = v128.add<T>(v128.add<T>(c8, c9), v128.add<T>(c10, c11));
  return <f64>horizontalSum<T>(v128.add<T>(v128.add<T>(a, b), c));
}

export function peakF32(iterations: i32, factor: f32, shift: f32): f64 {
  return peak<f32>(iterations, factor, shift);
}
export function peakF64(iterations: i32, factor: f64, shift: f64): f64 {
  return peak<f64>(iterations, factor, shift);
}
