// What a journal keeps outside of its folder: in which epochs numbers were given out, and whether
// its last owner closed it. From that it decides whether a new epoch must begin.

import * as z from "zod";

const shape = z.object({
  epochs: z.array(z.object({ firstSequence: z.number(), epoch: z.string() })),
  activeFirstSequence: z.number(),
  nextSequence: z.number(),
  boot: z.string(),
  closed: z.boolean(),
  logBytes: z.number(),
  opening: z.boolean().default(false),
});

/**
 * The state of one channel's numbering. When `closed`, `nextSequence` and `logBytes` are exact. While
 * `opening`, files are being mended: a kill may have hidden that they were damaged.
 */
export type JournalState = Readonly<z.infer<typeof shape>>;

/** The state in what was read from a file; `undefined` when it is missing or not ours. */
export function parseJournalState(value: unknown): JournalState | undefined {
  const parsed = shape.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The epoch in which `sequence` was given out, as far as the state remembers. */
export function epochOf(state: JournalState | undefined, sequence: number): string | undefined {
  return state?.epochs.findLast((entry) => entry.firstSequence <= sequence)?.epoch;
}

/** 32 hexadecimal digits. */
export function randomEpoch(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/**
 * Why numbers given out from now on need a new epoch, or `null` when the old one may go on. After
 * a kill the page cache still holds all that was written; after a reboot nobody can tell whether
 * numbers were given out whose records are gone, so the message ids must not come again.
 */
export function reasonForNewEpoch(options: {
  readonly state: JournalState | undefined;
  /** First sequence not in the journal as it was found. */
  readonly nextSequence: number;
  readonly damaged: boolean;
  /** Identity of the machine's present run. */
  readonly boot: string;
}): string | null {
  const { state, nextSequence, damaged, boot } = options;
  if (state === undefined) return nextSequence === 1 ? "first start" : "the state is lost";
  if (damaged) return "the journal is damaged";
  if (state.opening) return "the opening before this one was broken off";
  if (nextSequence < state.nextSequence) return "the journal ends before the numbers given out";
  if (!state.closed && state.boot !== boot) return "the machine went down without a stop";
  return null;
}
