// A field whose evaluations and VJPs are shared by the threads of a pool: a network or a compiled field.

import type { Dtype } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { CompiledField } from "../compiled/compiled-field.ts";
import type { BindRequest, BoundField, Field } from "../fields/field.ts";
import type { Mlp } from "../fields/mlp.ts";
import { ACTIVATIONS } from "../fields/mlp-layout.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { BoundCompiled } from "./bound-compiled.ts";
import { BoundThreaded, type Paces, unknownPaces } from "./bound-threaded.ts";
import { type Chunks, chunksOf, RECOMPUTING_WORK } from "./chunks.ts";
import { compiledRows, type Shareable } from "./compiled-rows.ts";
import { Threads } from "./pool.ts";
import { networkRows, type RowKernels } from "./row-kernels.ts";

const threadedOnes = new WeakSet<object>();

type Bind = Field["bind"];

/** Binds a field so that threads share its rows, where that is worth it, and as `alone` does otherwise. */
function sharedBind(
  alone: Field & { readonly dim: number },
  pool: Threads,
  rowsOf: (batch: number, gradient: boolean) => RowKernels | undefined,
  make: (scratch: Scratch, request: BindRequest, rows: RowKernels, chunks: Chunks, paces: Paces) => BoundThreaded,
): Bind {
  /** By the batch. */
  const pacesOf = new Map<number, Paces>();
  return (scratch, request): BoundField<HostVector> => {
    const batch = request.length / alone.dim;
    const chunks = chunksOf(batch);
    // Solve and pullback must decide alike: the pullback reads the tape of the solve.
    const rows = chunks && !request.tangent && !request.pairs && rowsOf(batch, request.gradient);
    if (!rows || rows.work * RECOMPUTING_WORK < pool.threshold) return alone.bind(scratch, request);
    const paces = pacesOf.get(batch) ?? unknownPaces();
    pacesOf.set(batch, paces);
    return make(scratch, { ...request, params: request.params ?? alone.params }, rows, chunks, paces);
  };
}

function threadedMlp(field: Mlp, pool: Threads): Mlp {
  const bind = sharedBind(
    field,
    pool,
    (batch, gradient) => networkRows(field, batch, gradient),
    (scratch, request, rows, chunks, paces) => new BoundThreaded(scratch, request, rows, pool, chunks, paces),
  );
  // All but these is the network's own.
  const own: Pick<Field, "bind" | "inSolve"> & { bindRows: undefined } = {
    bind,
    // Calls in equations are the network's own.
    bindRows: undefined,
    inSolve(inputs, times) {
      const alone = field.inSolve!(inputs, times);
      return alone === field ? shared : alone;
    },
  };
  const shared: Mlp = Object.assign(
    Object.setPrototypeOf((...row: number[]) => field(...row), field),
    own,
  );
  return shared;
}

function threadedCompiled(field: Shareable, pool: Threads): Shareable {
  if (field.dim === undefined)
    throw invalid("compiled option dim", undefined, "for threaded, the numbers in a row: threads share rows");
  const bind = sharedBind(
    field,
    pool,
    (batch, gradient) => compiledRows(field, batch, gradient),
    (scratch, request, rows, chunks, paces) => new BoundCompiled(scratch, request, rows, pool, chunks, paces, field),
  );
  // All but this is the field's own.
  return Object.create(field, { bind: { value: bind } }) as Shareable;
}

/**
 * The same field, sharing `params`, with the rows of a batch split among the pool's threads. Solutions and ∂L/∂y0 are
 * those of `field` bit for bit; ∂L/∂θ and ∂L/∂ts add the same numbers chunk by chunk of rows, so they differ in rounding,
 * but not from run to run nor with the number of threads. Forward sensitivities (`jvp`), Jacobians, second derivatives,
 * networks with `inputs` and batches that are little work stay on the calling thread. Throws `SolveError` "invalid" for
 * anything but a field made with `mlp`, or with `compiled` and its like with a `dim`.
 */
export function threaded<D extends Dtype>(field: Mlp<D>, pool: Threads): Mlp<D>;
/** The same for a compiled field with a `dim`. */
export function threaded<P, D extends Dtype>(field: CompiledField<P, D>, pool: Threads): CompiledField<P, D>;
export function threaded(field: unknown, pool: Threads): unknown {
  const isMlp = typeof field === "function" && ACTIVATIONS.includes((field as Mlp).activation);
  // Told by its methods: modules that share networks only do not bring the compiler.
  const isCompiled = typeof field === "object" && typeof (field as Shareable | null)?.programFor === "function";
  if (!(isMlp || isCompiled) || threadedOnes.has(field as object))
    throw invalid("threaded(field, pool)", field, "a field made with mlp({ … }) or compiled(f, { dim })");
  if (!(pool instanceof Threads))
    throw invalid("threaded(field, pool), pool", pool, "a pool made with await threads()");
  const shared = isMlp ? threadedMlp(field as Mlp, pool) : threadedCompiled(field as Shareable, pool);
  threadedOnes.add(shared);
  return shared;
}
