// A headless Chromium from npm alone, with a software WebGPU adapter: @sparticuz/chromium holds the browser, SwiftShader
// and the few libraries that a bare Linux lacks, all packed. Elsewhere than on Linux x64 an installed Chrome is used.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

const FLAGS = [
  "--headless=shell",
  "--no-sandbox", // containers often run as root, where the sandbox cannot start
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why this machine cannot run a browser at all: a reason to skip, not a failure of the code under test. */
export class NoBrowser extends Error {}

/**
 * Unpacks the browser once per version and returns its folder: `chromium`, SwiftShader's `vk_swiftshader_icd.json` and
 * `libvulkan.so.1`, `fonts/`, and the system libraries in `al2023/lib/`.
 */
export async function unpackChromium() {
  const packed = dirname(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))));
  const { version } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  const folder = join(CACHE, `chromium-${version}`);
  if (existsSync(folder)) return folder;

  // The package unpacks into the system's temporary folder. That is shared and may hold half of an interrupted attempt,
  // so it gets a fresh one, which takes its final name only when complete.
  const fresh = `${folder}-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const { TMPDIR } = process.env;
  process.env.TMPDIR = fresh;
  try {
    const { default: chromium, inflate } = await import("@sparticuz/chromium");
    await chromium.executablePath();
    await inflate(join(packed, "bin", "al2023.tar.br"));
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  return folder;
}

/** The environment in which Chromium, and equally Dawn in Node or Deno, finds those libraries and the Vulkan driver. */
export const chromiumEnvironment = (folder) => ({
  LD_LIBRARY_PATH: [join(folder, "al2023", "lib"), folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
  VK_DRIVER_FILES: join(folder, "vk_swiftshader_icd.json"),
  FONTCONFIG_PATH: join(folder, "fonts"),
});

/** Starts the browser; returns playwright's Browser. Throws NoBrowser where there is none for this system. */
export async function launchChromium() {
  const { chromium } = await import("playwright-core");
  if (process.platform === "linux" && process.arch === "x64") {
    const folder = await unpackChromium();
    const env = { ...process.env, ...chromiumEnvironment(folder) };
    return chromium.launch({ executablePath: join(folder, "chromium"), args: FLAGS, env });
  }
  try {
    return await chromium.launch({ channel: "chrome", args: FLAGS });
  } catch (error) {
    const [reason] = String(error).split("\n");
    throw new NoBrowser(`npm has no Chromium for ${process.platform} ${process.arch}, and no Chrome starts: ${reason}`);
  }
}
