// What a field takes from outside. `uses: () => ({ mu, masses })` is read as well as called: after a minifier it says
// `() => ({ mu: e, masses: i })`, and so tells what the names have become in the texts of this build.
import { invalid } from "../base/errors.ts";
import { type CallableNetwork, isCallable } from "../fields/callable-network.ts";
import { readFunction } from "./reader/reader.ts";
import type { Expression } from "./reader/syntax.ts";

const ALLOWED = "a function () => ({ name, other }) that returns an object of what f takes from outside";

/** Networks by name. */
export type Networks = readonly (readonly [string, CallableNetwork])[];

/** The networks in a value: of an object or an array by their paths, such as `nets.a` and `nets[0]`. */
export function networksIn(name: string, value: unknown, seen: Set<unknown> = new Set()): Networks {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return [];
  seen.add(value);
  if (isCallable(value)) return [[name, value]];
  if (typeof value === "function" || ArrayBuffer.isView(value)) return [];
  const path = (key: string): string => (Array.isArray(value) ? `${name}[${key}]` : `${name}.${key}`);
  return Object.entries(value).flatMap(([key, own]) => networksIn(path(key), own, seen));
}

interface Used {
  /** The values by the names that they have in the texts: of `a.b`, an object a with a member b. */
  readonly given: Map<string, unknown>;
  /** By the names that they were handed in under. */
  readonly networks: Networks;
}

export function readUses(uses: unknown): Used {
  const given = new Map<string, unknown>();
  if (uses === undefined) return { given, networks: [] };
  if (typeof uses !== "function") throw invalid("compiled option uses", uses, ALLOWED);
  const values: unknown = uses();
  const { body } = readFunction({ text: String(uses), name: "uses" });
  const last = body.at(-1);
  const written = last?.kind === "return" ? last.of : undefined;
  if (written?.kind !== "object" || typeof values !== "object" || values === null)
    throw invalid("compiled option uses", uses, ALLOWED);
  for (const { key, value } of written.properties) {
    if (key?.kind !== "value")
      throw invalid("compiled option uses", uses, `${ALLOWED}, without [computed] names and "..."`);
    const name = String(key.value);
    const path = pathOf(value) ?? [name];
    put(given, path, (values as Record<string, unknown>)[name]);
  }
  const seen = new Set<unknown>();
  return { given, networks: Object.entries(values).flatMap(([name, value]) => networksIn(name, value, seen)) };
}

/** The names of `a.b.c`, and of `(0, a.b)`, as some bundlers write it. */
function pathOf(expression: Expression): string[] | undefined {
  if (expression.kind === "name") return [expression.name];
  if (expression.kind === "sequence") return pathOf(expression.list.at(-1)!);
  if (expression.kind !== "member" || expression.key.kind !== "value") return undefined;
  const base = pathOf(expression.of);
  return base && [...base, String(expression.key.value)];
}

function put(given: Map<string, unknown>, [root, ...path]: readonly string[], value: unknown): void {
  if (path.length === 0) {
    given.set(root!, value);
    return;
  }
  let object = (given.get(root!) ?? {}) as Record<string, unknown>;
  given.set(root!, object);
  for (const name of path.slice(0, -1)) {
    object[name] ??= {};
    object = object[name] as Record<string, unknown>;
  }
  object[path.at(-1)!] = value;
}
