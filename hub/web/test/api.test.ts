/** Reading the two API documents. */

import { describe, expect, it } from "vitest";
import { fromAsyncApi } from "../src/api/asyncapi";
import { grouped, matches } from "../src/api/model";
import { fromOpenApi } from "../src/api/openapi";
import { childrenOf, resolve, typeName } from "../src/api/schema";

const schemas = {
  Node: { type: "object", required: ["id"], properties: { id: { type: "string" }, next: { $ref: "#/components/schemas/Node" } } },
  Failure: { type: "object" },
};
const text = "`rate.limited`: Wait for `retry_after_ms`, then go on.; `auth.invalid`: Sign in again.";
const openapi = {
  components: { schemas, parameters: { Id: { name: "id", in: "path", required: true } } },
  paths: {
    "/nodes/{id}": {
      get: {
        operationId: "get_node",
        tags: ["nodes"],
        parameters: [{ $ref: "#/components/parameters/Id" }],
        responses: { "200": { content: { "application/json": { schema: { $ref: "#/components/schemas/Node" } } } }, "429": { description: text } },
      },
    },
  },
};
const ack = { oneOf: [{ properties: { success: { const: true }, data: { $ref: "#/components/schemas/Node" } } }, { $ref: "#/components/schemas/Failure" }] };
const asyncapi = {
  components: { schemas },
  channels: { socket: { messages: { CONNECT: { payload: schemas.Node }, ask: { name: "node.get", payload: schemas.Node }, answer: { payload: ack } } } },
  operations: {
    "node.get": {
      action: "receive",
      messages: [{ $ref: "#/channels/socket/messages/ask" }],
      reply: { messages: [{ $ref: "#/channels/socket/messages/answer" }] },
    },
  },
};

describe("OpenAPI", () => {
  const [entry] = fromOpenApi(openapi);

  it("gives operations with their parameters and bodies", () => {
    expect(entry).toMatchObject({ badge: "GET", title: "/nodes/{id}", group: "nodes", parameters: [{ name: "id" }] });
    expect(entry?.bodies.map((body) => typeName(body.schema, openapi))).toEqual(["Node"]);
  });

  it("takes the error codes out of the descriptions, and only those", () => {
    expect(entry?.failures).toEqual([
      { status: "429", code: "rate.limited", text: "Wait for `retry_after_ms`, then go on." },
      { status: "429", code: "auth.invalid", text: "Sign in again." },
    ]);
  });

  it("is found by words in any order, error codes among them", () => {
    expect(entry && matches(entry, "limited nodes")).toBe(true);
    expect(entry && matches(entry, "orders")).toBe(false);
  });
});

describe("AsyncAPI", () => {
  const entries = fromAsyncApi(asyncapi);

  it("tells directions from the client's side and unwraps the ack", () => {
    const asked = entries.find((entry) => entry.title === "node.get");
    expect(asked?.badge).toBe("client → server");
    expect(asked?.bodies.map((body) => [body.label, typeName(body.schema, asyncapi)])).toEqual([
      ["Payload", "object"],
      ["Ack · data", "Node"],
    ]);
  });

  it("shows messages that belong to no operation", () => {
    expect(grouped(entries).map((group) => group.name)).toEqual(["connection", "node"]);
  });
});

describe("schemas", () => {
  it("may refer to themselves", () => {
    const children = childrenOf({ $ref: "#/components/schemas/Node" }, openapi);
    expect(children.map((child) => [child.name, child.required, typeName(child.schema, openapi)])).toEqual([
      ["id", true, "string"],
      ["next", false, "Node"],
    ]);
  });

  it("survive a broken reference", () => {
    expect(resolve({ $ref: "#/nowhere/at/all" }, openapi)).toEqual({});
  });
});
