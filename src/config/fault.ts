// A fault is something wrong with a value, at a path of keys; a problem is a fault with the place
// in the file. Kept apart so that schema and rules need to know nothing of texts and offsets.

import type { Node } from "jsonc-parser";
import type * as z from "zod";
import type { Problem } from "./problem.ts";
import { SourceText } from "./source_text.ts";
import type { Document, Misprint } from "./syntax.ts";

/** Keys and list positions, from the outside in. */
export type Path = readonly PropertyKey[];

export interface Fault {
  readonly path: Path;
  /** A whole sentence; where `mustBe` is set, made from that instead. */
  readonly message?: string;
  /** What the value must be, as a phrase; the key and what was found are added. */
  readonly mustBe?: string;
  /** Another place that the message is about. */
  readonly see?: Path;
  /** Whether the key is at fault, not its value. */
  readonly atKey?: boolean;
}

/** What the schema found, as faults. */
export function faultsOf(issues: readonly z.core.$ZodIssue[]): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const inside = issue.code === "invalid_union" ? issuesInside(issue) : [];
    if (inside.length > 0) {
      return faultsOf(inside.map((each) => ({ ...each, path: [...issue.path, ...each.path] })));
    }
    if (issue.code !== "unrecognized_keys") return [{ path: issue.path, mustBe: issue.message }];
    // One line for each key, see wording.ts.
    const messages = issue.message.split("\n");
    return issue.keys.map((key, i) => ({
      path: [...issue.path, key],
      message: messages[i] ?? `unknown key ${JSON.stringify(key)}`,
      atKey: true,
    }));
  });
}

/** Where only one kind of value can have been meant: what is wrong inside it. */
function issuesInside({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] {
  const meant = errors.filter((issues) =>
    issues.length > 0 &&
    issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys")
  );
  return meant.length === 1 ? meant[0] ?? [] : [];
}

/** `ports[0].device` */
export function pathText(path: Path): string {
  return path.map((key, i) => {
    if (typeof key === "number") return `[${key}]`;
    return i === 0 ? String(key) : `.${String(key)}`;
  }).join("");
}

/** Finds the places of faults in one file. */
export class Places {
  readonly #file: string;
  readonly #source: SourceText;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#source = new SourceText(text);
  }

  ofMisprint({ offset, message, see }: Misprint): Problem {
    const more = see === undefined ? "" : ` (see line ${this.#source.at(see).line})`;
    return { file: this.#file, path: "", ...this.#source.at(offset), message: message + more };
  }

  ofFault(fault: Fault, document: Document): Problem {
    const node = nodeAt(document.root, fault.path, fault.atKey ?? false).node;
    const more = fault.see === undefined
      ? ""
      : ` (see line ${this.#source.at(nodeAt(document.root, fault.see, false).node.offset).line})`;
    return {
      file: this.#file,
      path: pathText(fault.path),
      ...this.#source.at(node.offset),
      message: this.#sentence(fault, document) + more,
    };
  }

  #sentence({ path, message, mustBe }: Fault, { root }: Document): string {
    if (mustBe === undefined) return message ?? "is wrong";
    const key = path.length === 0 ? "the file" : pathText(path);
    const { node, whole } = nodeAt(root, path, false);
    const unset = !whole || node.value === "" || node.value === null;
    if (unset && typeof path.at(-1) === "string") return `${key} is missing: it ${mustBe}`;
    return `${key} ${mustBe}; found ${this.#found(node)}`;
  }

  #found(node: Node): string {
    if (node.type === "object") return "an object";
    if (node.type === "array") return "a list";
    const shown = this.#source.slice(node.offset, node.length);
    return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
  }
}

/**
 * The node at `path`, or the innermost one on the way to it that exists (`whole` is false then).
 * With `atKey` the node of the last key instead of its value.
 */
function nodeAt(root: Node, path: Path, atKey: boolean): { node: Node; whole: boolean } {
  let node = root;
  for (const [i, step] of path.entries()) {
    if (node.type === "array") {
      const item = typeof step === "number" ? node.children?.[step] : undefined;
      if (item === undefined) return { node, whole: false };
      node = item;
    } else if (node.type === "object") {
      const property = node.children?.find((child) => child.children?.[0]?.value === step);
      const [key, value] = property?.children ?? [];
      if (key === undefined || value === undefined) return { node, whole: false };
      if (atKey && i === path.length - 1) return { node: key, whole: true };
      node = value;
      // A list that was written as one text, such as several servers: the text is the place.
    } else return { node, whole: true };
  }
  return { node, whole: true };
}
