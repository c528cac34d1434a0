// citations(): BibTeX of what a solve uses.
import { describe, expect, it } from "vitest";
import {
  auto,
  backprop,
  checkpointed,
  citations,
  continuous,
  dopri5,
  reverse,
  reversible,
  rungeKutta,
  symplectic,
  tsit5,
} from "../../ts/index.ts";
import { byName } from "./solver-list.ts";

const keysOf = (bibtex: string): string[] => Array.from(bibtex.matchAll(/^@\w+\{(\w+),$/gm), ([, key]) => key!);

describe("citations", () => {
  it.each(byName)("%s has its paper, every entry complete", (_, solver) => {
    const bibtex = citations({ solver });
    expect(keysOf(bibtex).length).toBeGreaterThanOrEqual(1);
    for (const entry of bibtex.split("\n\n")) {
      for (const field of ["author", "title", "year"]) expect(entry).toMatch(new RegExp(`\\b${field} = \\{`));
      expect(entry.split("{").length).toBe(entry.split("}").length);
      expect(entry.endsWith("\n}")).toBe(true);
    }
  });

  it.each([
    [backprop(), ["kidger2021thesis"]],
    [symplectic(), ["matsubara2021"]],
    [checkpointed(), ["griewank1992", "griewank2000", "wang2009"]],
    [continuous(), ["chen2018", "kidger2021seminorms"]],
    [reverse(), ["mccallum2024"]],
    [auto(), ["kidger2021thesis", "matsubara2021", "griewank1992", "griewank2000", "wang2009"]],
  ])("of adjoint $name follow the solver's", (adjoint, expected) => {
    expect(keysOf(citations({ solver: tsit5, adjoint }))).toEqual(["tsitouras2011", ...expected]);
  });

  it("of a reversible solver are those of both methods, each once", () => {
    const keys = keysOf(citations({ solver: reversible(dopri5), adjoint: reverse() }));
    expect(keys).toEqual(["dormand1980", "shampine1986", "mccallum2024"]);
  });

  it("are of tsit5 by default, as in solve, and none for one's own coefficients", () => {
    expect(citations()).toBe(citations({ solver: tsit5 }));
    expect(citations({ solver: rungeKutta({ name: "mine", order: 1, a: [[]], b: [1], c: [0] }) })).toBe("");
  });
});
