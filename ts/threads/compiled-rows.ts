// The rows of a compiled field, computed by its WebAssembly modules on any thread of a pool.
import type { Compilation } from "../compiled/bound.ts";
import type { Kind } from "../compiled/functions.ts";
import type { Program } from "../compiled/program.ts";
import type { Field } from "../fields/field.ts";
import { functionsOf, isPortable, ROWS } from "./compiled-code.ts";
import type { Network } from "./job.ts";
import type { Code, RowKernels } from "./row-kernels.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { onSharedMemory } from "./shared-module.ts";

/** What `compiled` and its like make. */
export type Shareable = Field & Compilation & { readonly dim: number };

const NOTHING = new Uint8Array(0);

/** Two rows side by side, one core of 2023; functions of Math take longer. */
const NS_PER_OPERATION = 0.7;

/** Code once it is made, by program and whether it has a gradient, and the functions of each pool's calling thread. */
interface Made {
  readonly code: Code;
  readonly functions: WeakMap<SharedMemory, Network>;
}

const made = new WeakMap<Program, Map<string, Made>>();
let latest = 0;

function codeOf(program: Program, { dtype }: Field, gradient: boolean): Made | undefined {
  const known = made.get(program) ?? new Map<string, Made>();
  made.set(program, known);
  const key = `${dtype} ${gradient}`;
  let found = known.get(key);
  if (found) return found;
  const bytesOf = (kind: Kind): Uint8Array | undefined => {
    const { bytes, imports } = program.moduleOf(kind, dtype);
    return isPortable(imports.map(({ name }) => name)) ? onSharedMemory(bytes) : undefined;
  };
  const [forward, backward] = [bytesOf("f"), gradient ? bytesOf("vjp") : NOTHING];
  if (!forward || !backward) return undefined;
  latest = (latest % 0x7fffffff) + 1;
  found = { code: { number: latest, forward, backward }, functions: new WeakMap() };
  known.set(key, found);
  return found;
}

/** Of a compiled field; undefined where threads cannot compute it. */
export function compiledRows(field: Shareable, batch: number, gradient: boolean): RowKernels | undefined {
  const program = field.programFor(field.dim);
  // Threads have no memory for arrays of a program's own.
  if (program.callsNetworks || program.ownFor(gradient ? ["f", "vjp"] : ["f"]) > 0) return undefined;
  const found = codeOf(program, field, gradient);
  if (!found) return undefined;
  return {
    field,
    dim: field.dim,
    work: (batch * program.operations * NS_PER_OPERATION) / 1000,
    packsEach: false,
    code: found.code,
    layout: (rows) => ({
      tapeLength: 0,
      packedLength: 0,
      workLength: 0,
      descriptorWords: ROWS.words,
      describe(words, { theta }) {
        words[ROWS.params] = theta;
        words[ROWS.count] = rows;
      },
    }),
    pack() {},
    functions(shared) {
      const { memory } = shared;
      let functions = found.functions.get(shared);
      if (!functions) {
        let words = new Int32Array(memory.buffer);
        const { forward, backward } = found.code;
        functions = functionsOf(forward.slice(), backward.slice(), memory, () => {
          // A grown memory is a longer buffer of the same bytes.
          if (words.buffer !== memory.buffer) words = new Int32Array(memory.buffer);
          return words;
        });
        found.functions.set(shared, functions);
      }
      return functions;
    },
  };
}
