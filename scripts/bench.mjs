// npm run bench NAME [-- flags]: builds and runs bench/NAME/main.ts with the flags; without a name, lists the names.
import { existsSync, readdirSync } from "node:fs";
import { build } from "./build.mjs";
import { runProgram } from "./bundle.mjs";
import { gpuEnvironment } from "./gpu.mjs";
import { install } from "./install.mjs";
import { Failure, inRoot, whenStarted } from "./process.mjs";

await whenStarted(import.meta.url, async () => {
  const names = readdirSync(inRoot("bench")).filter((name) => existsSync(inRoot("bench", name, "main.ts")));
  const [name, ...flags] = process.argv.slice(2);
  if (name === undefined) {
    console.log(`npm run bench NAME [-- flags], where NAME is one of: ${names.join(", ")}`);
    return;
  }
  if (!names.includes(name)) throw new Failure(`no benchmark "${name}"; there are: ${names.join(", ")}`);
  await install();
  await build();
  const env = name === "gpu" ? await gpuEnvironment() : {};
  process.exitCode = await runProgram(`bench/${name}/main.ts`, flags, env);
});
