/** JSON Schema as the two documents use it, and how a schema is named in one word. */

export interface Schema {
  $ref?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  minItems?: number;
  pattern?: string;
  examples?: unknown[];
}

export type Document = Record<string, unknown>;

/** Follows local references ("#/a/b"); a broken one becomes an empty schema, so the rest of the page still shows. */
export function resolve<T extends object>(value: T & { $ref?: string }, document: Document): T {
  let found: unknown = value;
  for (let hops = 0; hops < 10; hops += 1) {
    const ref = (found as { $ref?: string } | undefined)?.$ref;
    if (ref === undefined) break;
    found = pointer(ref, document);
  }
  return (found ?? {}) as T;
}

function pointer(ref: string, document: Document): unknown {
  const steps = ref.replace(/^#\//, "").split("/");
  return steps.reduce<unknown>((at, step) => {
    const key = decodeURIComponent(step).replace(/~1/g, "/").replace(/~0/g, "~");
    return (at as Record<string, unknown> | undefined)?.[key];
  }, document);
}

export const refName = (schema: Schema): string => schema.$ref?.split("/").at(-1) ?? schema.title ?? "";

/** "string", "Message", "array of Message", "integer or null". */
export function typeName(schema: Schema, document: Document): string {
  if (schema.$ref) return refName(schema);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((choice) => typeName(choice, document)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `array of ${schema.items ? typeName(schema.items, document) : "anything"}`;
  if (schema.type === "object" && isSchema(schema.additionalProperties)) return `map of ${typeName(schema.additionalProperties, document)}`;
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  return schema.type ?? (schema.enum ? "string" : schema.properties ? "object" : "anything");
}

export interface Child {
  name: string;
  schema: Schema;
  required: boolean;
}

/** What a reader sees when opening a schema: properties, the element of a list, or the alternatives. */
export function childrenOf(schema: Schema, document: Document): Child[] {
  const real = resolve(schema, document);
  if (real.type === "array" && real.items) return childrenOf(real.items, document);
  const choices = (real.oneOf ?? real.anyOf ?? []).filter((choice) => choice.type !== "null");
  if (choices.length === 1 && choices[0]) return childrenOf(choices[0], document);
  const variants = choices.map((choice, n) => ({ name: refName(choice) || `variant ${n + 1}`, schema: choice, required: false }));
  const inherited = (real.allOf ?? []).flatMap((part) => childrenOf(part, document));
  const required = new Set(real.required ?? []);
  const own = Object.entries(real.properties ?? {}).map(([name, part]) => ({ name, schema: part, required: required.has(name) }));
  const rest = isSchema(real.additionalProperties) ? childrenOf(real.additionalProperties, document) : [];
  return [...inherited, ...own, ...variants, ...rest];
}

/** Limits and fixed values, in words. */
export function limitsOf(schema: Schema): string[] {
  const said: string[] = [];
  const say = (text: string, value: unknown): void => void (value !== undefined && said.push(`${text} ${JSON.stringify(value)}`));
  if (schema.format) said.push(schema.format);
  say("at least", schema.minimum);
  say("at most", schema.maximum);
  say("min. length", schema.minLength);
  say("max. length", schema.maxLength);
  say("min. items", schema.minItems);
  say("max. items", schema.maxItems);
  if (schema.pattern) said.push(`matches ${schema.pattern}`);
  if (schema.default !== undefined && schema.default !== null) said.push(`default ${JSON.stringify(schema.default)}`);
  return said;
}

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && Object.keys(value).length > 0;
