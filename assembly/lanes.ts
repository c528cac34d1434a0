// SIMD lanes: one spelling for f32x4 and f64x2. Every kernel is generic over T = f32 | f64 and is
// instantiated for both in exports/.

/** How many T fit a 128-bit vector: 4 for f32, 2 for f64. */
// @ts-ignore: decorator
@inline
export function lanes<T>(): i32 {
  return 16 / <i32>sizeof<T>();
}

/** a·b + c: fused where the build has relaxed SIMD, otherwise rounded twice. */
// @ts-ignore: decorator
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

// 1 + 2⁻¹² and 1 + 2⁻¹¹, read from memory, so that the compiler leaves the answer to the engine.
const SQUARED = memory.data<f32>([1.000244140625, 1.00048828125], 16);

/** Whether `madd` rounds once: of (1 + 2⁻¹²)² − (1 + 2⁻¹¹) = 2⁻²⁴ nothing is left otherwise. */
export function fuses(): bool {
  const x = v128.load_splat<f32>(SQUARED);
  const rest = madd<f32>(x, x, v128.neg<f32>(v128.load_splat<f32>(SQUARED, 4)));
  return f32x4.extract_lane(rest, 0) != 0;
}

/**
 * a·b + c, rounded twice in every build: for what waits for memory anyway, where fusing would gain nothing but other bits.
 */
// @ts-ignore: decorator
@inline
export function mulAdd<T>(a: v128, b: v128, c: v128): v128 {
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** Sum of all lanes, in a fixed order so that results do not depend on the build's optimiser. */
// @ts-ignore: decorator
@inline
export function horizontalSum<T>(v: v128): T {
  if (sizeof<T>() == 8) return <T>(f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1));
  return <T>(
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The first `count` elements at an address, zeros behind them, without reading past them; 1 ≤ count ≤ lanes. */
// @ts-ignore: decorator
@inline
export function loadPart<T>(address: usize, count: i32): v128 {
  if (count == lanes<T>()) return v128.load(address);
  if (sizeof<T>() == 8) return v128.load64_zero(address);
  if (count == 1) return v128.load32_zero(address);
  const two = v128.load64_zero(address);
  return count == 2 ? two : v128.load_lane<f32>(address + 8, two, 2);
}

/** Stores the first `count` elements, and nothing behind them. */
// @ts-ignore: decorator
@inline
export function storePart<T>(address: usize, v: v128, count: i32): void {
  if (count == lanes<T>()) {
    v128.store(address, v);
    return;
  }
  if (sizeof<T>() == 8 || count >= 2) v128.store64_lane(address, v, 0);
  else v128.store32_lane(address, v, 0);
  if (sizeof<T>() == 4 && count == 3) v128.store32_lane(address + 8, v, 2);
}
