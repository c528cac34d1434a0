// The kernels inside the generated modules, as text and as a patch of one another, against the files they were made of, and
// side by side on one memory.
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
// @ts-expect-error: plain JavaScript, without types
import { byteText } from "../../scripts/byte-text.mjs";
// @ts-expect-error: plain JavaScript, without types
import { spaced } from "../../scripts/fused.mjs";
import { NETWORKS } from "../../ts/fields/mlp-kernels.ts";
import { ACTIVATION_NUMBERS } from "../../ts/fields/mlp-layout.ts";
import { SECOND_ORDER } from "../../ts/fields/second-kernels.ts";
import { LINEAR } from "../../ts/linear/kernels.ts";
import { OPTIMISERS } from "../../ts/optimisers/kernels.ts";
import { VECTORS_F64 } from "../../ts/vectors/kernels.ts";
import { VECTORS_F32 } from "../../ts/vectors/kernels-f32.ts";
import { TERM_BYTES, TERM_VECTOR, TERM_WEIGHT } from "../../ts/vectors/table-layout.ts";
import { bytesOfText } from "../../ts/wasm/byte-text.ts";
import { FIRST_BLOCK } from "../../ts/wasm/memory.ts";
import { unfused } from "../../ts/wasm/unfused.ts";

const [fused, plain] = NETWORKS.builds();
const files = {
  "vectors-f64": VECTORS_F64.builds()[0]!,
  "vectors-f32": VECTORS_F32.builds()[0]!,
  networks: fused!,
  "second-order": SECOND_ORDER.builds()[0]!,
  optimisers: OPTIMISERS.builds()[0]!,
  linear: LINEAR.builds()[0]!,
};

// i32x4.relaxed_trunc_f32x4_s of a zero: a module that only engines with relaxed SIMD find valid.
const probe = [
  ...[0, 97, 115, 109, 1, 0, 0, 0], // the header
  ...[1, 4, 1, 96, 0, 0], // a type: nothing to nothing
  ...[3, 2, 1, 0], // a function of it
  ...[10, 12, 1, 10, 0, 65, 0, 253, 17, 253, 129, 2, 26, 11], // i32.const 0, i32x4.splat, the truncation, drop
];

it.each(Object.entries(files))("%s holds the very bytes of its file", (name, bytes) => {
  const file = new URL(`../../build/${name}.wasm`, import.meta.url);
  if (!existsSync(file)) return;
  const compiled = readFileSync(file);
  expect(Buffer.compare(name === "networks" ? spaced(compiled) : compiled, bytes)).toBe(0);
});

it("the plain builds compile, and the fused one wherever the engine has relaxed SIMD", () => {
  for (const bytes of Object.values({ ...files, networks: plain! }))
    expect(new WebAssembly.Module(bytes)).toBeInstanceOf(WebAssembly.Module);
  expect(WebAssembly.validate(fused!)).toBe(WebAssembly.validate(Uint8Array.from(probe)));
});

