// What one core can do at most with this build on this machine, the yardsticks of the network kernels: multiply-adds, loads
// and stores of vectors. A separate entry, not part of the shipped binaries.
// Floating-point operations of one call of a peak: iterations · 12 · 2 · lanes.
import { horizontalSum, madd } from "../../../assembly/lanes";

// Unfused, a chain's multiplication and addition take six cycles, which twelve chains just hide; chains of products beside
// chains of sums, which wait for less, are no faster here.
/** Twelve chains: enough to hide the latency, few enough to stay in registers. */
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

const BUFFER = memory.data(4096, 16);

/** Loads 4 KiB `iterations` times, 256 vectors each. */
export function peakLoads(iterations: i32): i32 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; iterations > 0; iterations--) {
    for (let at: usize = BUFFER; at < BUFFER + 4096; at += 128) {
      a = v128.or(v128.or(a, v128.load(at)), v128.load(at, 16));
      b = v128.or(v128.or(b, v128.load(at, 32)), v128.load(at, 48));
      c = v128.or(v128.or(c, v128.load(at, 64)), v128.load(at, 80));
      d = v128.or(v128.or(d, v128.load(at, 96)), v128.load(at, 112));
    }
  }
  return i32x4.extract_lane(v128.or(v128.or(a, b), v128.or(c, d)), 0);
}

/** Stores 4 KiB `iterations` times, 256 vectors each. */
export function peakStores(iterations: i32): void {
  const v = i32x4.splat(iterations);
  for (; iterations > 0; iterations--) {
    for (let at: usize = BUFFER; at < BUFFER + 4096; at += 128) {
      v128.store(at, v);
      v128.store(at, v, 16);
      v128.store(at, v, 32);
      v128.store(at, v, 48);
      v128.store(at, v, 64);
      v128.store(at, v, 80);
      v128.store(at, v, 96);
      v128.store(at, v, 112);
    }
  }
}

export function peakF32(iterations: i32, factor: f32, shift: f32): f64 {
  return peak<f32>(iterations, factor, shift);
}
export function peakF64(iterations: i32, factor: f64, shift: f64): f64 {
  return peak<f64>(iterations, factor, shift);
}
