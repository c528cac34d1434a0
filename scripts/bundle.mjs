// Bundling with esbuild: programs of this repository for Node, and pages for browsers.
import { inRoot, run } from "./process.mjs";

/** Bundles options.entryPoints or options.stdin for browsers from dist/; returns esbuild's result, outputs in memory. */
export async function bundleForBrowser(options) {
  const esbuild = await import("esbuild");
  return esbuild.build({
    absWorkingDir: inRoot(),
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    write: false,
    tsconfigRaw: {}, // tests/tsconfig.json maps "odegrad" to the sources; pages are to get dist/ by `exports`
    logLevel: "warning",
    ...options,
  });
}

/** Bundles a TypeScript program of this repository for Node. Packages stay imports, unless a plugin has them elsewhere. */
export async function bundleForNode(source, outfile, plugins = []) {
  const esbuild = await import("esbuild");
  await esbuild.build({
    absWorkingDir: inRoot(),
    entryPoints: [source],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: true,
    logLevel: "warning",
    plugins,
  });
}

/**
 * Bundles a TypeScript program of this repository and runs it with Node; resolves to its exit code. "odegrad" then is
 * dist/, by the package's own `exports`, exactly as users get it.
 */
export async function runProgram(source, args, env = {}) {
  const outfile = inRoot("build", source.replace(/\.ts$/, ".mjs"));
  await bundleForNode(source, outfile);
  const { code } = await run(process.execPath, ["--enable-source-maps", outfile, ...args], { env });
  return code;
}
