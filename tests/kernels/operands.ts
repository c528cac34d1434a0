// Operands for kernel tests: blocks of memory framed by guard bytes, so that a write beyond an operand shows, filled with
// reproducible numbers; and distances in units in the last place.

const GUARD: usize = 64;
const GUARD_BYTE: u8 = 0xa5;

let state: u32 = 1;

/** A number in [−1, 1), the same in every run. */
export function random(): f64 {
  state = state * 1664525 + 1013904223;
  return <f64>state / 2147483648.0 - 1.0;
}

/** Memory for n numbers, `offset` bytes past a 16-byte boundary; filled with random numbers in ±scale. */
export function operand<T>(n: i32, offset: usize = 0, scale: f64 = 1): usize {
  const bytes = <usize>n * sizeof<T>();
  const base = __alloc(bytes + 3 * GUARD + offset);
  const p = ((base + GUARD + 15) & ~(<usize>15)) + offset;
  memory.fill(p - GUARD, GUARD_BYTE, bytes + 2 * GUARD);
  for (let i = 0; i < n; i++) put<T>(p, i, scale * random());
  return p;
}

/** Whether the guard bytes around the n numbers at p are as `operand` left them. */
export function isFramed<T>(p: usize, n: i32): bool {
  const end = p + <usize>n * sizeof<T>();
  for (let i: usize = 0; i < GUARD; i++) {
    if (load<u8>(p - GUARD + i) != GUARD_BYTE || load<u8>(end + i) != GUARD_BYTE) return false;
  }
  return true;
}

// @ts-ignore: decorator
@inline
export function get<T>(p: usize, i: i32): f64 {
  return <f64>load<T>(p + <usize>i * sizeof<T>());
}

// @ts-ignore: decorator
@inline
export function put<T>(p: usize, i: i32, value: f64): void {
  store<T>(p + <usize>i * sizeof<T>(), <T>value);
}

/** A copy of the n numbers at p, without guards. */
export function copyOf<T>(p: usize, n: i32): usize {
  const to = __alloc(<usize>n * sizeof<T>() + 16);
  memory.copy(to, p, <usize>n * sizeof<T>());
  return to;
}

/** |value − (hi + lo)| in units in the last place of T at hi, subnormal numbers included; ∞ for a NaN. */
export function ulps<T>(value: f64, hi: f64, lo: f64 = 0): f64 {
  const difference = abs(value - hi - lo);
  if (isNaN(difference)) return Infinity;
  const exponent = max(<i32>((reinterpret<u64>(hi) >> 52) & 0x7ff), 1) - 1023;
  const last = sizeof<T>() == 4 ? max(exponent - 23, -149) : max(exponent - 52, -1074);
  // 2^-last in two factors, because 2^1074 overflows.
  return difference * power(-last / 2) * power(-last - -last / 2);
}

function power(n: i32): f64 {
  return reinterpret<f64>((<u64>(1023 + n)) << 52);
}

export function bits<T>(p: usize, i: i32): u64 {
  return sizeof<T>() == 4 ? <u64>load<u32>(p + <usize>i * 4) : load<u64>(p + <usize>i * 8);
}
