// What an examination has found, for people and for programs.

/** From the best to the worst. `unseen` is what this user cannot look at: no fault. */
export const findingLevels = ["ok", "unseen", "warning", "error"] as const;

export type FindingLevel = typeof findingLevels[number];

export interface Finding {
  readonly level: FindingLevel;
  /** What it is about, such as `A1 /dev/ttyS0`, `clock`. */
  readonly subject: string;
  /** What is. */
  readonly message: string;
  /** Why it is so, or what comes of it, where that is not plain. */
  readonly cause: string | null;
  /** What mends it: a command as it is to be typed, wherever there is one. */
  readonly hint: string | null;
}

/** Nothing is wrong. */
export function well(subject: string, message: string): Finding {
  return { level: "ok", subject, message, cause: null, hint: null };
}

/** It cannot be looked at. Root sees everything that can be seen. */
export function unseen(
  subject: string,
  message: string,
  { seesAll }: { readonly seesAll: boolean },
): Finding {
  const hint = seesAll ? null : "sudo nectarcollector doctor";
  return { level: "unseen", subject, message, cause: null, hint };
}

/** Of several; `ok` where there are none. */
export function worstOf(findings: readonly Finding[]): FindingLevel {
  return findingLevels.findLast((level) => findings.some((each) => each.level === level)) ?? "ok";
}
