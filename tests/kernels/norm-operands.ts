// What specs of norms and dot products share: terms, states and tolerances in memory, and the norm by a plain loop.
import { scaledNorm } from "../../assembly/norm";
import { TERM_BYTES } from "../../ts/vectors/table-layout";
import { get, reserve, set, uniform } from "./vectors";

export const RMS = 0;
export const MAX = 1;
export const LONG = 1000003;
export const TERMS = 3;
const ROOM: usize = 5008 * 8;
export const ROUNDING: f64 = 1.0 / 16777216.0;

export const measure = reserve(32 + 8 * 16);
export const terms = reserve(<usize>TERMS * TERM_BYTES);
const pool = reserve(<usize>(TERMS + 4) * ROOM);
export const long = reserve(<usize>LONG * 8);

// Elements of the pool start one element off a 16-byte boundary, so that loads and segments are misaligned too.
export function place<T>(j: i32): usize {
  return pool + <usize>j * ROOM + sizeof<T>();
}
export function ya<T>(): usize {
  return place<T>(TERMS);
}
export function yb<T>(): usize {
  return place<T>(TERMS + 1);
}
export function rtols<T>(): usize {
  return place<T>(TERMS + 2);
}
export function atols<T>(): usize {
  return place<T>(TERMS + 3);
}

export function setMeasure(kind: i32, rtol: f64, atol: f64, rtolsAt: usize, atolsAt: usize): void {
  store<i32>(measure, kind);
  store<i32>(measure, 0, 4);
  store<f64>(measure, rtol, 8);
  store<f64>(measure, atol, 16);
  store<u32>(measure, <u32>rtolsAt, 24);
  store<u32>(measure, <u32>atolsAt, 28);
}

export function addSegment(start: i32, length: i32, weight: f64): void {
  const count = load<i32>(measure, 4);
  const at = measure + 32 + <usize>count * 16;
  store<u32>(at, start);
  store<i32>(at, length, 4);
  store<f64>(at, weight, 8);
  store<i32>(measure, count + 1, 4);
}

/** Terms with weights, states and tolerances for n elements. */
export function prepare<T>(n: i32): void {
  for (let j = 0; j < TERMS; j++) {
    store<u32>(terms + <usize>j * TERM_BYTES, <u32>place<T>(j));
    store<f64>(terms + <usize>j * TERM_BYTES, uniform(), 8);
    for (let i = 0; i < n; i++) set<T>(place<T>(j), i, <T>uniform());
  }
  for (let i = 0; i < n; i++) {
    set<T>(ya<T>(), i, <T>(uniform() * 10));
    set<T>(yb<T>(), i, <T>(uniform() * 10));
    set<T>(rtols<T>(), i, <T>(Math.abs(uniform()) * 1e-2));
    set<T>(atols<T>(), i, <T>(Math.abs(uniform()) * 1e-2 + 1e-3));
  }
  // What follows the vectors must not matter.
  for (let j = 0; j < TERMS + 4; j++) set<T>(place<T>(j), n, <T>NaN);
}

/** By how much |v| exceeds what rounding to f32 does to a number of this size; 0 where it does not. */
function exceeding<T>(v: T, size: T): T {
  const beyond = (v < 0 ? -v : v) - size * <T>ROUNDING;
  return beyond < 0 ? 0 : beyond;
}

/** The largest weight · norm over the measure's segments, by a plain loop. */
export function naive<T>(h: f64): f64 {
  const kind = load<i32>(measure);
  const segments = load<i32>(measure, 4);
  let result: f64 = 0;
  for (let s = 0; s < segments; s++) {
    const at = measure + 32 + <usize>s * 16;
    const start = <i32>load<u32>(at);
    const length = load<i32>(at, 4);
    let sum: f64 = 0;
    let largest: f64 = 0;
    for (let i = start; i < start + length; i++) {
      let v: T = 0;
      for (let j = 0; j < TERMS; j++) {
        v = v + <T>(h * load<f64>(terms + <usize>j * TERM_BYTES, 8)) * get<T>(place<T>(j), i);
      }
      const a = get<T>(ya<T>(), i);
      const b = get<T>(yb<T>(), i);
      const aa = a < 0 ? -a : a;
      const bb = b < 0 ? -b : b;
      const size = aa > bb ? aa : bb;
      if (sizeof<T>() == 4) v = exceeding<T>(v, size);
      const rtol = load<u32>(measure, 24) ? get<T>(rtols<T>(), i) : <T>load<f64>(measure, 8);
      const atol = load<u32>(measure, 28) ? get<T>(atols<T>(), i) : <T>load<f64>(measure, 16);
      const ratio = <f64>(v / (rtol * size + atol));
      sum += ratio * ratio;
      largest = Math.max(largest, Math.abs(ratio));
    }
    result = Math.max(result, load<f64>(at, 8) * (kind == MAX ? largest : Math.sqrt(sum / <f64>length)));
  }
  return result;
}

export function measured<T>(h: f64): f64 {
  return scaledNorm<T>(measure, terms, TERMS, h, ya<T>(), yb<T>());
}
