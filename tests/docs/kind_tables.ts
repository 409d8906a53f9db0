// The tables of docs/events.md, made from the list of kinds: `deno task docs` writes them, and a test
// holds the document to them.

import { join } from "node:path";
import type { KindFacts } from "../../src/platform/kinds/kind.ts";
import { noticeKinds } from "../../src/platform/kinds/notice_kinds.ts";

export const eventsDocument = join(new URL("../../", import.meta.url).pathname, "docs/events.md");

/** Every kind that there is, under its name. */
export const allKinds: ReadonlyMap<string, KindFacts> = new Map(
  Object.values(noticeKinds).flatMap((kinds) => Object.entries<KindFacts>(kinds)),
);

const begin = "<!-- made by `deno task docs` from src/platform/kinds: begin -->";
const end = "<!-- made by `deno task docs`: end -->";

/** `document` with the tables as they should be. */
export function withKindTables(document: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`write the tables: no place for them: ${begin}`);
  const tables = Object.entries(noticeKinds).map(([title, kinds]) => table(title, kinds));
  const made = ["<!-- deno-fmt-ignore-start -->", ...tables, "<!-- deno-fmt-ignore-end -->"];
  return `${document.slice(0, from)}${begin}\n\n${made.join("\n\n")}\n\n${document.slice(to)}`;
}

function table(title: string, kinds: Readonly<Record<string, KindFacts>>): string {
  return [
    `### ${title}`,
    "",
    "| `type` | level | meaning | what to do | figures in `details` |",
    "| --- | --- | --- | --- | --- |",
    ...Object.entries(kinds).map(([name, facts]) => row(name, facts)),
  ].join("\n");
}

function row(name: string, { level, means, toDo, details = {} }: KindFacts): string {
  const levels = typeof level === "string" ? [level] : level;
  const figures = Object.entries(details).map(([key, meaning]) => `\`${key}\`: ${meaning}`);
  const cells = [`\`${name}\``, levels.join(" or "), means, toDo, figures.join("; ")];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (import.meta.main) {
  Deno.writeTextFileSync(eventsDocument, withKindTables(Deno.readTextFileSync(eventsDocument)));
}