describe("binaries on one memory", () => {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const vectors = VECTORS_F64.on(memory);
  const singles = VECTORS_F32.on(memory);
  const networks = NETWORKS.on(memory);
  const page = new Uint8Array(memory.buffer, 0, FIRST_BLOCK);

  /** The first and the last byte of the kernels' page that `run` changes. */
  function changed(run: () => void): [number, number] {
    const before = page.slice();
    run();
    const differs = (byte: number, i: number): boolean => byte !== before[i];
    return [page.findIndex(differs), page.findLastIndex(differs)];
  }

  const x = FIRST_BLOCK;
  const out = x + 8 * 100;
  const table = out + 8 * 100;

  it("are made once for each", () => {
    expect(VECTORS_F64.on(memory)).toBe(vectors);
    expect(NETWORKS.on(memory)).toBe(networks);
    expect(VECTORS_F64.on(new WebAssembly.Memory({ initial: 1 }))).not.toBe(vectors);
  });

  it("keep scratch and constants in parts of their own", () => {
    const [vectorsEnd, networksEnd] = [vectors, networks].map(({ STATIC_END }) => STATIC_END.value as number);
    new Float64Array(memory.buffer, x, 100).fill(1 / 3);
    const terms = 20;
    const view = new DataView(memory.buffer, table);
    for (let j = 0; j < terms; j++) {
      view.setUint32(j * TERM_BYTES + TERM_VECTOR, x, true);
      view.setFloat64(j * TERM_BYTES + TERM_WEIGHT, 3, true);
    }
    // More than eight terms are summed by way of the scratch.
    const [first, last] = changed(() => vectors.combine(out, 0, table, terms, 1, 100));
    expect(new Float64Array(memory.buffer, out, 100).every((sum) => Math.abs(sum - terms) < 1e-14)).toBe(true);
    expect(first).toBeGreaterThan(0);
    expect(last).toBeLessThan(vectorsEnd!);

    // The row of one product, too.
    const [panels, row] = [table, out];
    networks.densePackF64(panels, x, 8, 8, 1, 6);
    const [from, to] = changed(() => networks.denseForwardF64(x, 8, panels, 0, row, 8 * 6, 1, 6, 1));
    expect(from).toBeGreaterThanOrEqual(vectorsEnd!);
    expect(to).toBeLessThan(networksEnd!);
    expect(Array.from(new Float64Array(memory.buffer, row, 6))).toEqual(Array(6).fill((1 / 3) * (1 / 3)));

    // The constants of networks are what they were.
    networks.activationF64(ACTIVATION_NUMBERS.softplus, out, x, 100);
    const softplus = Math.log1p(Math.exp(1 / 3));
    expect(new Float64Array(memory.buffer, out, 100).every((y) => Math.abs(y - softplus) < 1e-15)).toBe(true);
    const optimisersEnd = OPTIMISERS.on(memory).STATIC_END.value as number;

    // Float32 vectors come last. Their scratch, too, is their own.
    new Float32Array(memory.buffer, x, 100).fill(0.5);
    for (let j = 0; j < terms; j++) view.setFloat64(j * TERM_BYTES + TERM_WEIGHT, 2, true);
    for (let j = 0; j < terms; j++) view.setUint32(j * TERM_BYTES + TERM_VECTOR, x, true);
    const [start, end] = changed(() => singles.combine(out, 0, table, terms, 1, 100));
    expect(new Float32Array(memory.buffer, out, 100).every((sum) => sum === terms)).toBe(true);
    expect(start).toBeGreaterThanOrEqual(optimisersEnd);
    expect(end).toBeLessThan(singles.STATIC_END.value as number);
    expect(singles.STATIC_END.value).toBeLessThanOrEqual(FIRST_BLOCK);
  });
});

it("any bytes survive as text", () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(bytesOfText(byteText(every))).toEqual(every);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(bytesOfText(byteText(bytes))).toEqual(bytes);
    }),
  );
});

describe("of a module that fuses a·b + c", () => {
  /** Exports f(a, b, c), a locals' group before its code, for f32x4 or f64x2: its first lane. */
  function moduleOf(double: boolean): Uint8Array {
    const type = double ? 0x7c : 0x7d;
    const splat = [0xfd, double ? 0x14 : 0x13];
    const argument = (i: number): number[] => [0x20, i, ...splat];
    const code = [
      ...[1, 1, 0x7f], // one local, an i32
      ...[...argument(0), ...argument(1), ...argument(2)],
      ...[0xfd, double ? 0x87 : 0x85, 0x02], // relaxed_madd
      ...[0xfd, double ? 0x21 : 0x1f, 0, 0x0b], // extract_lane 0, end
    ];
    return Uint8Array.from([
      ...[0, 97, 115, 109, 1, 0, 0, 0],
      ...[1, 8, 1, 0x60, 3, type, type, type, 1, type],
      ...[3, 2, 1, 0],
      ...[7, 5, 1, 1, 102, 0, 0],
      ...[10, code.length + 2, 1, code.length, ...code],
    ]);
  }

  it.each([
    ["f32x4", false, 2 ** -12],
    ["f64x2", true, 2 ** -27],
  ])("the plain one rounds twice, %s", (_, double, small) => {
    const bytes: Uint8Array<ArrayBuffer> = spaced(moduleOf(double));
    const instance = (build: Uint8Array<ArrayBuffer>): ((a: number, b: number, c: number) => number) =>
      new WebAssembly.Instance(new WebAssembly.Module(build)).exports.f as never;
    const f = instance(unfused(bytes));
    expect(f(3, 5, 7)).toBe(22);
    // (1 + small)² = 1 + 2 small + small², whose last term is lost where the product is rounded.
    expect(f(1 + small, 1 + small, -(1 + 2 * small))).toBe(0);
    expect(unfused(bytes).length).toBe(bytes.length);
    if (!WebAssembly.validate(bytes)) return;
    expect([0, small ** 2]).toContain(instance(bytes)(1 + small, 1 + small, -(1 + 2 * small)));
    expect(instance(bytes)(3, 5, 7)).toBe(22);
  });

  it("what does not fuse stays as it is", () => {
    const bytes = VECTORS_F64.builds()[0]!;
    expect(Buffer.compare(spaced(bytes), bytes)).toBe(0);
    expect(Buffer.compare(unfused(bytes), bytes)).toBe(0);
  });
});
