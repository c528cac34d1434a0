// The matrix products of a network in WGSL. A workgroup computes a tile of C = A B: slices of A and B go through workgroup
// memory, and each invocation sums a few rows and columns in registers. What precedes and follows the product (bias,
// activation, its derivative) is done on the way.

/** Rows and columns of a tile. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

// Both are chosen by measurements on SwiftShader, no GPU having been at hand.
/** Depth of the slices: compiling takes the longer the more workgroup memory there is, and more makes nothing faster. */
const SLICE = 8;
/** Invocations each way at most: few with many sums each, since reading workgroup memory is what takes the time. */
const MOST_LANES = 8;

/** The tile for a product of this size: no larger than necessary. */
export const tileFor = (rows: number, columns: number): Tile => ({ rows: extent(rows), columns: extent(columns) });

const extent = (n: number): number => (n <= 4 ? 4 : n <= 16 ? 16 : 64);

/** A product in text; the expressions name what is in scope where they are used. */
export interface Product {
  readonly tile: Tile;
  /** A in row i at depth k, and which of them neighbouring invocations should differ by, to read neighbouring numbers. */
  readonly a: string;
  readonly aAlong: "i" | "k";
  /** B at depth k in column j. */
  readonly b: string;
  readonly bAlong: "j" | "k";
  /** Statements for each number `v` of C, in row i and column j. */
  readonly store: string;
  /** Statements for each row's Σₖ A(i, k), `v`; they run in the first column's tile only. */
  readonly storeRowSum?: string;
  /** Whether the z-th workgroups sum their part of the depth only, from z · p.part on. */
  readonly split?: boolean;
  /** Functions that the expressions may use. */
  readonly functions: string;
}

/** Parameters of all products, in this order. */
const PARAMETERS = ["a", "b", "c", "d", "rows", "columns", "depth", "aStride", "bStride", "cStride", "part", "pitch"];
/** Place of t among the parameters. */
export const TIME_WORD: number = PARAMETERS.length;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Texts written so far: they are long, and every solve asks for the same ones. A text depends on its key alone. */
const written = new Map<string, string>();

/** The shader of a product, to be started on ⌈columns / tile.columns⌉ × ⌈rows / tile.rows⌉ × parts workgroups. */
export function productShader(product: Product): string {
  const key = JSON.stringify(product);
  const text = written.get(key) ?? write(product);
  written.set(key, text);
  return text;
}

function write(product: Product): string {
  const { tile, a, b, aAlong, bAlong, store, storeRowSum, split = false, functions } = product;
  const across = Math.min(MOST_LANES, tile.columns);
  const down = Math.min(MOST_LANES, tile.rows);
  const rows = range(tile.rows / down);
  const columns = range(tile.columns / across);
  const lanes = across * down;
  // An odd pitch, so that neighbouring invocations meet different banks of workgroup memory both ways.
  const pitchA = tile.rows + 1;
  const pitchB = tile.columns + 1;
  const each = (text: (r: number, c: number) => string, between = "\n"): string =>
    rows.flatMap((r) => columns.map((c) => text(r, c))).join(between);
  // The sums of the rows are divided among all invocations.
  const shares = storeRowSum ? range(Math.ceil(tile.rows / lanes)) : [];
  const eachRow = (text: (q: number, row: string) => string): string =>
    shares.map((q) => text(q, `(lane + ${q * lanes}u)`)).join("\n");
  const fill = (name: string, size: number, pitch: number, alongK: boolean): string => /* wgsl */ `
    for (var e = lane; e < ${size * SLICE}u; e += ${lanes}u) {
      let s = ${alongK ? `e % ${SLICE}u` : `e / ${size}u`};
      let n = ${alongK ? `e / ${SLICE}u` : `e % ${size}u`};
      slice_${name}[s * ${pitch}u + n] = read_${name}(corner_${name} + n, k + s, end);
    }`;
  return /* wgsl */ `
struct Params { ${PARAMETERS.map((name) => `${name}: u32, `).join("")}t: f32 }
var<workgroup> slice_a: array<f32, ${SLICE * pitchA}>;
var<workgroup> slice_b: array<f32, ${SLICE * pitchB}>;
${functions}
fn read_a(i: u32, k: u32, end: u32) -> f32 {
  if (i < p.rows && k < end) { return ${a}; }
  return 0.0;
}
fn read_b(j: u32, k: u32, end: u32) -> f32 {
  if (j < p.columns && k < end) { return ${b}; }
  return 0.0;
}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let corner_a = group.y * ${tile.rows}u;
  let corner_b = group.x * ${tile.columns}u;
  let down = lane / ${across}u;
  let across = lane % ${across}u;
  let start = ${split ? "group.z * p.part" : "0u"};
  let end = ${split ? "min(p.depth, start + p.part)" : "p.depth"};
  ${each((r, c) => `var v${r}_${c} = 0.0;`)}
  ${eachRow((q) => `var rowSum${q} = 0.0;`)}
  for (var k = start; k < end; k += ${SLICE}u) {
    ${fill("a", tile.rows, pitchA, aAlong === "k")}
    ${fill("b", tile.columns, pitchB, bAlong === "k")}
    workgroupBarrier();
    for (var s = 0u; s < ${SLICE}u; s++) {
      ${rows.map((r) => `let a${r} = slice_a[s * ${pitchA}u + down + ${r * down}u];`).join("\n")}
      ${columns.map((c) => `let b${c} = slice_b[s * ${pitchB}u + across + ${c * across}u];`).join("\n")}
      ${each((r, c) => `v${r}_${c} += a${r} * b${c};`)}
    }
    ${eachRow(
      (q, row) => /* wgsl */ `if (group.x == 0u && ${row} < ${tile.rows}u) {
      for (var s = 0u; s < ${SLICE}u; s++) { rowSum${q} += slice_a[s * ${pitchA}u + ${row}]; }
    }`,
    )}
    workgroupBarrier();
  }
  var sums = array<f32, ${rows.length * columns.length}>(${each((r, c) => `v${r}_${c}`, ", ")});
  for (var n = 0u; n < ${rows.length * columns.length}u; n++) {
    let i = corner_a + down + (n / ${columns.length}u) * ${down}u;
    let j = corner_b + across + (n % ${columns.length}u) * ${across}u;
    let v = sums[n];
    if (i < p.rows && j < p.columns) { ${store} }
  }
  ${eachRow(
    (q, row) => /* wgsl */ `if (group.x == 0u && ${row} < ${tile.rows}u && corner_a + ${row} < p.rows) {
    let i = corner_a + ${row};
    let v = rowSum${q};
    ${storeRowSum}
  }`,
  )}
}`;
}
