/** The pages, hashed assets, and each text asset also as .gz beside it, because the server serves files and does not compress. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "dist";
const PAGES = ["index", "api", "deliveries", "preferences", "trace", "unsubscribe"];
/** Not the styles, and not what only the other pages share with each other. */
const SHARED =
  /\/preact\/|\/sdk\/(errors|token|types)|\/src\/(?!styles|i18n\/categories|components\/(PersonPage|SignIn|Snack|Switch)|text\/(categories|ago|units)).*\.tsx?$/;
const SERVER = process.env.HUB_DEV_SERVER ?? "http://127.0.0.1:8080";

function precompress(): Plugin {
  return {
    name: "hub-precompress",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|svg|html|webmanifest)$/.test(name)) continue;
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
      output: {
        codeSplitting: {
          // What the chat page shares with others, in one file: each of its own would cost a round trip and half a kilobyte.
          groups: [{ name: "shared", minShareCount: 2, test: SHARED }],
        },
      },
      input: PAGES.map((page) => resolve(import.meta.dirname, `${page}.html`)),
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
