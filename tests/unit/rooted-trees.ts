// Rooted trees and the order conditions they stand for (Butcher; Hairer, Nørsett, Wanner, Solving ODEs I, II.2): a
// Runge–Kutta method has order p exactly if Φ(τ) = 1/γ(τ) for every rooted tree τ of at most p vertices.

/** A rooted tree: the subtrees at its root. */
export type Tree = readonly Tree[];

const product = (numbers: readonly number[]): number => numbers.reduce((total, number) => total * number, 1);

/** Number of vertices. */
export const orderOf = (tree: Tree): number => tree.reduce((total, subtree) => total + orderOf(subtree), 1);

/** γ: the density, the product of all subtree orders. */
export const density = (tree: Tree): number => orderOf(tree) * product(tree.map(density));

/** All multisets of trees (each list non-decreasing in its index) whose orders add up to `total`. */
function forests(total: number, trees: readonly { tree: Tree; order: number }[], from = 0): Tree[][] {
  if (total === 0) return [[]];
  return trees.flatMap(({ tree, order }, i) =>
    i < from || order > total ? [] : forests(total - order, trees, i).map((rest) => [tree, ...rest]),
  );
}

const known: Tree[][] = [];

/** The rooted trees of exactly `order` vertices: 1, 1, 2, 4, 9, 20, 48, … */
export function treesOfOrder(order: number): readonly Tree[] {
  const smaller = Array.from({ length: order - 1 }, (_, i) =>
    treesOfOrder(i + 1).map((tree) => ({ tree, order: i + 1 })),
  );
  known[order] ??= forests(order - 1, smaller.flat());
  return known[order];
}

export interface Condition {
  /** Φ − 1/γ. */
  readonly defect: number;
  /** 1/γ and the absolute values that Φ sums: what its rounding is relative to. */
  readonly size: number;
}

/** How far a method with stages `a` and weights `b` is from satisfying the tree's condition. */
export function condition(tree: Tree, a: readonly (readonly number[])[], b: readonly number[]): Condition {
  const phi = (stages: readonly (readonly number[])[], weights: readonly number[]): number => {
    // What each stage's derivative contributes through the subtrees above it.
    const ofStages = (of: Tree): number[] => {
      const factors = of.map((subtree) => {
        const above = ofStages(subtree);
        return stages.map((row) => row.reduce((sum, weight, j) => sum + weight * above[j]!, 0));
      });
      return stages.map((_, i) => product(factors.map((factor) => factor[i]!)));
    };
    const contributions = ofStages(tree);
    return weights.reduce((sum, weight, i) => sum + weight * contributions[i]!, 0);
  };
  return {
    defect: phi(a, b) - 1 / density(tree),
    size:
      1 / density(tree) +
      phi(
        a.map((row) => row.map(Math.abs)),
        b.map(Math.abs),
      ),
  };
}
