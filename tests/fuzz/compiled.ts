// Compiled fields under fuzz: random equations, as written and as every installed minifier leaves them, must compute what
// JavaScript computes, or be refused; and their derivatives must agree with differences and with each other.
import { compiled } from "../../ts/compiled/index.ts";
import { type Field, SolveError } from "../../ts/index.ts";
import { type RandomEquation, randomEquation } from "./equations.ts";
import { type Evaluated, evaluated, type Point } from "./evaluation.ts";
import { randomLoops } from "./loops.ts";
import { minifiers } from "./minifiers.ts";
import { wrongRow } from "./rows.ts";
import { wrongJacobian, wrongSecond } from "./second-order.ts";

export interface Finding {
  readonly seed: number;
  readonly minifier: string;
  readonly kind: "refused" | "wrong value" | "wrong derivative" | "crashed";
  readonly message: string;
  readonly text: string;
}

export interface FuzzReport {
  readonly programs: number;
  readonly functions: number;
  /** Points at which derivatives were compared. */
  readonly derivatives: number;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly seed: number;
  /** How many equations; without it, as many as fit in `seconds`. */
  readonly programs?: number;
  readonly seconds?: number;
}

const POINTS = 4;
const SMALL = 8;
const PARAMS = [0.7, -1.3, 0.4];

const pointsOf = (dim: number, seed: number): Point[] =>
  Array.from({ length: POINTS }, (_, k) => ({
    t: 0.3 * k + 0.05,
    y: Array.from({ length: dim }, (_, i) => Math.sin(seed + 7.1 * k + 3.3 * i) * (k + 0.7)),
  }));

const norm = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

function wrongValue(
  field: Evaluated,
  f: (...list: unknown[]) => void,
  dim: number,
  params: number,
  seed: number,
): string | undefined {
  for (const point of pointsOf(dim, seed)) {
    const expected = new Float64Array(dim);
    f(point.t, Float64Array.from(point.y), expected, Float64Array.from(PARAMS.slice(0, params)));
    const got = field.value(point);
    for (let i = 0; i < dim; i++) {
      const [a, b] = [got[i]!, expected[i]!];
      if (!Object.is(a, b) && !(Math.abs(a - b) <= 1e-9 * (1 + norm(Array.from(expected)))))
        return `dy[${i}] at ${JSON.stringify(point)} is ${a}, should be ${b}`;
    }
  }
  return undefined;
}

/** The VJP and the JVP against each other, to rounding, and against central differences where those have settled. */
function wrongDerivative(field: Evaluated, dim: number, params: number, seed: number): string | undefined {
  const [w, yDot] = [0, 1].map((k) => Array.from({ length: dim }, (_, i) => Math.cos(seed + 2.3 * k + 1.7 * i)));
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  for (const point of pointsOf(dim, seed)) {
    const pushed = dot(w!, field.jvp(point, yDot!));
    const bar = field.vjp(point, w!);
    const pulled = dot(bar.y, yDot!) + dot(bar.params, PARAMS.slice(0, params));
    const size = 1 + Math.abs(pushed) + norm([...bar.y, ...bar.params, 0]);
    if (!(Math.abs(pushed - pulled) <= 1e-10 * size) && !(Number.isNaN(pushed) && Number.isNaN(pulled)))
      return `w·(Jẏ + Fθ̇) at ${JSON.stringify(point)} is ${pushed}, but (Jᵀw)·ẏ + (Fᵀw)·θ̇ is ${pulled}`;
    const along = (h: number): number =>
      dot(w!, field.value({ ...point, y: point.y.map((x, i) => x + h * yDot![i]!) }));
    const central = (h: number): number => (along(h) - along(-h)) / (2 * h);
    const [fine, coarse] = [central(1e-6), central(2e-6)];
    // At a kink or a jump differences mean nothing.
    const settled = Math.abs(fine - coarse) <= 1e-6 * size;
    const expected = dot(bar.y, yDot!);
    if (settled && !(Math.abs(fine - expected) <= 1e-4 * size))
      return `the derivative at ${JSON.stringify(point)} is ${expected}, by differences ${fine}`;
  }
  return undefined;
}

/** The Jacobian and the second-order pass. */
function wrongSecondOrder(made: Field, dim: number, seed: number): string | undefined {
  const field = evaluated(made, dim);
  // Sums of a random program may cancel to a hundredth of what is added: 1e-14 of that is rounding.
  const wrong = pointsOf(dim, seed).map((point) => wrongJacobian(field, point, 100) ?? wrongSecond(made, point).wrong);
  field.release();
  return wrong.find((message) => message !== undefined);
}

function judge(
  { dim, params }: RandomEquation,
  text: string,
  seed: number,
  minifier: string,
): { kind: Finding["kind"]; message: string } | undefined {
  const f = new Function(`return (${text})`)() as (...list: unknown[]) => void;
  let field: Evaluated | undefined;
  try {
    const theta = PARAMS.slice(0, params);
    const made = compiled(f as never, { dim, params: theta });
    field = evaluated(made, dim, theta);
    const value = wrongValue(field, f, dim, params, seed);
    if (value) return { kind: "wrong value", message: value };
    const derivative = wrongDerivative(field, dim, params, seed);
    if (derivative) return { kind: "wrong derivative", message: derivative };
    // Second derivatives are straight-line code, for which large states say nothing more.
    const second = minifier === "source" && dim <= SMALL && wrongSecondOrder(made, dim, seed);
    if (second) return { kind: "wrong derivative", message: second };
    const row = minifier === "source" && wrongRow(made, dim, pointsOf(dim, seed).slice(0, 3));
    return row ? { kind: "wrong value", message: row } : undefined;
  } catch (error) {
    const { message, stack } = error as Error;
    if (!(error instanceof SolveError)) return { kind: "crashed", message: String(stack) };
    // What the self-check stops is not silent, but it is no refusal either.
    return { kind: message.includes("which f itself gives") ? "wrong value" : "refused", message };
  } finally {
    field?.release();
  }
}

/** Runs random equations from `seed` on; every other one has loops that can stay loops. */
export async function fuzz({
  seed,
  programs = Number.POSITIVE_INFINITY,
  seconds = 60,
}: FuzzOptions): Promise<FuzzReport> {
  const builds = await minifiers();
  const findings: Finding[] = [];
  const end = Date.now() + 1000 * seconds;
  let functions = 0;
  let done = 0;
  for (; done < programs && (programs !== Number.POSITIVE_INFINITY || Date.now() < end); done++) {
    const equation = done % 2 === 0 ? randomEquation(seed + done) : randomLoops(seed + done);
    const seen = new Set<string>();
    for (const [minifier, minify] of builds) {
      const text = await minify(equation.text);
      functions++;
      if (seen.has(text)) continue;
      seen.add(text);
      const found = judge(equation, text, seed + done, minifier);
      if (found) findings.push({ seed: seed + done, minifier, text, ...found });
    }
  }
  return { programs: done, functions, derivatives: functions * POINTS, findings };
}
