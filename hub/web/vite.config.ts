/** Three pages, hashed assets, and each text asset also as .gz beside it, because the server serves files and does not compress. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "dist";
const SERVER = process.env.HUB_DEV_SERVER ?? "http://127.0.0.1:8080";

function precompress(): Plugin {
  return {
    name: "hub-precompress",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue;
        const file = join(OUT, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [precompress()],
  build: {
    outDir: OUT,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: ["index.html", "api.html", "deliveries.html"].map((page) => resolve(import.meta.dirname, page)),
    },
  },
  server: {
    proxy: {
      "/api/v1": SERVER,
      "/api/openapi.json": SERVER,
      "/api/asyncapi.json": SERVER,
      "/socket.io": { target: SERVER, ws: true },
    },
  },
});
