// Installs the dependencies if they are missing or differ from package-lock.json, so that a fresh clone needs one
// command only.
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { Failure, inRoot, npm } from "./process.mjs";

const packagesOf = (file) => JSON.parse(readFileSync(inRoot(file), "utf8")).packages;

/** Whether node_modules holds what the lock file asks for; npm leaves its own record of what it installed there. */
function isInstalled() {
  const record = "node_modules/.package-lock.json";
  if (!existsSync(inRoot(record))) return false;
  const installed = packagesOf(record);
  return Object.entries(packagesOf("package-lock.json")).every(([path, { version, optional, link }]) => {
    if (path === "" || link) return true;
    // Optional packages are mostly binaries for other systems, which npm leaves out.
    return installed[path] ? installed[path].version === version : optional;
  });
}

/** Makes sure that the dependencies are there. */
export async function install() {
  if (isInstalled()) return;
  // npm would empty the folder that a link leads to, and it is another checkout's.
  if (lstatSync(inRoot("node_modules"), { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Failure("node_modules is a link, and what it leads to differs from package-lock.json; remove the link");
  console.log("Installing the dependencies …");
  // Tools and their binaries are needed even where npm is set up to leave out development or optional packages.
  const flags = ["--include=dev", "--include=optional", "--loglevel=error"];
  // Where most is there already, what the lock file asks for beside it takes seconds; `ci` begins anew.
  if (existsSync(inRoot("node_modules"))) await npm(["install", "--no-save", ...flags]);
  if (isInstalled()) return;
  const { code } = await npm(["ci", ...flags]);
  if (code !== 0) throw new Failure(`npm ci failed with exit code ${code}`);
}
