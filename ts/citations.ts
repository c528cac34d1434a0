// The papers behind a solver and an adjoint, as BibTeX.
import { invalid } from "./base/errors.ts";
import { PAPERS, type Paper } from "./base/papers.ts";
import type { SolveOptions } from "./options/options.ts";
import { tsit5 } from "./solvers/explicit/tsit5.ts";

function bibtexOf(paper: Paper): string {
  if (typeof paper === "string" && paper.startsWith("@")) return paper;
  if (Object.hasOwn(PAPERS, paper)) return PAPERS[paper as keyof typeof PAPERS];
  throw invalid("papers", paper, `a BibTeX entry, which begins with "@", or one of ${Object.keys(PAPERS).join(", ")}`);
}

/**
 * BibTeX entries, with an empty line between them, of the papers that the solver (`tsit5` where none is given, as in
 * `solve`) and the adjoint of a solve's options carry; odegrad's own for `stabilized6`, which no paper describes. Nothing
 * for coefficients of one's own, unless they name their `papers`. Throws `SolveError` "invalid" for what is no solver, no
 * adjoint or no paper.
 */
export function citations({ solver = tsit5, adjoint }: Pick<SolveOptions, "solver" | "adjoint"> = {}): string {
  if (!Array.isArray(solver?.papers)) throw invalid("solver", solver, "a solver value such as tsit5");
  if (adjoint !== undefined && !Array.isArray(adjoint?.papers))
    throw invalid("adjoint", adjoint, "an adjoint value such as backprop(), called");
  const papers = new Set([...solver.papers, ...(adjoint?.papers ?? [])]);
  return Array.from(papers, bibtexOf).join("\n\n");
}
