// The options that all compiled fields share.
import type { Dtype, FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import { adopt } from "./adoption.ts";
import { type Layout, layoutOf, withNetworks } from "./tracing/parameters.ts";
import type { Networks } from "./uses.ts";

/** What options all compiled fields share. */
export interface CommonOptions {
  readonly params?: unknown;
  readonly dim?: number | undefined;
  readonly dtype?: Dtype | undefined;
}

/** Refuses what no compiled field has; `what` is the function that was called. */
export function checkOptions(what: string, options: unknown): void {
  const allowed = ["params", "uses", "dim", "dtype"];
  if (typeof options !== "object" || options === null)
    throw invalid(`${what}(f, options)`, options, "an object of params, uses, dim and dtype");
  const { dtype, dim } = options as CommonOptions;
  for (const name of Object.keys(options))
    if (!allowed.includes(name))
      throw invalid(`${what} option ${name}`, options[name as never], "the options params, uses, dim, dtype");
  if (dtype !== undefined && dtype !== "float64" && dtype !== "float32")
    throw invalid(`${what} option dtype`, dtype, '"float64" or "float32"');
  if (dim !== undefined && !(Number.isInteger(dim) && dim > 0))
    throw invalid(`${what} option dim`, dim, "a positive integer");
}

/** The layout of the parameters and their array, as `checkOptions` has let them pass. */
export function parametersOf({ params, dtype }: CommonOptions, networks: Networks): [Layout, FloatArray] {
  const [own, flat] = layoutOf(params, dtype === "float32" ? Float32Array : Float64Array);
  const layout = withNetworks(own, networks);
  return [layout, adopt(layout, flat)];
}
