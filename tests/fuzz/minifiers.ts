// What builds make of a function's text. esbuild is installed with this repository, and Oxc's minifier with its tests; terser
// and swc take part where they are found.
import { transform } from "esbuild";

/** From the text of a function to its text after the build. */
export type Minifier = (text: string) => Promise<string>;

// As part of a module, in an object that keeps minifiers from dropping it.
const wrapped = (text: string): string => `globalThis.field = ${text};`;
const unwrapped = (text: string): string => {
  const scope: { field?: unknown } = {};
  new Function("globalThis", text)(scope);
  return String(scope.field);
};

const optional = async (name: string): Promise<Record<string, never> | undefined> => {
  try {
    return await import(/* @vite-ignore */ name);
  } catch {
    return undefined;
  }
};

/** Every minifier that is installed, by name; "source" leaves the text as it is. */
export async function minifiers(): Promise<Map<string, Minifier>> {
  const known = new Map<string, Minifier>([
    ["source", async (text) => text],
    ["esbuild", async (text) => unwrapped((await transform(wrapped(text), { minify: true, format: "iife" })).code)],
  ]);
  const oxc = await optional("rolldown/experimental");
  if (oxc) {
    const minify = oxc.minifySync as unknown as (name: string, text: string) => { code: string };
    known.set("oxc", async (text) => unwrapped(minify("field.js", wrapped(text)).code));
  }
  const terser = await optional("terser");
  if (terser) {
    const minify = terser.minify as unknown as (text: string, options: object) => Promise<{ code: string }>;
    const options = { toplevel: true };
    const unsafe = { toplevel: true, compress: { unsafe: true, passes: 3, unsafe_arrows: true, unsafe_math: false } };
    known.set("terser", async (text) => unwrapped((await minify(wrapped(text), options)).code));
    known.set("terser unsafe", async (text) => unwrapped((await minify(wrapped(text), unsafe)).code));
  }
  const swc = await optional("@swc/core");
  if (swc) {
    const minify = swc.minify as unknown as (text: string, options: object) => Promise<{ code: string }>;
    known.set("swc", async (text) => unwrapped((await minify(wrapped(text), { compress: true, mangle: true })).code));
  }
  return known;
}
