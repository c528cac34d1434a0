// Reading a CPU profile of V8's inspector protocol: samples by function, and folded stacks.

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly hitCount?: number;
  readonly children?: readonly number[];
}

export interface Profile {
  readonly nodes: readonly ProfileNode[];
}

/** Where a function comes from. */
export type Kind = "kernel" | "TypeScript" | "garbage collection" | "engine";

export interface SelfTime {
  readonly name: string;
  readonly kind: Kind;
  readonly samples: number;
}

function kindOf({ callFrame: { functionName, url } }: ProfileNode): Kind {
  if (url.startsWith("wasm:") || functionName.startsWith("assembly/")) return "kernel";
  if (functionName === "(garbage collector)") return "garbage collection";
  return url === "" || url.startsWith("node:") ? "engine" : "TypeScript";
}

function nameOf(node: ProfileNode): string {
  const { functionName, url, lineNumber } = node.callFrame;
  if (kindOf(node) === "kernel") return functionName.replace("assembly/", "");
  const file = url.replace(/^.*\//, "");
  return `${functionName || "(anonymous)"}${file ? ` ${file}:${lineNumber + 1}` : ""}`;
}

/** Samples by function, the most first; functions of one name count together. */
export function selfTimes({ nodes }: Profile): SelfTime[] {
  const rows = new Map<string, { name: string; kind: Kind; samples: number }>();
  for (const node of nodes) {
    const samples = node.hitCount ?? 0;
    if (samples === 0) continue;
    const [name, kind] = [nameOf(node), kindOf(node)];
    const row = rows.get(`${kind} ${name}`);
    if (row) row.samples += samples;
    else rows.set(`${kind} ${name}`, { name, kind, samples });
  }
  return [...rows.values()].sort((a, b) => b.samples - a.samples);
}

/** One line a stack, from the outermost function on, with its samples. */
export function foldedStacks({ nodes }: Profile): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const lines: string[] = [];
  const walk = (node: ProfileNode, path: readonly string[]): void => {
    // ";" separates functions and the last space the count.
    const here = [...path, nameOf(node).replaceAll(";", ",")];
    if (node.hitCount) lines.push(`${here.join(";")} ${node.hitCount}`);
    for (const id of node.children ?? []) walk(byId.get(id)!, here);
  };
  if (nodes[0]) walk(nodes[0], []);
  return `${lines.join("\n")}\n`;
}
