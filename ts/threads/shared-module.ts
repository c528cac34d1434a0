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

/** Kinds of imports. */
const [FUNCTION, MEMORY] = [0, 2];
const SHARED_WITH_MAXIMUM = 3;

/** Reads numbers and bytes one after the other. */
class Reader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const digit = this.byte();
      value += (digit & 127) * 2 ** shift;
      if (digit < 128) return value;
    }
  }

  /** A name with its length. */
  name(): Uint8Array {
    const start = this.at;
    const length = this.number();
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }
}

/** The imports with the memory among them shared; a module imports functions and its memory only. */
function sharedImports(bytes: Uint8Array, at: number): number[] {
  const reader = new Reader(bytes, at);
  const count = reader.number();
  const entries = [...digits(count)];
  for (let i = 0; i < count; i++) {
    entries.push(...reader.name(), ...reader.name());
    const kind = reader.byte();
    entries.push(kind);
    if (kind === FUNCTION) entries.push(...digits(reader.number()));
    else if (kind === MEMORY) {
      if (reader.byte() & 1) reader.number();
      reader.number();
      entries.push(SHARED_WITH_MAXIMUM, 1, ...digits(MOST_PAGES));
    } else throw new Error("a module imports more than functions and its memory");
  }
  return entries;
}

/** A module with the memory that it imports shared. */
export function onSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [binary.subarray(0, HEADER_BYTES)];
  const reader = new Reader(binary, HEADER_BYTES);
  while (reader.at < binary.length) {
    const start = reader.at;
    const section = reader.byte();
    const size = reader.number();
    const content = reader.at;
    reader.at += size;
    if (section === IMPORTS) {
      const imports = sharedImports(binary, content);
      parts.push(Uint8Array.from([IMPORTS, ...digits(imports.length), ...imports]));
    } else if (section !== CUSTOM) parts.push(binary.subarray(start, reader.at));
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
