// The program of a user through every bundler, and through Jest, each as its own documentation says, and without a warning.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { commandOf, runNode } from "../../scripts/process.mjs";

/** What program.mjs prints: e⁻¹, −e⁻¹, a step of Adam from 1, four numbers of a network, the beginning of a picture. */
const PRINTED = "0.367879 -0.367879 1.500000 4 <svg";

/** Bundles a module of the folder; resolves to the file that it made, and throws with the warnings if there were any. */
const BUNDLERS = {
  async esbuild(load, folder, entry) {
    const { build } = await load("esbuild");
    const outfile = join(folder, `esbuild-${entry}`);
    const { warnings } = await build({
      entryPoints: [join(folder, entry)],
      outfile,
      bundle: true,
      minify: true,
      format: "esm",
      external: ["@tensorflow/*"],
      logLevel: "silent",
    });
    none(warnings.map(({ text }) => text));
    return outfile;
  },

  async rollup(load, folder, entry) {
    const { rollup } = await load("rollup");
    const { nodeResolve } = await load("@rollup/plugin-node-resolve");
    const warnings = [];
    const bundle = await rollup({
      input: join(folder, entry),
      plugins: [nodeResolve()],
      external: /^@tensorflow/,
      onwarn: ({ message }) => warnings.push(message),
    });
    const file = join(folder, `rollup-${entry}`);
    await bundle.write({ file, format: "es", inlineDynamicImports: true });
    none(warnings);
    return file;
  },

  async vite(load, folder, entry) {
    const { build, createLogger } = await load("vite");
    const warnings = [];
    const customLogger = { ...createLogger("silent"), warn: (message) => warnings.push(message) };
    await build({
      root: folder,
      configFile: false,
      logLevel: "silent",
      customLogger,
      build: {
        outDir: "vite",
        emptyOutDir: false,
        minify: true,
        target: "es2022",
        lib: { entry: join(folder, entry), formats: ["es"], fileName: () => entry },
        rollupOptions: { external: /^@tensorflow/ },
      },
    });
    none(warnings);
    return join(folder, "vite", entry);
  },

  async webpack(load, folder, entry) {
    const { default: webpack } = await load("webpack");
    const compiler = webpack({
      mode: "production",
      context: folder,
      entry: `./${entry}`,
      experiments: { outputModule: true },
      externalsType: "import",
      externals: /^@tensorflow/,
      output: { path: join(folder, "webpack"), filename: entry, module: true },
      performance: false,
    });
    const stats = await new Promise((resolve, reject) =>
      compiler.run((error, result) => (error ? reject(error) : resolve(result))),
    );
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    none([...errors, ...warnings].map(({ message }) => message));
    return join(folder, "webpack", entry);
  },
};

function none(warnings) {
  if (warnings.length > 0) throw new Error(warnings.join("\n"));
}

async function runs(file, folder) {
  const { code, output } = await runNode(file, [], { quiet: true, cwd: folder });
  if (code !== 0 || output.trim() !== PRINTED) throw new Error(`exit code ${code}: ${output}`);
  return output.trim();
}

/** The checks: by name, what runs one and resolves to what it has seen. */
export function projects(folder) {
  const require = createRequire(join(folder, "package.json"));
  const load = (name) => import(pathToFileURL(require.resolve(name)).href);
  const bundled = Object.entries(BUNDLERS).map(([name, bundle]) => [
    `${name} bundles a program, which runs, and odegrad/webgpu, without a warning`,
    async () => {
      await bundle(load, folder, "gpu.mjs");
      return runs(await bundle(load, folder, "program.mjs"), folder);
    },
  ]);
  return Object.fromEntries([
    ["a program runs in Node", () => runs(join(folder, "program.mjs"), folder)],
    ...bundled,
    [
      "Jest runs with --experimental-vm-modules",
      async () => {
        const args = ["--experimental-vm-modules", commandOf("jest", "jest", folder), "--rootDir", folder];
        const { code, output } = await runNode(args[0], args.slice(1), { quiet: true, cwd: folder });
        if (code !== 0) throw new Error(output);
        return /^Tests:.*$/m.exec(output)[0];
      },
    ],
  ]);
}
