// WebAssembly modules of one function, encoded byte by byte (WebAssembly Core Specification 2.0, §5).

/** Types of values. */
export const TYPE = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;

const number = new DataView(new ArrayBuffer(8));

export class Bytes {
  readonly list: number[] = [];

  push(...bytes: readonly number[]): void {
    this.list.push(...bytes);
  }

  /** LEB128, also of a negative number where it is signed. */
  integer(value: number, signed = false): void {
    let rest = value;
    for (;;) {
      const low = rest & 0x7f;
      rest = signed ? rest >> 7 : rest >>> 7;
      const ends = signed ? rest === (low & 0x40 ? -1 : 0) : rest === 0;
      this.list.push(ends ? low : low | 0x80);
      if (ends) return;
    }
  }

  double(value: number): void {
    number.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.list.push(number.getUint8(i));
  }

  text(value: string): void {
    this.vector(new TextEncoder().encode(value));
  }

  /** Bytes after their number. */
  vector(bytes: ArrayLike<number>): void {
    this.integer(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.list.push(bytes[i]!);
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
  module.push(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = (id: number, count: number, write: (bytes: Bytes) => void): void => {
    const bytes = new Bytes();
    bytes.integer(count);
    write(bytes);
    module.push(id);
    module.vector(bytes.list);
  };
  section(1, 3, (bytes) => {
    const signature = (from: readonly number[], to: readonly number[]): void => {
      bytes.push(0x60);
      bytes.vector(from);
      bytes.vector(to);
    };
    signature(parameters, results);
    signature([TYPE.f64], [TYPE.f64]);
    signature([TYPE.f64, TYPE.f64], [TYPE.f64]);
  });
  section(2, imports.length + 1, (bytes) => {
    const named = (name: string, ...kind: number[]): void => {
      bytes.text("m");
      bytes.text(name);
      bytes.push(...kind);
    };
    named("memory", 2, 0, 1);
    for (const { name, arity } of imports) named(name, 0, arity);
  });
  section(3, 1, (bytes) => bytes.push(0));
  section(7, 1, (bytes) => {
    bytes.text("run");
    bytes.push(0);
    bytes.integer(imports.length);
  });
  section(10, 1, (bytes) => {
    const code = new Bytes();
    code.integer(locals.length);
    for (const type of locals) code.push(1, type);
    // Not by `push`: an engine's stack has no room for so many arguments.
    for (const byte of body.list) code.list.push(byte);
    code.push(0x0b);
    bytes.vector(code.list);
  });
  return new Uint8Array(module.list);
}
