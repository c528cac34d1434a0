// WebAssembly modules of one function, encoded byte by byte (WebAssembly Core Specification 2.0, §5). Little-endian machines
// only, which WebAssembly's memory is on every machine and typed arrays are on all that run it.

/** Types of values. */
export const TYPE = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;

/** Bytes that are appended one after the other. */
export class Bytes {
  private buffer = new Uint8Array(256);
  private length = 0;

  get all(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const larger = new Uint8Array(2 * (this.length + count));
    larger.set(this.all);
    this.buffer = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  append(bytes: ArrayLike<number>): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** LEB128, also of a negative number where it is signed. */
  integer(value: number, signed = false): void {
    let rest = value;
    for (let ends = false; !ends; ) {
      const low = rest & 0x7f;
      rest = signed ? rest >> 7 : rest >>> 7;
      ends = rest === (signed && low & 0x40 ? -1 : 0);
      this.byte(ends ? low : low | 0x80);
    }
  }

  double(value: number): void {
    this.append(new Uint8Array(Float64Array.of(value).buffer));
  }

  /** Bytes after their number. */
  vector(bytes: ArrayLike<number>): void {
    this.integer(bytes.length);
    this.append(bytes);
  }
}

/** A function that a module takes from outside: all its arguments and its result are f64. */
export interface Imported {
  readonly name: string;
  readonly arity: number;
  readonly apply: unknown;
}

export interface FunctionParts {
  readonly imports: readonly Imported[];
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** The types of the local variables after the parameters. */
  readonly locals: readonly number[];
  readonly body: Bytes;
}

/** The module that exports the function as `run`, on the memory that it imports as `m.memory`, like all its functions. */
export function moduleOf({ imports, parameters, results, locals, body }: FunctionParts): Uint8Array<ArrayBuffer> {
  const module = new Bytes();
  module.append([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = (id: number, count: number, write: (bytes: Bytes) => void): void => {
    const bytes = new Bytes();
    bytes.integer(count);
    write(bytes);
    module.byte(id);
    module.vector(bytes.all);
  };
  section(1, 3, (bytes) => {
    const signature = (from: readonly number[], to: readonly number[]): void => {
      bytes.byte(0x60);
      bytes.vector(from);
      bytes.vector(to);
    };
    signature(parameters, results);
    signature([TYPE.f64], [TYPE.f64]);
    signature([TYPE.f64, TYPE.f64], [TYPE.f64]);
  });
  section(2, imports.length + 1, (bytes) => {
    const named = (name: string, kind: readonly number[]): void => {
      for (const text of ["m", name]) bytes.vector(new TextEncoder().encode(text));
      bytes.append(kind);
    };
    named("memory", [2, 0, 1]);
    for (const { name, arity } of imports) named(name, [0, arity]);
  });
  section(3, 1, (bytes) => bytes.byte(0));
  section(7, 1, (bytes) => {
    bytes.vector([0x72, 0x75, 0x6e]); // "run"
    bytes.byte(0);
    bytes.integer(imports.length);
  });
  section(10, 1, (bytes) => {
    const code = new Bytes();
    code.integer(locals.length);
    for (const type of locals) code.append([1, type]);
    code.append(body.all);
    code.byte(0x0b);
    bytes.vector(code.all);
  });
  return module.all;
}
