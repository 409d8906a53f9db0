// What a stage has to tell the people: one value, handed upwards through a callback, so that no
// stage knows where it ends up (operational log, events, later alerts).

import type { NoticeLevel } from "./kinds/kind.ts";
import type { NoticeKind } from "./kinds/notice_kinds.ts";

/** Something worth knowing. `hint` is the exact thing to do about it, when there is one. */
export interface Notice {
  readonly level: NoticeLevel;
  /** Stable name for machines, such as `source_gone`. */
  readonly kind: NoticeKind;
  /** A sentence for people: action, colon, value. */
  readonly message: string;
  readonly hint?: string;
  /** Name of the channel that it concerns, where it is one. */
  readonly channel?: string;
  /** The device that it concerns, where it is one. */
  readonly device?: string;
  /** Figures that belong to it. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export type Report = (notice: Notice) => void;

/** Where something was thrown, as far as it tells: a function, a file, line and column. */
export function errorPlace(error: unknown): string {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  const [, place = "nobody knows where"] = /^\s+at (.+)$/m.exec(stack) ?? [];
  return place
    .replace(/file:\/\/\S*\/(?=[^/]+:\d+:\d+)/, "")
    .replace(/^(.*) \((.*)\)$/, "$1, $2");
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
