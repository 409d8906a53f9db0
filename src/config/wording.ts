// The sentences for what the schema finds, in the words of someone who edits a file with nano
// and has never seen a JSON Schema.

import * as z from "zod";

/**
 * Gives the schema its messages. A message is a phrase, "must be …", except for unknown keys: one
 * whole sentence a line there, in the order of the issue's keys.
 */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kindOf(issue.expected)}`;
    case "invalid_value":
      return `must be ${alternatives(issue.values.map((value) => JSON.stringify(value)))}`;
    case "unrecognized_keys": {
      const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return issue.keys.map((key) => unknownKey(key, known)).join("\n");
    }
    default:
      return undefined;
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  const quoted = `unknown key ${JSON.stringify(key)}`;
  const close = closest(key, known);
  if (close !== undefined) return `${quoted}; did you mean ${JSON.stringify(close)}?`;
  return `${quoted}; known here are ${known.join(", ")}`;
}

function kindOf(expected: string): string {
  switch (expected) {
    case "string":
      return "a text in double quotes";
    case "boolean":
      return "true or false";
    case "object":
      return "an object: keys and values in { }";
    case "array":
      return "a list in [ ]";
    default:
      return `a ${expected}`;
  }
}

function alternatives(values: readonly string[]): string {
  if (values.length < 2) return values.join("");
  return `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

/** The known key that `key` was most likely meant to be, or `undefined` when none is close. */
export function closest(key: string, known: readonly string[]): string | undefined {
  // Past this length nothing we know is close, and the table below would grow without need.
  if (key.length > 40) return undefined;
  let best: string | undefined;
  let bestDistance = Math.floor(key.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(simplified(key), simplified(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `baudRate`, `baud-rate` and `baud_rate` are the same mistake. */
function simplified(key: string): string {
  return key.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Letters to insert, delete, replace or swap with a neighbour to make `a` of `b`. */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 0; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replace = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? cell(i - 2, j - 2) + 1 : Infinity;
      rows[i]?.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replace, swap));
    }
  }
  return cell(a.length, b.length);
}
