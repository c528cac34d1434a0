// Kernels for a shared memory: the modules that the solver uses. The code is the same byte for byte, so they are made here,
// by exchanging the section that says what memory is imported.
import { Binary, type Kernels } from "../wasm/binary.ts";

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

/** The builds of a binary for a shared memory; the engine chooses the one with the arithmetic of its solver's. */
export const sharedBinary = <K extends Kernels>({ builds }: Binary<K>): Binary<K> =>
  new Binary(() => builds().map(onSharedMemory), "shared WebAssembly memory, which threads need");
