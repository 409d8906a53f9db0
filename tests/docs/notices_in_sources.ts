// What the sources report, found in their text: objects with a `kind` of the list, and kinds that are
// only named. Enough to hold the list to them; what is put together from parts is not looked into.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface ReportedNotice {
  /** More than one where part of the name is filled in. */
  readonly kinds: readonly string[];
  /** `null` where it is no literal. */
  readonly level: string | null;
  /** Names of its figures, as far as they stand there. */
  readonly details: readonly string[];
}

const root = new URL("../../src", import.meta.url).pathname;

/** `known` are the names of the list. */
export function noticesInSources(known: readonly string[]): ReportedNotice[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("platform/kinds/"))
    .flatMap((file) => noticesIn(readFileSync(join(root, file), "utf8"), known));
}

function noticesIn(text: string, known: readonly string[]): ReportedNotice[] {
  const whole = [...text.matchAll(/\bkind: (?:"([a-z_]+)"|`([a-z_]+)\$\{[^}]*\}`)/g)]
    .map(({ index, 1: name, 2: prefix = "" }) => {
      const own = objectAround(text, index);
      const [, level = null] = /\blevel: "([a-z]+)"/.exec(own) ?? [];
      const [, figures = ""] = /\bdetails: \{([^{}]*)\}/.exec(own) ?? [];
      const details = [...figures.matchAll(/(?:^|,)\s*(\w+)(?=\s*[:,]|\s*$)/g)]
        .map(([, key = ""]) => key);
      if (name !== undefined) return { kinds: [name], level, details };
      // Whichever of them it is, others may be told elsewhere.
      const kinds = known.filter((each) => each.startsWith(prefix));
      return { kinds, level: null, details: [] };
    });
  const named = known.filter((each) => text.includes(`"${each}"`));
  return [...whole, { kinds: named, level: null, details: [] }];
}

/** The text of the object whose key stands at `index`. */
function objectAround(text: string, index: number): string {
  let depth = 0;
  let from = index;
  while (from > 0 && (depth += step(text[from])) <= 0) from -= 1;
  depth = 0;
  let to = from;
  do depth += step(text[to++]); while (depth > 0 && to < text.length);
  return text.slice(from, to);
}

function step(character: string | undefined): number {
  return character === "{" ? 1 : character === "}" ? -1 : 0;
}
