// What is computed of a traced field: the functions, the arrays that each works on, and the values that it leaves there.
import { invalid } from "../base/errors.ts";
import { type Block, foldsIn, needed, type Store, straight } from "./graph/blocks.ts";
import { forward, reverse } from "./graph/derivatives.ts";
import type { Target } from "./graph/gathering.ts";
import type { Scalar } from "./graph/graph.ts";
import { type Jacobian, jacobianOf } from "./graph/jacobian.ts";
import { storing } from "./graph/outputs.ts";
import { pulled, pushed } from "./graph/transposition.ts";
import type { TracedField } from "./tracing/field.ts";

/** The field, its VJP, its JVP, the JVP where the parameters stay, its Jacobian, ∂f/∂t too, and its second-order pass. */
export type Kind = "f" | "vjp" | "jvp" | "stateJvp" | "jacobian" | "jacobianAndTime" | "second";

/**
 * dy ← f(t, y, p); yBar ← Jᵀ w, pBar += Fᵀ w, and ∂f/∂t · w is returned; out ← J yDot + F pDot; jacobian ← the entries of J,
 * dfdt ← ∂f/∂t; yBar += ∇ g, pBar += ∂g/∂p, and ∂g/∂t is returned, of g = w · (J yDot + tDot ∂f/∂t). Of each function the
 * arrays that it is given after t, in order.
 */
export const ARRAYS: Record<Kind, readonly string[]> = {
  f: ["y", "dy", "p"],
  vjp: ["y", "p", "w", "yBar", "pBar"],
  jvp: ["y", "p", "yDot", "pDot", "out"],
  stateJvp: ["y", "p", "yDot", "pDot", "out"],
  jacobian: ["y", "p", "jacobian"],
  jacobianAndTime: ["y", "p", "jacobian", "dfdt"],
  second: ["y", "p", "yDot", "tDot", "w", "yBar", "pBar"],
};

/** Terms of a graph with its Jacobian, at most. */
const LARGEST = 1_000_000;

/** The Jacobian of a traced field. */
export const jacobianOfField = ({ graph, outputs, dim }: TracedField): Jacobian =>
  jacobianOf(graph, outputs, dim, () => {
    if (graph.terms.length > LARGEST)
      throw invalid("jacobian", `of ${dim} × ${dim}`, "for a compiled field, one of less than a million operations");
  });

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

const into = (array: string, values: readonly Scalar[], adds = false): Store[] =>
  values.map((value, index) => ({ array, index, value, adds })).filter(({ value }) => !adds || value !== 0);

/** The values of a function, and where they go. */
export function storesOf(field: TracedField, kind: Kind, parameters: number, jacobian: () => Jacobian): Store[] {
  const { graph, outputs, dim } = field;
  /** The derivative of the outputs as the inputs of these arrays move. */
  const pushed = (...moves: readonly string[]): Scalar[] =>
    forward(graph, outputs, (array, index) => (moves.includes(array) ? graph.input(`${array}Dot`, index) : undefined));
  const pulled = (values: readonly Scalar[], adds: boolean): Store[] => {
    const cotangents = values.map((_, i) => graph.input("w", i));
    const bar = reverse(graph, values, cotangents, ["t", "y", "p"]);
    return [
      ...into("sum", [bar("t", 0)], true),
      ...into(
        "yBar",
        range(dim).map((i) => bar("y", i)),
        adds,
      ),
      ...into(
        "pBar",
        range(parameters).map((i) => bar("p", i)),
        true,
      ),
    ];
  };
  switch (kind) {
    case "f":
      return into("dy", outputs);
    case "vjp":
      return pulled(outputs, false);
    case "jvp":
      return into("out", pushed("y", "p"));
    case "stateJvp":
      return into("out", pushed("y"));
    case "second":
      return pulled(pushed("y", "t"), true);
    case "jacobian":
      return into("jacobian", jacobian().values);
    case "jacobianAndTime": {
      const byTime = forward(graph, outputs, (array) => (array === "t" ? 1 : undefined));
      return [...into("jacobian", jacobian().values), ...into("dfdt", byTime)];
    }
  }
}

/** The kinds that are computed by loops where the field has some; the others by straight-line code alone. */
export const hasLoopsFor = (kind: Kind): boolean => /^(f|vjp|jvp|stateJvp)$/.test(kind);

/** Whether some of a field has stayed loops. */
export const isLooped = ({ graph, blocks = [], outputs }: TracedField): boolean =>
  blocks.length > 0 || (graph.hasLoops && foldsIn(outputs).length > 0);

/** The blocks that compute a function. Throws `NotGathered` where loops have no transpose that is loops. */
export function blocksOf(field: TracedField, kind: Kind, parameters: number, jacobian: () => Jacobian): Block[] {
  const { graph, outputs, dim, blocks = [] } = field;
  if (!isLooped(field)) return [straight(storesOf(field, kind, parameters, jacobian), graph.terms.length)];
  const whole = storing(graph, blocks, outputs, "dy");
  if (kind === "f") return needed(whole);
  if (kind === "vjp") {
    const targets: [string, Target][] = [
      ["t", { array: "sum", length: 1, adds: true }],
      ["y", { array: "yBar", length: dim, adds: false }],
      ["p", { array: "pBar", length: parameters, adds: true }],
    ];
    return pulled(graph, whole, "dy", "w", new Map(targets));
  }
  const moves = kind === "jvp" ? ["y", "p"] : ["y"];
  return pushed(graph, whole, "dy", "out", (array, index, along) =>
    moves.includes(array) ? graph.input(`${array}Dot`, index, along) : undefined,
  );
}

/** How many numbers of a function's array belong to a row of a batch; 0: all rows share it. */
export function widthOf(array: string, { dim, outputs }: TracedField, jacobian: () => Jacobian): number {
  if (array === "jacobian") return jacobian().values.length;
  if (["y", "yDot", "yBar"].includes(array)) return dim;
  return ["dy", "w", "out", "dfdt"].includes(array) ? outputs.length : 0;
}
