import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const inRoot = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const { exports } = JSON.parse(readFileSync(inRoot("package.json"), "utf8")) as {
  exports: Record<string, string | { default: string }>;
};

/** Unit tests run on the sources: "odegrad/train" is what dist/fitting/index.js is made from. */
const alias = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === "string"
    ? []
    : [
        {
          find: new RegExp(`^odegrad${entry.slice(1)}$`),
          replacement: inRoot(target.default.replace("/dist/", "/ts/").replace(/\.js$/, ".ts")),
        },
      ],
);

export default defineConfig({
  resolve: { alias },
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
