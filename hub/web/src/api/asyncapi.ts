/** Reads an AsyncAPI 3.0 document. Its actions are the server's: "receive" is what a client sends. */

import { slug, type Body, type Entry } from "./model";
import { resolve, type Document, type Schema } from "./schema";

interface Ref {
  $ref?: string;
}
interface Message extends Ref {
  name?: string;
  title?: string;
  summary?: string;
  description?: string;
  deprecated?: boolean;
  payload?: Schema;
  "x-errors"?: string[];
}
interface Operation {
  action: "send" | "receive";
  summary?: string;
  description?: string;
  tags?: Array<{ name: string }>;
  messages?: Message[];
  reply?: { messages?: Message[] };
  "x-errors"?: string[];
}
interface Channel {
  messages?: Record<string, Message>;
}

const TO_SERVER = "client → server";
const TO_CLIENT = "server → client";

export function fromAsyncApi(document: Document): Entry[] {
  const operations = Object.entries((document.operations ?? {}) as Record<string, Operation>);
  const used = new Set(operations.flatMap(([, one]) => [...(one.messages ?? []), ...(one.reply?.messages ?? [])].map((message) => message.$ref)));
  const events = operations.map(([id, operation]) => fromOperation(document, id, operation));
  return [...unused(document, used), ...events];
}

function fromOperation(document: Document, id: string, operation: Operation): Entry {
  const messages = (operation.messages ?? []).map((message) => resolve(message, document));
  const replies = (operation.reply?.messages ?? []).map((message) => resolve(message, document));
  const title = messages[0]?.name ?? id.replace(/^emit\./, "");
  const label = operation.action === "receive" ? "Payload" : "Event";
  const codes = operation["x-errors"] ?? messages.flatMap((message) => message["x-errors"] ?? []);
  return {
    ...blank(document, `event-${slug(id)}`, title),
    group: operation.tags?.[0]?.name ?? groupOf(title),
    badge: operation.action === "receive" ? TO_SERVER : TO_CLIENT,
    summary: operation.summary ?? messages[0]?.summary ?? "",
    description: operation.description ?? messages[0]?.description ?? "",
    deprecated: messages.some((message) => message.deprecated),
    bodies: [...messages.flatMap((message) => bodyOf(message, label)), ...replies.flatMap(ackOf)],
    failures: codes.map((code) => ({ status: "", code, text: "" })),
  };
}

/** Messages that no operation names, such as the CONNECT payload: shown first, because everything starts there. */
function unused(document: Document, used: Set<string | undefined>): Entry[] {
  const channels = Object.entries((document.channels ?? {}) as Record<string, Channel>);
  return channels.flatMap(([channel, { messages }]) =>
    Object.entries(messages ?? {})
      .filter(([key]) => !used.has(`#/channels/${channel}/messages/${key}`))
      .map(([key, message]) => {
        const real = resolve(message, document);
        return {
          ...blank(document, `event-${slug(key)}`, real.name ?? key),
          group: "connection",
          badge: TO_SERVER,
          summary: real.summary ?? "",
          description: real.description ?? "",
          bodies: bodyOf(real, "Payload"),
        };
      }),
  );
}

const bodyOf = (message: Message, label: string): Body[] => (message.payload ? [{ label, schema: message.payload }] : []);

/** Every ack is the same envelope, so what differs is shown: its data. */
function ackOf(message: Message): Body[] {
  const success = message.payload?.oneOf?.find((variant) => variant.properties?.success?.const === true);
  const data = success?.properties?.data;
  if (!data) return bodyOf(message, "Ack");
  return [{ label: "Ack · data", description: "Inside `{success: true, data}`; a refusal is `{success: false, error}`.", schema: data }];
}

const groupOf = (event: string): string => event.split(".")[0] ?? "other";

const blank = (document: Document, id: string, title: string): Entry => ({
  id,
  surface: "Socket.IO",
  group: "other",
  title,
  badge: TO_CLIENT,
  summary: "",
  description: "",
  deprecated: false,
  parameters: [],
  bodies: [],
  failures: [],
  document,
});
