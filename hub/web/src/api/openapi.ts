/** Reads an OpenAPI 3.1 document. */

import { slug, type Body, type Entry, type Failure, type Parameter } from "./model";
import { resolve, type Document, type Schema } from "./schema";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"] as const;

interface Media {
  schema?: Schema;
}
interface Content {
  description?: string;
  content?: Record<string, Media>;
}
interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: Content;
  responses?: Record<string, Content>;
}
type PathItem = Partial<Record<(typeof METHODS)[number], Operation>> & { parameters?: Parameter[] };

export function fromOpenApi(document: Document): Entry[] {
  const paths = (document.paths ?? {}) as Record<string, PathItem>;
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [entry(document, path, method, operation, item.parameters ?? [])] : [];
    }),
  );
}

function entry(document: Document, path: string, method: string, operation: Operation, shared: Parameter[]): Entry {
  const responses = Object.entries(operation.responses ?? {}).map(([status, one]) => [status, resolve(one, document)] as const);
  return {
    id: `http-${slug(operation.operationId ?? `${method}-${path}`)}`,
    surface: "HTTP",
    group: operation.tags?.[0] ?? "other",
    title: path,
    badge: method.toUpperCase(),
    summary: operation.summary ?? "",
    description: operation.description ?? "",
    deprecated: operation.deprecated ?? false,
    parameters: [...shared, ...(operation.parameters ?? [])].map((one) => resolve(one, document)),
    bodies: [...requestOf(operation, document), ...responses.flatMap(([status, one]) => successOf(status, one))],
    failures: responses.flatMap(([status, one]) => failuresOf(status, one)),
    document,
  };
}

function requestOf(operation: Operation, document: Document): Body[] {
  if (!operation.requestBody) return [];
  const body = resolve(operation.requestBody, document);
  return mediaOf(body).map(([type, schema]) => ({ label: `Request · ${type}`, description: body.description, schema }));
}

function successOf(status: string, response: Content): Body[] {
  if (isFailure(status)) return [];
  const media = mediaOf(response);
  if (media.length === 0) return [{ label: `Response ${status}`, description: response.description, schema: { type: "null" } }];
  return media.map(([type, schema]) => ({ label: `Response ${status} · ${type}`, description: response.description, schema }));
}

/** A dotted code that starts a phrase; other words between backticks belong to the text. */
const CODE = /(?:^|;\s*)`([a-z_]+\.[a-z_.]+)`:?\s*/;

/** The server lists codes as "`code`: text; `code`: text"; anything else is shown as it is. */
function failuresOf(status: string, response: Content): Failure[] {
  if (!isFailure(status)) return [];
  const text = response.description ?? "";
  const [before = "", ...found] = text.split(CODE); // code, words, code, words …
  if (found.length === 0) return [{ status, code: "", text: before }];
  return found.flatMap((code, n) => (n % 2 === 0 ? [{ status, code, text: found[n + 1] ?? "" }] : []));
}

const isFailure = (status: string): boolean => !/^[123]/.test(status);

const mediaOf = (content: Content): Array<[string, Schema]> =>
  Object.entries(content.content ?? {}).flatMap(([type, media]): Array<[string, Schema]> => (media.schema ? [[type, media.schema]] : []));
