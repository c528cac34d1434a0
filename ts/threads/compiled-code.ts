// Code of compiled fields on a thread: modules that import the memory and functions of Math, and export `run`.
import type { Network } from "./job.ts";

/** Words of the descriptor of a chunk of a compiled field's rows. */
export const ROWS = { params: 0, count: 1, words: 2 } as const;

/** What modules import beside the functions of Math. */
const OTHERS: Record<string, (a: number, b: number) => number> = { "%": (a, b) => a % b };

type Run = (t: number, ...addresses: number[]) => number;

/** Whether any thread can give the module what it imports. */
export const isPortable = (names: readonly string[]): boolean => names.every((name) => name in Math || name in OTHERS);

function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory): Run {
  const module = new WebAssembly.Module(bytes);
  const given: Record<string, unknown> = { memory };
  for (const { name, kind } of WebAssembly.Module.imports(module))
    if (kind === "function") given[name] = Math[name as "sin"] ?? OTHERS[name];
  return new WebAssembly.Instance(module, { m: given as never }).exports.run as Run;
}

/** The functions of a compiled field's modules on the shared memory; `words` are its words, however long it has grown. */
export function functionsOf(
  forward: Uint8Array<ArrayBuffer>,
  backward: Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory,
  words: () => Int32Array,
): Network {
  const f = instantiate(forward, memory);
  const vjp = backward.length > 0 ? instantiate(backward, memory) : undefined;
  const word = (descriptor: number, index: number): number => words()[descriptor / 4 + index]!;
  return {
    forward(descriptor, t, x, out) {
      f(t, x, out, word(descriptor, ROWS.params), word(descriptor, ROWS.count));
    },
    backward(descriptor, t, x, cotangent, out, sum) {
      const params = word(descriptor, ROWS.params);
      return vjp!(t, x, params, cotangent, out, sum, word(descriptor, ROWS.count));
    },
  };
}
