// The controller against the formulas of the literature, written out with Math.pow.
import { controlSquare } from "../../assembly/controller";
import { close, reserve, seed, uniform } from "./vectors";

const memory_ = reserve(80);

const MIN_FACTOR = 0.2;
const MAX_FACTOR = 10.0;
const SAFETY = 0.9;
const LEAST_ACCEPTED = 0.95;

function control(controller: usize, r: f64): f64 {
  return controlSquare(controller, r * r);
}

function setController(p: f64, i: f64, d: f64, k: f64): void {
  store<f64>(memory_, (p + i + d) / k, 0);
  store<f64>(memory_, -(p + 2 * d) / k, 8);
  store<f64>(memory_, d / k, 16);
  store<f64>(memory_, SAFETY, 24);
  store<f64>(memory_, MIN_FACTOR, 32);
  store<f64>(memory_, MAX_FACTOR, 40);
  store<f64>(memory_, 0, 48);
  store<f64>(memory_, 0, 56);
  store<f64>(memory_, LEAST_ACCEPTED, 72);
}

// The errors of the last two accepted steps, 1 before there are any.
let last: f64 = 1;
let beforeLast: f64 = 1;

/** Söderlind's PID as diffrax writes it: inverse errors to the powers β, clipped by the fate of the step; negative if it is rejected. */
function reference(p: f64, i: f64, d: f64, k: f64, r: f64): f64 {
  const factor =
    SAFETY *
    Math.pow(1 / r, (p + i + d) / k) *
    Math.pow(1 / last, -(p + 2 * d) / k) *
    Math.pow(1 / beforeLast, d / k);
  const accepted = r <= 1;
  if (accepted) {
    beforeLast = last;
    last = r;
  }
  const least = accepted ? LEAST_ACCEPTED : MIN_FACTOR;
  const most = accepted ? MAX_FACTOR : SAFETY;
  const clipped = Math.min(Math.max(factor, least), most);
  return accepted ? clipped : -clipped;
}

/** How many of the factors over a random history of accepted and rejected steps are off. */
function wrong(p: f64, i: f64, d: f64, k: f64): i32 {
  setController(p, i, d, k);
  last = 1;
  beforeLast = 1;
  let bad = 0;
  for (let n = 0; n < 300; n++) {
    const r = Math.pow(10, uniform() * (n % 3 == 0 ? 6 : 1));
    if (!close(control(memory_, r), reference(p, i, d, k, r), 1e-10)) bad++;
  }
  return bad;
}

describe("control", () => {
  beforeEach(() => seed(5));

  it("follows the I, PI and PID formulas over accepted and rejected steps", () => {
    expect<i32>(wrong(0, 1, 0, 5)).toBe(0, "I");
    expect<i32>(wrong(0.4, 0.3, 0, 5)).toBe(0, "PI");
    expect<i32>(wrong(0.4, 0.3, 0, 2)).toBe(0, "PI, order 2");
    expect<i32>(wrong(0.1, 0.4, 0.1, 3)).toBe(0, "PID");
    expect<i32>(wrong(0.2, 0.3, -0.05, 8)).toBe(0, "PID, order 8");
  });

  it("keeps the factor after an accepted step between its bounds", () => {
    setController(0, 1, 0, 5);
    expect<f64>(control(memory_, 1)).toBe(LEAST_ACCEPTED);
    const r = 0.7;
    expect<bool>(close(control(memory_, r), SAFETY * Math.pow(r, -0.2), 1e-10)).toBe(true);
    expect<f64>(control(memory_, 1e-30)).toBe(MAX_FACTOR);
    expect<f64>(control(memory_, f64.MIN_VALUE)).toBe(MAX_FACTOR);
  });

  it("shrinks a rejected step by safety at least and minFactor at most", () => {
    setController(0, 1, 0, 5);
    expect<f64>(control(memory_, 1.0000000000000002)).toBe(-SAFETY);
    expect<f64>(control(memory_, 1e30)).toBe(-MIN_FACTOR);
    expect<f64>(control(memory_, f64.MAX_VALUE)).toBe(-MIN_FACTOR);
    // History alone would let this one grow.
    setController(0.9, 0.1, 0, 2);
    store<f64>(memory_, -20, 48);
    expect<f64>(control(memory_, 2)).toBe(-SAFETY);
  });

  it("takes NaN and ∞ for rejections at minFactor", () => {
    setController(0.4, 0.3, 0, 5);
    expect<f64>(control(memory_, NaN)).toBe(-MIN_FACTOR);
    expect<f64>(control(memory_, Infinity)).toBe(-MIN_FACTOR);
  });

  it("takes no error at all for an acceptance at maxFactor", () => {
    setController(0.4, 0.3, 0, 5);
    expect<f64>(control(memory_, 0)).toBe(MAX_FACTOR);
    expect<f64>(control(memory_, 0)).toBe(MAX_FACTOR);
    const next = control(memory_, 0.5);
    expect<bool>(next >= LEAST_ACCEPTED && next <= MAX_FACTOR).toBe(true);
  });

  it("keeps the error for whoever asks why", () => {
    setController(0.4, 0.3, 0, 5);
    control(memory_, 3);
    expect<f64>(load<f64>(memory_, 64)).toBe(3);
    control(memory_, NaN);
    expect<f64>(load<f64>(memory_, 64)).toBeNaN();
  });

  it("remembers accepted steps only", () => {
    setController(0.4, 0.3, 0.1, 5);
    control(memory_, 0.5);
    control(memory_, 0.25);
    control(memory_, 30);
    control(memory_, NaN);
    control(memory_, Infinity);
    expect<bool>(close(load<f64>(memory_, 48), Math.log(4), 1e-15)).toBe(true);
    expect<bool>(close(load<f64>(memory_, 56), Math.log(2), 1e-15)).toBe(true);
  });
});
