/** Prints what each page costs to load, gzipped, and fails the build when one is above its limit. */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMITS_KB = { "index.html": 60, "api.html": 40, "deliveries.html": 40, "preferences.html": 40, "trace.html": 40, "unsubscribe.html": 40 };

const gzipped = (file) => gzipSync(readFileSync(file), { level: 9 }).length;

/** The page's own references, and what its scripts import statically. */
function filesOf(page) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    if (!path.endsWith(".js")) return;
    const code = readFileSync(`dist/${path}`, "utf8");
    for (const [, name] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) visit(`assets/${name}`);
  };
  const html = readFileSync(`dist/${page}`, "utf8");
  for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)) visit(path);
  return [page, ...found];
}

let failed = false;
for (const [page, limit] of Object.entries(LIMITS_KB)) {
  const sizes = filesOf(page).map((file) => [file, gzipped(`dist/${file}`)]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0) / 1000;
  const verdict = total > limit ? "TOO LARGE" : "ok";
  failed ||= total > limit;
  console.log(`${page}: ${total.toFixed(1)} kB gzipped of ${limit} kB, ${verdict}`);
  for (const [file, size] of sizes) console.log(`  ${(size / 1000).toFixed(1).padStart(6)} kB  ${file}`);
}
process.exit(failed ? 1 : 0);
