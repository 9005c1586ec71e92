/** Entry of the API reference: fetches both documents and draws what there is. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/reference.css";
import { render } from "preact";
import { restoreTheme } from "../theme";
import { fromAsyncApi } from "./asyncapi";
import { fromOpenApi } from "./openapi";
import { Reference } from "./Reference";
import type { Document } from "./schema";

restoreTheme();

async function fetchDocument(address: string): Promise<Document | null> {
  try {
    const response = await fetch(address);
    return response.ok ? ((await response.json()) as Document) : null;
  } catch {
    return null;
  }
}

const addresses = ["/api/openapi.json", "/api/asyncapi.json"] as const;
const [http, socket] = await Promise.all(addresses.map(fetchDocument));
const entries = [...(http ? fromOpenApi(http) : []), ...(socket ? fromAsyncApi(socket) : [])];
const sources = [
  { name: "HTTP", address: addresses[0], document: http ?? null },
  { name: "Socket.IO", address: addresses[1], document: socket ?? null },
];
const place = document.getElementById("app");
if (place) render(<Reference entries={entries} sources={sources} />, place);
