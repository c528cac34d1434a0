// README.md's page without a bundler, as it stands but for its address: what a browser makes of it, and what it asks for.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { inRoot } from "../../scripts/process.mjs";

const CDN = /https:\/\/cdn\.jsdelivr\.net\/npm\/odegrad@[\d.]+/g;
const SCRIPTS = 3;

/** Opens the page in this browser; returns its checks. */
export async function plainPage(browser) {
  const [, html] = /```html\n([\s\S]*?)```/.exec(readFileSync(inRoot("README.md"), "utf8"));
  const asked = [];
  const server = createServer((request, response) => {
    if (request.url === "/") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(`${html.replace(CDN, "/package")}<link rel="icon" href="data:,">`);
      return;
    }
    asked.push(request.url);
    const [, file] = /^\/package(\/dist\/[\w/.-]+\.js)$/.exec(request.url) ?? [];
    response.setHeader("content-type", "text/javascript; charset=utf-8");
    response.writeHead(file ? 200 : 404);
    response.end(file && readFileSync(inRoot(file)));
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const tab = await browser.newPage();
  const complaints = [];
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await tab.goto(`http://localhost:${server.address().port}/`);
  const shown = await tab.textContent("#output");
  server.close();
  return [
    {
      name: "README's page without a bundler computes e⁻¹",
      ok: complaints.length === 0 && shown.includes(Math.exp(-1).toFixed(6)),
      detail: complaints.join("; ") || shown,
    },
    {
      name: `the main entry takes at most ${SCRIPTS} requests`,
      ok: asked.length > 0 && asked.length <= SCRIPTS,
      detail: asked.join(", "),
    },
  ];
}
