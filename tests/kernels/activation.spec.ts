// Activations against tables of 60-digit values, at special values, and for every tail.
import { activationF32, activationF64, activationGradientF32, activationGradientF64 } from "../../assembly/exports/networks";
import { keepsArgument } from "../../assembly/activation";
import { ELU, GELU, IDENTITY, RELU, SIGMOID, SILU, SOFTPLUS, TANH } from "../../ts/fields/descriptor-layout";
import { COLUMNS, TABLE } from "./activation-table";
import { bits, copyOf, get, isFramed, operand, put, ulps } from "./operands";

function activation<T>(kind: i32, out: usize, x: usize, n: i32): void {
  if (sizeof<T>() == 4) activationF32(kind, out, x, n);
  else activationF64(kind, out, x, n);
}

function gradient<T>(kind: i32, delta: usize, kept: usize, n: i32): void {
  if (sizeof<T>() == 4) activationGradientF32(kind, delta, kept, n);
  else activationGradientF64(kind, delta, kept, n);
}

function columnOf(kind: i32): i32 {
  switch (kind) {
    case TANH:
      return 0;
    case SOFTPLUS:
      return 1;
    case SIGMOID:
      return 2;
    case SILU:
      return 3;
    case ELU:
      return 4;
    default:
      return 5;
  }
}

/** act of one number. */
function at<T>(kind: i32, x: f64): f64 {
  const p = operand<T>(1);
  put<T>(p, 0, x);
  activation<T>(kind, p, p, 1);
  return get<T>(p, 0);
}

/** act′ of one number. */
function slopeAt<T>(kind: i32, x: f64): f64 {
  const p = operand<T>(1);
  const delta = operand<T>(1);
  put<T>(p, 0, x);
  put<T>(delta, 0, 1);
  if (!keepsArgument(kind)) activation<T>(kind, p, p, 1);
  gradient<T>(kind, delta, p, 1);
  return get<T>(delta, 0);
}

function worstValue<T>(kind: i32): f64 {
  let worst: f64 = 0;
  for (let i = 0; i < TABLE.length; i += COLUMNS) {
    const c = i + 1 + 2 * columnOf(kind);
    worst = max(worst, ulps<T>(at<T>(kind, TABLE[i]), TABLE[c], TABLE[c + 1]));
  }
  return worst;
}

/** Largest absolute error of the derivative in units of the precision's epsilon. */
function worstSlope<T>(kind: i32): f64 {
  let worst: f64 = 0;
  for (let i = 0; i < TABLE.length; i += COLUMNS) {
    const error = abs(slopeAt<T>(kind, TABLE[i]) - TABLE[i + 13 + columnOf(kind)]);
    worst = max(worst, isNaN(error) ? Infinity : error);
  }
  return worst / (sizeof<T>() == 4 ? <f64>f32.EPSILON : f64.EPSILON);
}

/** Every length to 70 gives the bits of the single elements, writes nothing else, and may work in place. */
function tailsAgree<T>(kind: i32): bool {
  for (let n = 0; n <= 70; n++) {
    const x = operand<T>(n, (n & 1) * sizeof<T>(), 5);
    const out = operand<T>(n, 0);
    const delta = operand<T>(n, 8);
    const before = copyOf<T>(delta, n);
    activation<T>(kind, out, x, n);
    const kept = keepsArgument(kind) ? x : out;
    gradient<T>(kind, delta, kept, n);
    if (!isFramed<T>(out, n) || !isFramed<T>(x, n) || !isFramed<T>(delta, n)) return false;
    for (let i = 0; i < n; i++) {
      const one = operand<T>(1);
      put<T>(one, 0, get<T>(x, i));
      activation<T>(kind, one, one, 1);
      if (bits<T>(one, 0) != bits<T>(out, i)) return false;
      put<T>(one, 0, get<T>(before, i));
      gradient<T>(kind, one, kept + <usize>i * sizeof<T>(), 1);
      if (bits<T>(one, 0) != bits<T>(delta, i)) return false;
    }
    activation<T>(kind, x, x, n);
    if (memory.compare(x, out, <usize>n * sizeof<T>()) != 0) return false;
  }
  return true;
}

function isNegativeZero(x: f64): bool {
  return reinterpret<u64>(x) == 0x8000000000000000;
}

/** Limits at ±∞: values below and above, slopes below and above. */
function expectLimits<T>(kind: i32, below: f64, above: f64, slopeBelow: f64, slopeAbove: f64): void {
  expect<f64>(at<T>(kind, -Infinity)).toBe(below, "at −∞");
  expect<f64>(at<T>(kind, Infinity)).toBe(above, "at +∞");
  expect<f64>(slopeAt<T>(kind, -Infinity)).toBe(slopeBelow, "slope at −∞");
  expect<f64>(slopeAt<T>(kind, Infinity)).toBe(slopeAbove, "slope at +∞");
}

