// citations(): BibTeX of what a solve uses.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PAPERS } from "../../ts/base/papers.ts";
import * as library from "../../ts/index.ts";
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  citations,
  continuous,
  dopri5,
  reverse,
  reversible,
  reversibleHeun,
  rungeKutta,
  type Solver,
  symplectic,
  tsit5,
} from "../../ts/index.ts";
import { failureOf } from "./errors.ts";
import { SOLVERS } from "./solver-list.ts";

const keysOf = (bibtex: string): string[] => Array.from(bibtex.matchAll(/^@\w+\{(\w+),$/gm), ([, key]) => key!);

const own = { order: 1, a: [[]], b: [1], c: [0] };
const entry = "@misc{mine,\n  author = {Me},\n  title = {A method},\n  year = {2026}\n}";

/** Every solver that the library exports. */
const solvers = Object.entries(library).filter((named): named is [string, Solver] => "scheme" in named[1]);

/** Every adjoint that the library exports from its room, with its default options. */
const adjoints = Array.from(
  readFileSync(new URL("../../ts/index.ts", import.meta.url), "utf8").matchAll(
    /^export \{([^}]*)\} from "\.\/adjoints\//gm,
  ),
  ([, names]) => names!.split(",").map((name) => name.trim()),
)
  .flat()
  .filter((name) => !name.startsWith("type "))
  .map((name): [string, Adjoint] => [name, (library as unknown as Record<string, () => Adjoint>)[name]!()]);

describe("every paper", () => {
  it.each(Object.entries(PAPERS))("%s is a complete BibTeX entry under its id", (id, text) => {
    expect(keysOf(text)).toEqual([id]);
    for (const field of ["author", "title", "year"]) expect(text).toMatch(new RegExp(`\\b${field} = \\{`));
    expect(text.split("{").length).toBe(text.split("}").length);
    expect(text.endsWith("\n}")).toBe(true);
  });
});

describe("no solver and no adjoint goes without a paper", () => {
  it("and none is overlooked here", () => {
    expect(solvers.map(([, solver]) => solver)).toEqual(expect.arrayContaining([...SOLVERS, reversibleHeun]));
    expect(SOLVERS.length).toBeGreaterThanOrEqual(15);
    expect(adjoints.map(([name]) => name).sort()).toEqual(
      expect.arrayContaining(["auto", "backprop", "checkpointed", "continuous", "reverse", "symplectic"]),
    );
  });

  it.each(solvers)("solver %s", (name, solver) => {
    expect(solver.name).toBe(name);
    expect(solver.papers.length).toBeGreaterThan(0);
    expect(keysOf(citations({ solver }))).toEqual(solver.papers);
  });

  it.each(adjoints)("adjoint %s", (name, adjoint) => {
    expect(adjoint.name).toBe(name);
    expect(adjoint.papers.length).toBeGreaterThan(0);
  });

  it("and no paper without either", () => {
    const used = [...solvers, ...adjoints].flatMap(([, { papers }]) => papers);
    expect(new Set(used)).toEqual(new Set(Object.keys(PAPERS)));
  });
});

describe("citations", () => {
  it.each([
    [backprop(), ["kidger2021thesis"]],
    [symplectic(), ["matsubara2021"]],
    [checkpointed(), ["griewank1992", "griewank2000", "wang2009"]],
    [continuous(), ["chen2018", "kidger2021seminorms"]],
    [continuous({ norm: "full" }), ["chen2018"]],
    [continuous({ norm: "full", solver: dopri5 }), ["chen2018", "dormand1980", "shampine1986"]],
    [reverse(), ["mccallum2024"]],
    [auto(), ["kidger2021thesis", "matsubara2021", "griewank1992", "griewank2000", "wang2009"]],
  ])("of adjoint $name follow the solver's", (adjoint, expected) => {
    expect(keysOf(citations({ solver: tsit5, adjoint }))).toEqual(["tsitouras2011", ...expected]);
  });

  it("of a reversible solver are those of both methods, each once", () => {
    const keys = keysOf(citations({ solver: reversible(dopri5), adjoint: reverse() }));
    expect(keys).toEqual(["dormand1980", "shampine1986", "mccallum2024"]);
  });

  it("are of tsit5 by default, as in solve", () => {
    expect(citations()).toBe(citations({ solver: tsit5 }));
    expect(keysOf(citations())).toEqual(["tsitouras2011"]);
  });

  it("of one's own coefficients are what they name, whatever they are called", () => {
    expect(citations({ solver: rungeKutta({ ...own, name: "tsit5" }) })).toBe("");
    const solver = rungeKutta({ ...own, name: "mine", papers: [entry, "heun1900"] });
    expect(citations({ solver })).toBe(`${entry}\n\n${PAPERS.heun1900}`);
    expect(keysOf(citations({ solver: reversible(solver) }))).toEqual(["mine", "heun1900", "mccallum2024"]);
  });

  it.each([
    ["a solver", { solver: rungeKutta }, "solver is function rungeKutta; allowed: a solver value such as tsit5"],
    ["an adjoint", { adjoint: backprop }, "adjoint is function backprop; allowed: an adjoint value such as backprop()"],
    ["a paper", { solver: rungeKutta({ ...own, name: "mine", papers: ["toString" as "@"] }) }, 'papers is "toString"'],
    ["text", { solver: rungeKutta({ ...own, name: "mine", papers: [1 as never] }) }, "papers is 1; allowed: a BibTeX"],
  ])("refuse what is not %s", (_, options, message) => {
    const error = failureOf(() => citations(options as never));
    expect(error.code).toBe("invalid");
    expect(error.message).toContain(message);
  });
});
