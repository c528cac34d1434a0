// Second derivatives of networks: the derivative of VJPs along tangents, which gradients of stiff solvers, of divergences and of
// Hamiltonian networks need. A module of its own, so that networks alone do not bring it.
import type { HostVector, Scratch } from "../wasm/scratch.ts";
import { BLOCK_ROWS, PAIR_BYTES, PAIR_COTANGENT, PAIR_TANGENT, PAIR_TIME, WORK_BUFFERS } from "./descriptor-layout.ts";
import type { BindRequest, BoundField, Field, Pair } from "./field.ts";
import type { BoundMlp } from "./mlp-bound.ts";
import { type SecondKernels, secondKernelsOn } from "./second-kernels.ts";

/** Vectors of whole lanes, in numbers of either precision. */
const LANES = 4;

/** Numbers of work for `batch` rows and so many pairs, as assembly/mlp-second.ts lays them out. */
export function workLength(
  { network, layout }: Pick<BoundMlp, "network" | "layout">,
  batch: number,
  pairs: number,
): number {
  const block = Math.min(batch, BLOCK_ROWS);
  const group = block * Math.max(1, Math.min(pairs, Math.floor(BLOCK_ROWS / block)));
  const widest = layout.workLength / WORK_BUFFERS / block;
  const first = Math.ceil(network.layers[1]! / LANES) * LANES;
  return 3 * first + (layout.tapeLength / batch) * (3 * block + 2 * group) + 2 * group * widest;
}

class SecondPass {
  private readonly bound: BoundMlp;
  private readonly work: HostVector;
  private readonly records: HostVector;
  private words!: Uint32Array;
  private doubles!: Float64Array;
  private kernel!: SecondKernels["mlpSecondF32"];

  constructor(scratch: Scratch, bound: BoundMlp, length: number, pairs: number) {
    const { network } = bound;
    this.bound = bound;
    this.work = scratch.vector(workLength(bound, length / network.layers[0]!, pairs), network.dtype);
    this.records = scratch.vector((pairs * PAIR_BYTES) / 8, "float64");
  }

  load(): void {
    const { bound, records } = this;
    const kernels = secondKernelsOn(bound.scratch.memory, bound.kernels);
    this.kernel = bound.network.dtype === "float32" ? kernels.mlpSecondF32 : kernels.mlpSecondF64;
    this.doubles = records.view as Float64Array;
    this.words = new Uint32Array(this.doubles.buffer, records.address, 2 * records.length);
  }

  run(t: number, x: HostVector, pairs: readonly Pair<HostVector>[], xBar: HostVector, slot: number): number {
    const { bound, work, records, words, doubles } = this;
    bound.prepare(t, true);
    const tape = bound.tapeOf(t, x, slot);
    for (let i = 0; i < pairs.length; i++) {
      const { tangent, time, cotangent } = pairs[i]!;
      words[(i * PAIR_BYTES + PAIR_TANGENT) / 4] = tangent.address;
      words[(i * PAIR_BYTES + PAIR_COTANGENT) / 4] = cotangent.address;
      doubles[(i * PAIR_BYTES + PAIR_TIME) / 8] = time;
    }
    const { descriptor, paramsBarAt } = bound;
    const [from, count] = [records.address, pairs.length];
    const rate = this.kernel(descriptor, work.address, from, count, t, x.address, xBar.address, paramsBarAt, tape);
    return rate + bound.alongTime(t);
  }
}

/** Whether a field is a network of this thread's kernels. */
const isNetwork = (field: Field): boolean => "layers" in field && !("asynchronous" in field);

/**
 * The field with `second` in what it binds for a request with `pairs`: itself where it has that already, an `mlp` with its
 * second-order pass. undefined for fields whose second derivatives nobody knows.
 */
export function twiceDifferentiable(field: Field): Field | undefined {
  if (field.hasSecond) return field;
  if (!isNetwork(field)) return undefined;
  const bind = (scratch: Scratch, request: BindRequest): BoundField<HostVector> => {
    const bound = field.bind(scratch, request) as BoundMlp;
    if (!request.pairs) return bound;
    const pass = new SecondPass(scratch, bound, request.length, request.pairs);
    const load = (): void => {
      Object.getPrototypeOf(bound).load.call(bound);
      pass.load();
    };
    return Object.assign(bound, { load, second: pass.run.bind(pass) });
  };
  return Object.assign(Object.create(field), { hasSecond: true, bind });
}
