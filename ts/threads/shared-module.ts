// The third build of the kernels: the module that the solver uses, on a shared memory. The code is the same byte for byte,
// so it is made here, by exchanging the section that says what memory is imported.
import { SolveError } from "../base/errors.ts";
import { binaries } from "../wasm/binaries.ts";

/** 2 GiB, so that every address is a positive 32-bit integer. */
export const MOST_PAGES: number = 2 ** 15 - 1;

const HEADER_BYTES = 8;
const CUSTOM = 0;
const IMPORTS = 2;

/** An unsigned number as WebAssembly writes it, low digits first. */
const digits = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...digits(value >>> 7)]);
const text = (name: string): number[] => [name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))];

const SHARED_WITH_MAXIMUM = 3;
const IMPORT_OF_MEMORY = 2;
const entry = [...text("env"), ...text("memory"), IMPORT_OF_MEMORY, SHARED_WITH_MAXIMUM, 1, ...digits(MOST_PAGES)];
const importSection = Uint8Array.from([IMPORTS, ...digits(entry.length + 1), 1, ...entry]);

/** A module that imports nothing but env.memory, with that memory shared. */
export function onSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [binary.subarray(0, HEADER_BYTES)];
  for (let at = HEADER_BYTES; at < binary.length; ) {
    const start = at;
    const section = binary[at++]!;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const digit = binary[at++]!;
      size += (digit & 127) * 2 ** shift;
      if (digit < 128) break;
    }
    at += size;
    if (section === IMPORTS) parts.push(importSection);
    else if (section !== CUSTOM) parts.push(binary.subarray(start, at));
  }
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

let compiled: WebAssembly.Module | undefined;

/** The build with the arithmetic of the one that the calling thread's solver uses; compiled once, at first use. */
export function sharedModule(): WebAssembly.Module {
  if (compiled) return compiled;
  const { relaxed, simd } = binaries();
  const shared = onSharedMemory(WebAssembly.validate(relaxed) ? relaxed : simd);
  if (!WebAssembly.validate(shared))
    throw new SolveError("invalid", "this JavaScript engine has no shared WebAssembly memory, which threads need");
  compiled = new WebAssembly.Module(shared);
  return compiled;
}
