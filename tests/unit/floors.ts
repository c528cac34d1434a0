// Whether imports run downwards, files in rooms (folders of ts/, and each file directly in it) and rooms on floors; and
// whether files are short.
import { posix } from "node:path";

/** The floor of each room of ARCHITECTURE.md's table: rows of a number and the rooms on it, folders with a slash behind. */
export function floorsOf(markdown: string): Map<string, number> {
  const floors = new Map<string, number>();
  for (const [, floor, rooms] of markdown.matchAll(/^\| (\d+) \| (`[^|]*`) \|/gm)) {
    for (const [, room] of rooms!.matchAll(/`([^`]+)`/g)) floors.set(room!, Number(floor));
  }
  return floors;
}

/** Generated folders belong to the room that they lie in. */
export function roomOf(file: string): string {
  const folder = posix.dirname(file).replace(/\/generated$/, "");
  return folder === "." ? file : `${folder}/`;
}

/** What a file imports by relative paths: types, re-exports and dynamic imports too. Comments do not count. */
function importsOf(file: string, text: string): string[] {
  const code = text.replace(/(?<=^|\s)\/\/.*$|\/\*[\s\S]*?\*\//gm, "");
  const paths = Array.from(code.matchAll(/\b(?:from|import)\s*\(?\s*"(\.\.?\/[^"]+)"/g), ([, path]) => path!);
  return paths.map((path) => posix.join(posix.dirname(file), path));
}

/** The circles of a graph: sets of nodes from each of which a way leads to all others of the set and back. */
function circlesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const from = new Map<string, ReadonlySet<string>>();
  for (const start of graph.keys()) {
    const reached = new Set<string>();
    const todo = [start];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      for (const next of graph.get(node) ?? []) if (!reached.has(next) && reached.add(next)) todo.push(next);
    }
    from.set(start, reached);
  }
  const circle = (node: string): string[] => [...from.get(node)!].filter((other) => from.get(other)?.has(node)).sort();
  return [...new Set(Array.from(graph.keys(), (node) => circle(node).join(", ")))].filter((nodes) => nodes !== "");
}

/** What is wrong with the imports of `files` (text by path in ts/), in words; nothing for a house in order. */
export function violations(files: ReadonlyMap<string, string>, floors: ReadonlyMap<string, number>): string[] {
  const found: string[] = [];
  const rooms = new Set(Array.from(files.keys(), roomOf));
  for (const room of rooms) if (!floors.has(room)) found.push(`${room} is not in the table`);
  for (const room of floors.keys()) if (!rooms.has(room)) found.push(`${room} is in the table only`);
  const between = new Map<string, Set<string>>(Array.from(files.keys(), (file) => [file, new Set()]));
  const sideways = new Map<string, Set<string>>(Array.from(rooms, (room) => [room, new Set()]));
  for (const [file, text] of files) {
    for (const other of importsOf(file, text)) {
      const [from, to] = [roomOf(file), roomOf(other)];
      const climb = floors.get(to)! - floors.get(from)!;
      if (climb > 0) found.push(`${file} → ${other} goes up`);
      if (Number.isNaN(climb)) found.push(`${file} → ${other} leaves the house`);
      if (climb === 0 && from !== to) sideways.get(from)!.add(to);
      between.get(file)!.add(other);
    }
  }
  for (const graph of [sideways, between]) {
    for (const nodes of circlesIn(graph)) found.push(`${nodes} import each other in a circle`);
  }
  return found;
}

const NUMBERS = /^[-\d\s.,e/[\]]*\d[-\d\s.,e/[\]]*$/;

/** Whether a file has more lines than `most`; lines of numbers do not count, because a table is as long as it is. */
export const isLong = (text: string, most: number): boolean =>
  text
    .trimEnd()
    .split("\n")
    .filter((line) => !NUMBERS.test(line)).length > most;

/** Whether the first line, a comment, gives the reason why the file is long. */
export const saysWhyLong = (text: string): boolean => /^\/\/.*\blong\b/i.test(text);
