// A real headless Chromium: dist/ and the scenarios as bundles in pages served on localhost.
import { launchChromium, NoBrowser } from "./chromium.mjs";
import { servePage, visit } from "./page-server.mjs";
import { plainPage } from "./plain-page.mjs";
import { FORBIDDEN, UNISOLATED } from "./queries.mjs";
import { report, reportScenario, reportSkipped } from "./report.mjs";

try {
  const browser = await launchChromium();
  const runtime = `Chromium ${browser.version()}`;
  const server = await servePage("tests/runtimes/page.mjs");
  report(runtime, await visit(browser, server));
  report(runtime, await visit(browser, server, FORBIDDEN));
  server.close();
  const threads = await servePage("tests/runtimes/threads-page.mjs");
  reportScenario(runtime, await visit(browser, threads));
  reportScenario(runtime, await visit(browser, threads, UNISOLATED));
  report(runtime, await plainPage(browser));
  await browser.close();
  threads.close();
} catch (error) {
  if (!(error instanceof NoBrowser)) throw error;
  reportSkipped("Chromium", error.message);
}