function expectSpecials<T>(): void {
  for (let kind = IDENTITY; kind <= GELU; kind++) {
    expect<f64>(at<T>(kind, NaN)).toBeNaN("kind " + kind.toString());
    // As the middle one of a vector.
    const n = 8;
    const x = operand<T>(n);
    put<T>(x, 2, NaN);
    activation<T>(kind, x, x, n);
    for (let i = 0; i < n; i++) expect<bool>(isNaN(get<T>(x, i))).toBe(i == 2, "lane " + i.toString());
    if (kind != IDENTITY && kind != RELU) expect<f64>(slopeAt<T>(kind, NaN)).toBeNaN("slope of kind " + kind.toString());
  }
  const odd: StaticArray<i32> = [TANH, RELU, ELU, GELU, SILU, IDENTITY];
  for (let i = 0; i < odd.length; i++) {
    const name = "kind " + odd[i].toString();
    expect<f64>(at<T>(odd[i], 0)).toBe(0, name);
    expect<bool>(isNegativeZero(at<T>(odd[i], 0))).toBe(false, name);
    expect<bool>(isNegativeZero(at<T>(odd[i], -0.0))).toBe(true, name);
  }
  expectLimits<T>(TANH, -1, 1, 0, 0);
  expectLimits<T>(RELU, 0, Infinity, 0, 1);
  expectLimits<T>(SOFTPLUS, 0, Infinity, 0, 1);
  expectLimits<T>(SIGMOID, 0, 1, 0, 0);
  expectLimits<T>(SILU, -0.0, Infinity, 0, 1);
  expectLimits<T>(ELU, -1, Infinity, 0, 1);
  expectLimits<T>(GELU, -0.0, Infinity, -0.0, 1);
  expectLimits<T>(IDENTITY, -Infinity, Infinity, 1, 1);
  // The smallest subnormal and the largest.
  const least: f64 = sizeof<T>() == 4 ? <f64>reinterpret<f32>(1) : reinterpret<f64>(1);
  const most: f64 = sizeof<T>() == 4 ? <f64>reinterpret<f32>(0x7fffff) : reinterpret<f64>(0x000fffffffffffff);
  expect<f64>(at<T>(TANH, least)).toBe(least);
  expect<f64>(at<T>(TANH, -least)).toBe(-least);
  expect<f64>(ulps<T>(at<T>(TANH, most), most)).toBeLessThan(1.01);
  expect<f64>(at<T>(ELU, -most)).toBe(-most);
  expect<f64>(at<T>(RELU, least)).toBe(least);
  expect<f64>(at<T>(RELU, -least)).toBe(0);
  expect<f64>(slopeAt<T>(RELU, least)).toBe(1);
  expect<f64>(slopeAt<T>(RELU, -least)).toBe(0);
  // Results that are subnormal: e^x where x = −100 (f32), −740 (f64).
  const far: f64 = sizeof<T>() == 4 ? -100 : -740;
  const tiny: f64 = sizeof<T>() == 4 ? 3.720075976020836e-44 : 4.19955798965060e-322;
  expect<f64>(ulps<T>(at<T>(SOFTPLUS, far), tiny)).toBeLessThan(1.01);
  expect<f64>(ulps<T>(at<T>(SIGMOID, far), tiny)).toBeLessThan(1.01);
}

/** tanh over a fine sweep: odd to the bit and within [−1, 1]. */
function tanhIsOddAndBounded<T>(): bool {
  for (let i = 0; i < 100000; i++) {
    const x = <f64>i * 1.3e-4;
    const y = tanhAt<T>(x);
    if (!(y >= 0 && y <= 1) || tanhAt<T>(-x) != -y) return false;
  }
  return true;
}

const cell = operand<f64>(1);
function tanhAt<T>(x: f64): f64 {
  put<T>(cell, 0, x);
  activation<T>(TANH, cell, cell, 1);
  return get<T>(cell, 0);
}

describe("activation values", () => {
  test("float32: within the stated ulp bounds", () => {
    expect<f64>(worstValue<f32>(TANH)).toBeLessThan(5.4);
    expect<f64>(worstValue<f32>(SOFTPLUS)).toBeLessThan(1.7);
    expect<f64>(worstValue<f32>(SIGMOID)).toBeLessThan(2.5);
    expect<f64>(worstValue<f32>(SILU)).toBeLessThan(3.1);
    expect<f64>(worstValue<f32>(ELU)).toBeLessThan(1.2);
    expect<f64>(worstValue<f32>(GELU)).toBeLessThan(5.5);
  });
  test("float64: within the stated ulp bounds", () => {
    expect<f64>(worstValue<f64>(TANH)).toBeLessThan(1.7);
    expect<f64>(worstValue<f64>(SOFTPLUS)).toBeLessThan(1.7);
    expect<f64>(worstValue<f64>(SIGMOID)).toBeLessThan(2.5);
    expect<f64>(worstValue<f64>(SILU)).toBeLessThan(3.1);
    expect<f64>(worstValue<f64>(ELU)).toBeLessThan(1.2);
    expect<f64>(worstValue<f64>(GELU)).toBeLessThan(5.0);
  });
  test("tanh is odd and bounded", () => {
    expect<bool>(tanhIsOddAndBounded<f32>()).toBe(true);
    expect<bool>(tanhIsOddAndBounded<f64>()).toBe(true);
  });
});

describe("activation derivatives", () => {
  test("float32", () => {
    expect<f64>(worstSlope<f32>(TANH)).toBeLessThan(6);
    for (let kind = SOFTPLUS; kind <= GELU; kind++) expect<f64>(worstSlope<f32>(kind)).toBeLessThan(2, "kind " + kind.toString());
  });
  test("float64", () => {
    for (let kind = SOFTPLUS; kind <= GELU; kind++) expect<f64>(worstSlope<f64>(kind)).toBeLessThan(2, "kind " + kind.toString());
    expect<f64>(worstSlope<f64>(TANH)).toBeLessThan(2);
  });
});

describe("activations at special values", () => {
  test("float32", () => expectSpecials<f32>());
  test("float64", () => expectSpecials<f64>());
});

describe("activation tails", () => {
  test("lengths 0 … 70, any alignment", () => {
    for (let kind = IDENTITY; kind <= GELU; kind++) {
      expect<bool>(tailsAgree<f32>(kind)).toBe(true, "float32, kind " + kind.toString());
      expect<bool>(tailsAgree<f64>(kind)).toBe(true, "float64, kind " + kind.toString());
    }
  });
});
