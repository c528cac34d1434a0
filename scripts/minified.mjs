// dist/min/: the library for pages without a bundler, one minified file for each entry of package.json. Whatever the main
// entry is made of lies in one file that all of them share, so that a page has one core, and asks for it in one request.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { inRoot } from "./process.mjs";

/** The entries for pages: by the name of their file in dist/min/, the module in dist/ that each is made from. */
function entries() {
  const { exports } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  const modules = Object.entries(exports).filter(([, target]) => target.default !== undefined);
  return Object.fromEntries(
    modules.map(([entry, target]) => [
      entry === "." ? "odegrad" : basename(entry),
      target.default.replace("./dist/", ""),
    ]),
  );
}

/** Writes `min/` into the folder that holds the compiled library. */
export async function minify(folder) {
  const esbuild = await import("esbuild");
  const modules = entries();
  const main = modules.odegrad;
  await esbuild.build({
    absWorkingDir: inRoot(folder),
    entryPoints: Object.keys(modules).map((name) => ({ in: `entry:${name}`, out: name })),
    outdir: "min",
    chunkNames: "core", // there is one: esbuild refuses to write two under one name
    bundle: true,
    packages: "external",
    splitting: true,
    minify: true,
    sourcemap: true,
    sourcesContent: false, // what they are made from lies beside them in dist/
    format: "esm",
    target: "es2022",
    platform: "browser",
    ignoreAnnotations: true, // `sideEffects: false` would drop the import of the main entry below
    legalComments: "none",
    logLevel: "warning",
    plugins: [
      {
        name: "entries that all contain the main one",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice("entry:".length), namespace: "entry" }));
          onLoad({ filter: /.*/, namespace: "entry" }, ({ path }) => ({
            contents: `import "./${main}"; export * from "./${modules[path]}";`,
            resolveDir: inRoot(folder),
          }));
        },
      },
    ],
  });
}
