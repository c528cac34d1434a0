// A field as the text of a WGSL function, for shaders of one's own. WGSL has float32 only, and of the functions of Math those
// that its specification has, which promises little of some (sine and cosine: 2⁻¹¹); the others are written out.
import { invalid } from "../../base/errors.ts";
import type { Operation } from "../graph/operations.ts";
import { type Language, statementsOf } from "./javascript.ts";

const LARGEST = 3.4028234663852886e38;

/** Series near 0, where differences of WGSL's own functions lose digits, and powers of numbers below 0. */
const FUNCTIONS: Record<string, string> = {
  // The sign of x where y is odd; no number where x < 0 and y is none.
  power: `(x: f32, y: f32) -> f32 {
let s = select(pow(abs(x), y), 1.0, y == 0.0);
return select(s, select(sqrt(x), select(s, -s, abs(y) % 2.0 == 1.0), floor(y) == y), x < 0.0);
}`,
  logOnePlus:
    "(x: f32) -> f32 { return select(log(1.0 + x), x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * 0.2)))), abs(x) < 0.1); }",
  expMinusOne:
    "(x: f32) -> f32 { return select(exp(x) - 1.0, x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x / 24.0))), abs(x) < 0.1); }",
};

/** What is not written as in JavaScript. */
const OWN: Record<string, (a: string, b: string, c: string) => string> = {
  "===": (a, b) => `(${a}==${b})`,
  select: (a, b, c) => `select(${c},${b},${a})`,
  fround: (a) => a,
  round: (a) => `floor(${a}+0.5)`,
  hypot: (a, b) => `length(vec2<f32>(${a},${b}))`,
  log10: (a) => `(log2(${a})*0.30103)`,
  // It may be written as a quotient of exponentials, which overflow.
  tanh: (a) => `tanh(clamp(${a},-10.0,10.0))`,
  cbrt: (a) => `(sign(${a})*power(abs(${a}),1.0/3.0))`,
  pow: (a, b) => `power(${a},${b})`,
  log1p: (a) => `logOnePlus(${a})`,
  expm1: (a) => `expMinusOne(${a})`,
};

const WGSL: Language = {
  word: "let",
  literal(value) {
    if (!(Math.abs(value) <= LARGEST)) throw invalid('text("wgsl")', value, "numbers that float32 has");
    return `(${Math.fround(value)}f)`;
  },
  text: ({ name, text }: Operation, a, b, c) => OWN[name]?.(a, b, c) ?? text(a, b, c).replace("Math.", ""),
};

/** The text of `fn f(t, y, p) -> dy`, on arrays of so many numbers; without p where there are no parameters. */
export function wgslOf(
  steps: Parameters<typeof statementsOf>[0],
  { dim, outputs, parameters }: { dim: number; outputs: number; parameters: number },
): string {
  const element = (array: string, index: number): string => (array === "t" ? "t" : `${array}[${index}]`);
  const body = statementsOf(steps, element, WGSL).join("\n");
  const given = ["t: f32", `y: array<f32, ${dim}>`, ...(parameters > 0 ? [`p: array<f32, ${parameters}>`] : [])];
  const needed = Object.entries(FUNCTIONS).filter(([name]) => body.includes(`${name}(`));
  const result = `array<f32, ${outputs}>`;
  return [
    ...needed.map(([name, text]) => `fn ${name}${text}`),
    `fn f(${given.join(", ")}) -> ${result} {\nvar dy: ${result};\n${body}\nreturn dy;\n}`,
  ].join("\n");
}
