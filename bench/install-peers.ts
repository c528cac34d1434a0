// Peers that a benchmark compares with lie in a package of their own beside it, so that nobody else has to install them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** Installs the dependencies of the package in `folder` where they are missing; returns their names and versions. */
export function installPeers(folder: string): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as {
    dependencies: Record<string, string>;
  };
  const names = Object.keys(dependencies);
  if (!names.every((name) => existsSync(`${folder}/node_modules/${name}`))) {
    console.log("Installing the peers …");
    const flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    // The npm that runs this: the first on the path may be an old one, which a dependency brings along.
    const npm = process.env.npm_execpath;
    const { status } =
      npm && basename(npm) === "npm-cli.js"
        ? spawnSync(process.execPath, [npm, ...flags], { cwd: folder, stdio: "inherit" })
        : spawnSync("npm", flags, { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
    if (status !== 0) throw new Error(`npm ci failed in ${folder}: without the peers there is nothing to compare with`);
  }
  return dependencies;
}
