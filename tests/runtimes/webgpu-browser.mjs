// WebGPU in a headless Chromium, on its software adapter.
import { launchChromium, NoBrowser } from "./chromium.mjs";
import { servePage, visit } from "./page-server.mjs";
import { report, reportSkipped } from "./report.mjs";

try {
  const browser = await launchChromium();
  const server = await servePage("tests/runtimes/webgpu-page.mjs");
  report(`Chromium ${browser.version()}`, await visit(browser, server));
  await browser.close();
  server.close();
} catch (error) {
  if (!(error instanceof NoBrowser)) throw error;
  reportSkipped("Chromium", error.message);
}
