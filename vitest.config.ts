import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`ts/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Unit tests run on the sources: "odegrad" is ts/index.ts, "odegrad/train" is ts/train/index.ts.
    alias: [
      { find: /^odegrad$/, replacement: source("index.ts") },
      { find: /^odegrad\/(.+)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    dir: "tests",
    include: ["**/*.test.ts"],
    // Processes, not threads: leak tests measure a process's memory and call globalThis.gc.
    pool: "forks",
    execArgv: ["--expose-gc"],
    testTimeout: 120_000, // a guard against hanging, generous because machines are shared
    coverage: { include: ["ts/**"], exclude: ["ts/*/generated/**"] },
  },
});
