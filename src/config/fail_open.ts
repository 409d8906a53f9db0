// Which parts of a file the service can do without: delivery and alerts. A fault in them must never
// keep anybody from capturing, so the service runs without such a section and says so.

import type { Node } from "jsonc-parser";
import type { Notice } from "../platform/notice.ts";
import type { Path } from "./fault.ts";
import type { Problem } from "./problem.ts";

export const dispensableSections = ["nats", "forwarder", "alerts"] as const;

export type DispensableSection = typeof dispensableSections[number];

/** A section that does not check, and what is wrong with it. */
export interface BrokenSection {
  readonly name: DispensableSection;
  readonly problems: readonly Problem[];
  /** Records are to be kept for it: mended, it may want them. */
  readonly holdsRecords: boolean;
}

/** A problem, and the value in the file that it is about. */
export interface PlacedProblem {
  readonly problem: Problem;
  readonly path: Path;
}

/** The sections that the problems are in; `null` when one is elsewhere. */
export function brokenSections(
  placed: readonly PlacedProblem[],
  value: unknown,
): BrokenSection[] | null {
  const names = placed.map(({ path }) => dispensableSections.find((name) => name === path[0]));
  if (names.some((name) => name === undefined)) return null;
  return dispensableSections.filter((name) => names.includes(name)).map((name) => {
    const own = placed.filter((_, i) => names[i] === name);
    const holdsRecords = name === "nats" || name === "forwarder" && !isOff(own, value);
    return { name, problems: own.map(({ problem }) => problem), holdsRecords };
  });
}

/** `value`, a file's, without the sections. */
export function withoutSections(value: unknown, broken: readonly BrokenSection[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const names = new Set<string>(broken.map(({ name }) => name));
  return Object.fromEntries(Object.entries(value).filter(([key]) => !names.has(key)));
}

/** What is told at every start without a section. */
export function brokenNotice({ name, problems }: BrokenSection): Notice {
  const texts = problems.map(({ file, line, column, message }) =>
    `${file}:${line}:${column}: ${message}`
  );
  return {
    level: "error",
    kind: "section_broken",
    message: `running without ${name}: ${texts.join("; ")}`,
    hint:
      "nectarcollector check shows the place; mend it, and nectarcollector reload. Records are " +
      "captured, and what the section would have been given is kept for it",
    details: { section: name, problems: problems.length },
  };
}

/** The key of the file's own object in whose text `offset` lies, as a path. */
export function pathAt(root: Node, offset: number): Path {
  const property = root.children?.find((each) =>
    each.offset <= offset && offset < each.offset + each.length
  );
  const key: unknown = property?.children?.[0]?.value;
  return typeof key === "string" ? [key] : [];
}

/** A forwarder that says so, and of which nothing is given twice, is switched off for certain. */
function isOff(placed: readonly PlacedProblem[], value: unknown): boolean {
  return keyOf(keyOf(value, "forwarder"), "enabled") === false &&
    placed.every(({ path }) => path.length > 1);
}

function keyOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([each]) => each === key)?.[1];
}
