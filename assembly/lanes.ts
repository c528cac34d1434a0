// SIMD lanes: one spelling for f32x4 and f64x2. Every kernel is generic over T = f32 | f64 and is
// instantiated for both in index.ts.

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
