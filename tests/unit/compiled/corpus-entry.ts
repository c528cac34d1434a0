// What an equation of the corpus is.

export interface Entry {
  // biome-ignore lint/suspicious/noExplicitAny: parameters of every shape
  readonly f: (t: number, y: Float64Array, dy: Float64Array, p: any) => void | ArrayLike<number>;
  readonly dim: number;
  readonly params?: ArrayLike<number> | { readonly [name: string]: number | ArrayLike<number> };
  readonly uses?: () => object;
  /** Where it is evaluated: around these numbers, or around 1. */
  readonly y?: readonly number[];
}
