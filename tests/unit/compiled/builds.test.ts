// The corpus in every build: as source, bundled, and minified by whatever is installed, each equation is right or refused.
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { SolveError } from "../../../ts/index.ts";
import { evaluated, type Point } from "../../fuzz/evaluation.ts";
import { minifiers } from "../../fuzz/minifiers.ts";
import { corpus } from "./corpus.ts";
import type { Entry } from "./corpus-entry.ts";

type Corpus = Record<string, Entry>;

/** The corpus as esbuild bundles it with these options, and `after` changes it further. */
async function built(options: BuildOptions, after = async (text: string) => text): Promise<Corpus> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'import { corpus } from "./corpus.ts"; globalThis.corpus = corpus;',
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    logLevel: "silent",
    tsconfigRaw: {},
    ...options,
  });
  const scope: { corpus?: Corpus } = {};
  new Function("globalThis", await after(outputFiles![0]!.text))(scope);
  return scope.corpus!;
}

const points = ({ dim, y = new Array<number>(dim).fill(1) }: Entry): Point[] =>
  [0, 1, 2, 3, 4].map((k) => ({ t: 0.2 * k, y: y.map((x, i) => x * (1 + 0.3 * Math.sin(5 * k + 2 * i))) }));

/** "right", "wrong: …", or the reason of a refusal. */
function judge(name: string, { f, dim, params, uses }: Entry): string {
  const original = corpus[name]!;
  const given = { dim, ...(params && { params }), ...(uses && { uses }) };
  let field: ReturnType<typeof evaluated> | undefined;
  try {
    const made = compiled(f as never, given as never);
    field = evaluated(made, dim);
    for (const point of points(original)) {
      const expected = new Float64Array(dim);
      const argument = made.named();
      const result = original.f(point.t, Float64Array.from(point.y), expected, argument);
      const values = Array.from(result ?? expected);
      const size = Math.max(...values.map(Math.abs));
      const got = field.value(point);
      for (let i = 0; i < dim; i++)
        if (!(Math.abs(got[i]! - values[i]!) <= 1e-13 * size)) return `wrong: dy[${i}] is ${got[i]}, not ${values[i]}`;
    }
    return "right";
  } catch (error) {
    if (!(error instanceof SolveError)) throw error;
    return error.message.includes("which f itself gives") ? `wrong: ${error.message}` : error.message;
  } finally {
    field?.release();
  }
}

const refusedBy = (all: Corpus): string[] =>
  Object.entries(all).flatMap(([name, entry]) => {
    const answer = judge(name, entry);
    return answer === "right" ? [] : [`${name}: ${answer}`];
  });

it("has a corpus of sixty fields", () => {
  expect(Object.keys(corpus).length).toBeGreaterThanOrEqual(60);
});

describe("every equation is right", () => {
  it("as source", () => {
    expect(refusedBy(corpus)).toEqual([]);
  });

  it.each<[string, BuildOptions]>([
    ["bundled", {}],
    ["bundled and minified", { minify: true }],
    ["minified, keeping names", { minify: true, keepNames: true }],
    ["as a module of CommonJS", { format: "cjs" }],
    ["for ES2020", { target: "es2020", minify: true }],
  ])("%s by esbuild", async (_, options) => {
    expect(refusedBy(await built(options))).toEqual([]);
  });

  it("minified by every minifier that is installed", async () => {
    for (const [name, minify] of await minifiers()) {
      const all = await built({}, async (text) =>
        minify(`() => { ${text}; return globalThis.corpus; }`).then((f) => `(${f})()`),
      );
      expect([name, ...refusedBy(all)]).toEqual([name]);
    }
  });
});

describe("every equation is right or refused", () => {
  it("for ES2015, where patterns and powers become calls", async () => {
    const refused = refusedBy(await built({ target: "es2015", minify: true }));
    expect(refused.filter((reason) => reason.includes("wrong: "))).toEqual([]);
    expect(refused.length).toBeLessThan(20);
  });
});
