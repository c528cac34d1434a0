// What kernel tests stand on: raw memory at chosen addresses, reproducible numbers, and comparisons that know NaN and −0.

/** `bytes` of memory at an address that is a multiple of 64. */
export function reserve(bytes: usize): usize {
  return (heap.alloc(bytes + 64) + 63) & ~(<usize>63);
}

/** An address whose next `bytes` are the last ones of the memory: a kernel that reads one byte more traps. */
export function reserveAtEnd(bytes: usize): usize {
  memory.grow(<i32>((bytes + 65535) >> 16));
  return (<usize>memory.size() << 16) - bytes;
}

let state: u64 = 0x9e37_79b9_7f4a_7c15;

/** Starts the sequence of `uniform` anew. */
export function seed(value: u64): void {
  state = value * 0x9e37_79b9_7f4a_7c15 + 1;
}

/** Pseudorandom bits (xorshift64*, Vigna 2016). */
export function bits(): u64 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545_f491_4f6c_dd1d;
}

/** A pseudorandom number in [−1, 1). */
export function uniform(): f64 {
  return <f64>(<i64>(bits() >> 11)) / 4503599627370496.0 - 1.0;
}

/** A pseudorandom integer in [0, n). */
export function below(n: i32): i32 {
  return <i32>((bits() >> 33) % <u64>n);
}

/** One of the numbers that break kernels: NaN, ±0, denormals, infinities, the largest and smallest finite ones. */
export function special<T>(which: i32): T {
  const single = sizeof<T>() == 4;
  if (which == 0) return <T>NaN;
  if (which == 1) return <T>0;
  if (which == 2) return <T>-0.0;
  if (which == 3) return single ? <T>f32.MIN_VALUE : <T>f64.MIN_VALUE;
  if (which == 4) return single ? <T>-1.0e-40 : <T>-1.0e-310;
  if (which == 5) return <T>Infinity;
  if (which == 6) return <T>-Infinity;
  if (which == 7) return single ? <T>f32.MAX_VALUE : <T>f64.MAX_VALUE;
  if (which == 8) return single ? <T>f32.MIN_NORMAL_VALUE : <T>f64.MIN_NORMAL_VALUE;
  return <T>1;
}
export const SPECIALS: i32 = 10;

/** Same bits, or both NaN (whose payload no standard fixes). */
export function same<T>(a: T, b: T): bool {
  if (isNaN<T>(a)) return isNaN<T>(b);
  if (sizeof<T>() == 8) return reinterpret<u64>(<f64>a) == reinterpret<u64>(<f64>b);
  return reinterpret<u32>(<f32>a) == reinterpret<u32>(<f32>b);
}

/** Element i of the vector at p. */
// @ts-ignore: decorator
@inline
export function get<T>(p: usize, i: i32): T {
  return load<T>(p + <usize>i * sizeof<T>());
}

// @ts-ignore: decorator
@inline
export function set<T>(p: usize, i: i32, value: T): void {
  store<T>(p + <usize>i * sizeof<T>(), value);
}

/** |a − b| ≤ tolerance · |b|; equal infinities and two NaN are close. */
export function close(a: f64, b: f64, tolerance: f64): bool {
  return same<f64>(a, b) || Math.abs(a - b) <= tolerance * Math.abs(b);
}
