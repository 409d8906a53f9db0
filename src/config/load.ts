// From a file, or a text, to a configuration or to everything that is wrong with it. Nothing here
// throws for what people may write: an unattended box must be able to say what it found.

import { type Config, settle } from "./config.ts";
import { faultsOf, Places } from "./fault.ts";
import {
  type BrokenSection,
  brokenSections,
  pathAt,
  type PlacedProblem,
  withoutSections,
} from "./fail_open.ts";
import type { Problem } from "./problem.ts";
import { brokenRules } from "./rules.ts";
import { fileSchema } from "./schema.ts";
import { parseText } from "./syntax.ts";
import { type ConfigDisk, readText, realConfigDisk } from "./text_file.ts";
import { wording } from "./wording.ts";

/** A configuration that can be run, or all the reasons why there is none, in the file's order. */
export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | {
    readonly ok: false;
    readonly problems: readonly Problem[];
    /** What can be captured with all the same, because only delivery or alerts do not check. */
    readonly captureOnly?: CaptureOnly;
  };

/** A configuration in which broken sections stand as if they were not in the file. */
export interface CaptureOnly {
  readonly config: Config;
  readonly broken: readonly BrokenSection[];
}

/** Reads and checks a file. */
export async function loadConfig(
  file: string,
  disk: ConfigDisk = realConfigDisk,
): Promise<Loaded> {
  const read = await readText(file, disk);
  return read.ok ? parseConfig(read.text, file) : read;
}

/** Checks the text of a file; `file` is only used in messages. */
export function parseConfig(text: string, file: string): Loaded {
  // A byte order mark, as Notepad writes it, is no part of the text.
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const places = new Places(file, body);
  const parsed = parseText(body);
  if (!parsed.ok) {
    return { ok: false, problems: parsed.misprints.map((misprint) => places.ofMisprint(misprint)) };
  }
  const { document, repeated } = parsed;
  const checked = fileSchema.safeParse(document.value, { error: wording });
  const faults = [
    ...checked.success ? [] : faultsOf(checked.error.issues),
    ...brokenRules(document.value),
  ];
  const placed: PlacedProblem[] = [
    ...repeated.map((misprint) => ({
      problem: places.ofMisprint(misprint),
      path: pathAt(document.root, misprint.offset),
    })),
    ...faults.map((fault) => ({ problem: places.ofFault(fault, document), path: fault.path })),
  ];
  if (checked.success && placed.length === 0) return { ok: true, config: settle(checked.data) };
  placed.sort(({ problem: a }, { problem: b }) => a.line - b.line || a.column - b.column);
  const problems = placed.map(({ problem }) => problem);
  const captureOnly = withoutBroken(placed, document.value);
  return { ok: false, problems, ...captureOnly === null ? {} : { captureOnly } };
}

/** What is left of a file of which only sections do not check that nobody needs to capture. */
function withoutBroken(placed: readonly PlacedProblem[], value: unknown): CaptureOnly | null {
  const broken = brokenSections(placed, value);
  if (broken === null) return null;
  const checked = fileSchema.safeParse(withoutSections(value, broken));
  return checked.success ? { config: settle(checked.data), broken } : null;
}
