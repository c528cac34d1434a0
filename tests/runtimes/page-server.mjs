// A page for the runners that use a browser: dist/ and the checks as one bundle, served on localhost.
import { createServer } from "node:http";
import { bundleForBrowser } from "../../scripts/bundle.mjs";
import { FORBIDDEN, UNISOLATED } from "./queries.mjs";

/** What gives a page SharedArrayBuffer. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Serves a page with this program on a free port; returns the server. */
export async function servePage(program) {
  const { outputFiles } = await bundleForBrowser({ entryPoints: [program] });
  const page = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';
  const server = createServer((request, response) => {
    const [type, body] = request.url === "/page.js" ? ["text/javascript", outputFiles[0].text] : ["text/html", page];
    const wasm = request.url === `/${FORBIDDEN}` ? "" : "'wasm-unsafe-eval'";
    response.writeHead(200, {
      "content-type": `${type}; charset=utf-8`,
      // The strictest policy under which WebAssembly and threads run at all: no eval, nothing from elsewhere.
      "content-security-policy": `default-src 'none'; script-src 'self' ${wasm}; worker-src blob:; img-src data:`,
      ...(request.url !== `/${UNISOLATED}` && ISOLATION),
    });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  return server;
}

/** Opens the served page, with this query in its address; the complaints are all that it says has gone wrong. */
export async function open(browser, server, query = "") {
  const tab = await browser.newPage();
  const complaints = [];
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await tab.goto(`http://localhost:${server.address().port}/${query}`); // until its module has run
  return { tab, complaints };
}

/** Opens the served page and returns its checks, or why it has none; what the page complains of is the first. */
export async function visit(browser, server, query) {
  const { tab, complaints } = await open(browser, server, query);
  const checks = await tab.evaluate("globalThis.checks ?? []");
  if (typeof checks === "string" && complaints.length === 0) return checks;
  const ok = complaints.length === 0 && checks.length > 0;
  return [{ name: "loads the bundle", ok, detail: complaints.join("; ") || "no complaint" }, ...checks];
}
