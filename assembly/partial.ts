// Vectors cut short: the first `count` lanes only, so that no kernel reads or writes a byte beyond its operands.
import { lanes } from "./lanes";

/** The first min(count, lanes) numbers at p, the other lanes 0; count ≥ 1. */
// @ts-ignore: decorator
@inline
export function loadPartial<T>(p: usize, count: i32): v128 {
  return count >= lanes<T>() ? v128.load(p) : loadLanes<T>(p, count);
}

/** Writes the first min(count, lanes) lanes; count ≥ 1. */
// @ts-ignore: decorator
@inline
export function storePartial<T>(p: usize, v: v128, count: i32): void {
  if (count >= lanes<T>()) v128.store(p, v);
  else storeLanes<T>(p, v, count);
}

// @ts-ignore: decorator
@noinline
function loadLanes<T>(p: usize, count: i32): v128 {
  if (sizeof<T>() == 8) return v128.load_zero<f64>(p);
  if (count == 1) return v128.load_zero<f32>(p);
  const v = v128.load_zero<f64>(p);
  return count == 2 ? v : v128.load_lane<f32>(p, v, 2, 8);
}

// @ts-ignore: decorator
@noinline
function storeLanes<T>(p: usize, v: v128, count: i32): void {
  if (sizeof<T>() == 8) {
    v128.store_lane<f64>(p, v, 0);
  } else if (count == 1) {
    v128.store_lane<f32>(p, v, 0);
  } else {
    v128.store_lane<f64>(p, v, 0);
    if (count == 3) v128.store_lane<f32>(p, v, 2, 8);
  }
}
