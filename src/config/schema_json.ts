// The JSON Schema of the configuration file, for editors and for whoever writes files by program.
// It takes what the service takes: keys that begin with `_` anywhere, and the empty text or null
// for "not set". Rules between several keys (rules.ts) cannot be said in it; `check` knows them.

import * as z from "zod";
import { fileSchema } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** JSON Schema, draft 2020-12, of a file as people write it. */
export function configJsonSchema(): JsonSchema {
  const schema = withComments(z.toJSONSchema(fileSchema, { io: "input" }));
  return { title: "NectarCollector configuration", ...schema };
}

/** Lets every object inside hold comments, and every key that may be absent be "not set". */
function withComments(schema: JsonSchema): JsonSchema {
  const result = { ...schema };
  for (const word of ["anyOf", "oneOf"] as const) {
    const choices = schema[word];
    if (choices !== undefined) result[word] = choices.map(withComments);
  }
  if (typeof schema.items === "object" && !Array.isArray(schema.items)) {
    result.items = withComments(schema.items);
  }
  if (schema.properties !== undefined) {
    result.patternProperties = { "^_": {} };
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, property]) => {
        if (typeof property === "boolean") return [key, property];
        const required = schema.required?.includes(key) ?? false;
        return [key, required ? withComments(property) : orUnset(property)];
      }),
    );
  }
  return result;
}

function orUnset(property: JsonSchema): JsonSchema {
  if (property.type === "object" || property.type === "array") return withComments(property);
  const { description, default: fallback, ...rest } = property;
  return {
    ...description === undefined ? {} : { description },
    ...fallback === undefined ? {} : { default: fallback },
    anyOf: [withComments(rest), { enum: ["", null] }],
  };
}
