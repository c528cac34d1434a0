// Whether numbers are finite.
import { horizontalSum } from "./lanes";

/** 1 if all n elements are finite, else 0: x − x is 0 only for finite x. */
export function allFinite<T>(x: usize, n: i32): i32 {
  const bytes = <usize>n * sizeof<T>();
  let s0 = v128.splat<T>(0);
  let s1 = s0;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const v = v128.load(x + i);
    const w = v128.load(x + i, 16);
    s0 = v128.add<T>(s0, v128.sub<T>(v, v));
    s1 = v128.add<T>(s1, v128.sub<T>(w, w));
  }
  for (; i < bytes; i += sizeof<T>()) {
    const v = v128.splat<T>(load<T>(x + i));
    s0 = v128.add<T>(s0, v128.sub<T>(v, v));
  }
  return horizontalSum<T>(v128.add<T>(s0, s1)) == 0 ? 1 : 0;
}
