// The FILE of a command: a module whose default export is { field, y0, ts, … }, or a text of equations in the language of
// odegrad/compiled, which is a function or the statements of one.
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalid } from "../base/errors.ts";
import { Equation } from "../compiled/equation.ts";
import { type CompiledField, compiled } from "../compiled/index.ts";
import type { NamedParams } from "../compiled/tracing/parameters.ts";

/** Parameters as they are given on the command line. */
export type GivenParams = number[] | Record<string, number>;

/** What a file says of a problem; what of it a command needs is up to the command. */
export type ProblemFile = Readonly<Record<string, unknown>>;

const MODULES = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** The text of a function: the file's own, or one around its statements, which then have t, y, dy and the parameters. */
function functionText(text: string, params: GivenParams | undefined): string {
  const code = text.replace(/^(?:\s+|\/\/.*|\/\*[\s\S]*?\*\/)+/, "");
  if (/^(?:\(|function\b|[\w$]+\s*=>)/.test(code)) return code;
  const argument = Array.isArray(params) ? "params" : `{ ${Object.keys(params ?? {}).join(", ")} }`;
  return `(t, y, dy${params ? `, ${argument}` : ""}) => {\n${text}\n}`;
}

function fieldOf(text: string, params: GivenParams | undefined): CompiledField<unknown> {
  const equation = new Equation([functionText(text, params)], []);
  if (params === undefined) return compiled(equation);
  return Array.isArray(params) ? compiled(equation, { params }) : compiled(equation, { params: params as NamedParams });
}

/** Reads a problem; of a text of equations the field has these parameters. */
export async function readProblem(file: string, params: GivenParams | undefined): Promise<ProblemFile> {
  if (!MODULES.includes(extname(file))) return { field: fieldOf(await readFile(file, "utf8"), params) };
  const url = pathToFileURL(resolve(file)).href;
  const { default: problem } = (await import(url)) as { default?: unknown };
  if (typeof problem !== "object" || problem === null || !("field" in problem))
    throw invalid(`the default export of ${file}`, problem, "an object { field, y0, ts, … }");
  return params === undefined ? (problem as ProblemFile) : { ...problem, params };
}
