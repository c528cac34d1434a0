// Equations as people write them. They are bundled and minified in every way, and must compute the same after it.
import { classics } from "./corpus-classics.ts";
import { conditions } from "./corpus-conditions.ts";
import type { Entry } from "./corpus-entry.ts";
import { loops } from "./corpus-loops.ts";
import { outside } from "./corpus-outside.ts";

export const corpus: Record<string, Entry> = { ...classics, ...conditions, ...loops, ...outside };
