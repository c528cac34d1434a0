// WebGPU in a headless Chromium, on its software adapter: the scenario, and the page of the example.
import { launchChromium, NoBrowser } from "./chromium.mjs";
import { open, servePage, visit } from "./page-server.mjs";
import { report, reportSkipped } from "./report.mjs";

/** The page must train: its error must have fallen after the second ten steps. */
async function examplePage(browser) {
  const server = await servePage("examples/gpu/page.ts");
  const { tab, complaints } = await open(browser, server, "?steps=20");
  const text = () => tab.textContent("body");
  for (let patience = 0; patience < 120 && !/readbacks/.test(await text()) && complaints.length === 0; patience++) {
    await tab.waitForTimeout(500);
  }
  server.close();
  const [first, second] = [...(await text()).matchAll(/mean squared error (\S+),/g)].map(([, error]) => Number(error));
  const detail = complaints.join("; ") || `mean squared error ${first}, ten steps later ${second}`;
  return { name: "the example's page trains", ok: complaints.length === 0 && second < first, detail };
}

try {
  const browser = await launchChromium();
  const server = await servePage("tests/runtimes/webgpu-page.mjs");
  const checks = await visit(browser, server);
  report(`Chromium ${browser.version()}`, [...checks, await examplePage(browser)]);
  await browser.close();
  server.close();
} catch (error) {
  if (!(error instanceof NoBrowser)) throw error;
  reportSkipped("Chromium", error.message);
}
