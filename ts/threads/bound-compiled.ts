// A compiled field bound for threads to share its evaluations and VJPs; its Jacobian is computed by the calling thread.
import type { BindRequest, BoundField, SparsityPattern } from "../fields/field.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { BoundThreaded, type Paces } from "./bound-threaded.ts";
import type { Chunks } from "./chunks.ts";
import type { Shareable } from "./compiled-rows.ts";
import type { Threads } from "./pool.ts";
import type { RowKernels } from "./row-kernels.ts";

export class BoundCompiled extends BoundThreaded {
  private readonly field: Shareable;
  /** The same field by itself. */
  private readonly alone: BoundField<HostVector>;
  private readonly length: number;
  private isChecked = false;

  constructor(
    scratch: Scratch,
    request: BindRequest,
    kernels: RowKernels,
    pool: Threads,
    chunks: Chunks,
    paces: Paces,
    field: Shareable,
  ) {
    super(scratch, request, kernels, pool, chunks, paces);
    this.field = field;
    this.length = request.length;
    this.alone = field.bind(scratch, { ...request, gradient: false });
  }

  get sparsity(): SparsityPattern | undefined {
    return this.alone.sparsity;
  }

  override load(): void {
    super.load();
    this.alone.load();
  }

  /** Compares what it computes first with the function itself, as every compiled field does. */
  override evaluate(t: number, x: HostVector, dx: HostVector, slot: number): void {
    super.evaluate(t, x, dx, slot);
    if (this.isChecked) return;
    this.isChecked = true;
    const { field, params } = this;
    const row = ({ view }: HostVector): HostVector["view"] => view.subarray(0, field.dim);
    field.check(field.programFor(this.length), t, row(x), params, row(dx));
  }

  jacobian(t: number, x: HostVector, values: HostVector, dfdt?: HostVector): void {
    this.alone.jacobian!(t, x, values, dfdt);
  }
}
