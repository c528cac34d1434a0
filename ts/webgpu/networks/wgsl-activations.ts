// The activations of `mlp` in WGSL. As in the WebAssembly kernels, what a forward pass keeps of a hidden layer is the value
// where the derivative is a function of it, and the argument for silu and gelu, which are not monotone.
// WGSL promises little of its own tanh, log and of sums like 1 − exp(x), so these are written out.
import type { Activation } from "../../fields/mlp.ts";

/** What a forward pass keeps of z; what the next layer is fed with, from what was kept; and the derivative, from it too. */
interface WgslActivation {
  readonly functions?: string;
  readonly keep: string;
  readonly feed?: string;
  readonly slope: string;
}

// The formula and coefficients of assembly/tanh.ts.
const TANH = /* wgsl */ `
fn hyperbolicTangent(x: f32) -> f32 {
  let c = clamp(x, -8.73062611, 8.73062611);
  let z = c * c;
  let p = (((2.66918381e-8 * z + 3.89163979e-5) * z + 0.00639700564) * z + 0.241588548) * z + 1.79858851;
  let q = (((1.5055183e-6 * z + 0.000609079842) * z + 0.0469580516) * z + 0.841117918) * z + 1.79858863;
  return clamp(c * p / q, -1.0, 1.0);
}`;

const LOGISTIC = /* wgsl */ `
fn logistic(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}`;

// log(1 + e) = 2 artanh(e / (2 + e)); the series is cut where it no longer counts for e ≤ 1.
const SOFTPLUS = /* wgsl */ `
fn softplus(x: f32) -> f32 {
  let e = exp(-abs(x));
  let s = e / (2.0 + e);
  let z = s * s;
  let tail = (((((z / 15.0 + 1.0 / 13.0) * z + 1.0 / 11.0) * z + 1.0 / 9.0) * z + 1.0 / 7.0) * z + 0.2) * z + 1.0 / 3.0;
  return max(x, 0.0) + 2.0 * s * (1.0 + z * tail);
}`;

// For x ≤ 0; the series is needed near 0 only, where the difference cancels.
const EXP_MINUS_ONE = /* wgsl */ `
fn expMinusOne(x: f32) -> f32 {
  let r = ((((x / 5040.0 + 1.0 / 720.0) * x + 1.0 / 120.0) * x + 1.0 / 24.0) * x + 1.0 / 6.0) * x + 0.5;
  return select(exp(x) - 1.0, x + x * x * r, x > -0.4);
}`;

// Φ(−a) = exp(−a²/2) G(a), and the coefficients of G, are those of assembly/gelu.ts.
const NORMAL = /* wgsl */ `
fn lowerTail(a: f32) -> f32 {
  let u = (a - 3.0) / (a + 3.0);
  var g = 5.517462393839631925e-5;
  g = g * u + 0.0001328259086515935741;
  g = g * u - 0.0002444839420897951212;
  g = g * u - 0.001033891348137211558;
  g = g * u + 0.001024157668223903373;
  g = g * u + 0.006969689543171249734;
  g = g * u - 0.01046231115790783423;
  g = g * u - 0.04726272768935713805;
  g = g * u + 0.2300176797129640289;
  g = g * u - 0.5093319902413000678;
  g = g * u + 0.7290836906652955264;
  return exp(-0.5 * a * a) * g / (a + 3.0);
}
fn normal(x: f32) -> f32 {
  let below = lowerTail(min(abs(x), 14.0));
  return select(1.0 - below, below, x < 0.0);
}
fn density(x: f32) -> f32 {
  return 0.3989422804014327 * exp(-0.5 * x * x);
}`;

const ACTIVATIONS: Record<Activation, WgslActivation> = {
  identity: { keep: "z", slope: "1.0" },
  tanh: { functions: TANH, keep: "hyperbolicTangent(z)", slope: "1.0 - kept * kept" },
  relu: { keep: "max(z, 0.0)", slope: "select(0.0, 1.0, kept > 0.0)" },
  // 1 − e^(−y)
  softplus: { functions: SOFTPLUS + EXP_MINUS_ONE, keep: "softplus(z)", slope: "-expMinusOne(-kept)" },
  sigmoid: { functions: LOGISTIC, keep: "logistic(z)", slope: "kept * (1.0 - kept)" },
  silu: {
    functions: LOGISTIC,
    keep: "z",
    feed: "kept * logistic(kept)",
    slope: "logistic(kept) * (1.0 + kept * logistic(-kept))",
  },
  elu: {
    functions: EXP_MINUS_ONE,
    keep: "select(expMinusOne(min(z, 0.0)), z, z > 0.0)",
    slope: "1.0 + min(kept, 0.0)",
  },
  gelu: { functions: NORMAL, keep: "z", feed: "kept * normal(kept)", slope: "normal(kept) + kept * density(kept)" },
};

/** What the next layer is fed with where the layer before has kept `value`. */
export const feedOf = (activation: Activation, value: string): string =>
  ACTIVATIONS[activation].feed === undefined ? value : `feed(${value})`;

/** The functions `keep(z)`, `feed(kept)` and `slope(kept)`. */
export function wgslOf(activation: Activation): string {
  const { functions = "", keep, feed = "kept", slope } = ACTIVATIONS[activation];
  return /* wgsl */ `${functions}
fn keep(z: f32) -> f32 { return ${keep}; }
fn feed(kept: f32) -> f32 { return ${feed}; }
fn slope(kept: f32) -> f32 { return ${slope}; }
`;
}
