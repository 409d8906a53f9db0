// What a journal starts with: the files on the disk, if that can be opened, and what the last run left
// in memory.

import { errorText } from "../platform/notice.ts";
import { Home } from "./home.ts";
import type { JournalOptions } from "./journal_options.ts";
import { MemoryTail, pendingEpoch, type TailSegments } from "./memory_tail.ts";
import { refusalNotice } from "./retreat.ts";
import { type JoinedSegments, joinTail } from "./tail_junction.ts";

export interface JournalStart {
  readonly tail: MemoryTail;
  /** `null` when the disk cannot be opened. */
  readonly home: Home | null;
  readonly joined: JoinedSegments;
}

/** @throws {Error} when neither disk nor memory can be used */
export async function startJournal(options: JournalOptions): Promise<JournalStart> {
  const { disk, clock, report } = options;
  const { name: channel, recordHeader, tailFolder: folder, feedsInside = false } = options;
  const tail = new MemoryTail({ disk, folder, channel, recordHeader, feedsInside });
  let left: TailSegments | null = null;
  try {
    left = tail.leftovers(options.cutBackTo);
  } catch (error) {
    report({
      level: "error",
      kind: "memory_refuses",
      message: `${channel}: open ${options.tailFolder}: ${errorText(error)}; what it holds waits`,
    });
  }
  const isInMemory = left !== null && left.active.header.epoch !== pendingEpoch;
  const circumstances = { isInMemory, isDoubtful: false };
  let home: Home | null = null;
  try {
    home = await Home.open(options, circumstances);
    const joined = joinTail({ disk, home, left, next: home.next, tail });
    return { tail, home, joined };
  } catch (error) {
    report(
      refusalNotice(channel, `open journal: ${errorText(error)}`, options.tailBudget.maxBytes),
    );
    if (home !== null) {
      // Joining had begun: what is in memory is looked at anew.
      home.active.close();
      left?.active.close();
      left = tail.leftovers(options.cutBackTo);
    }
  }
  const header = { firstSequence: 1, epoch: pendingEpoch };
  const active = left?.active ?? tail.begin({ header, wallMs: clock.wallMs() });
  const joined = { segments: left?.complete ?? [], active, inMemory: true };
  return { tail, home: null, joined };
}

/**
 * Opens the disk that could not be opened at start; `null` when it still cannot be. `memory` is asked
 * when it can, for records come in meanwhile, and `joined` takes what comes of it, in the same turn.
 */
export async function openLater(
  options: JournalOptions,
  { tail }: JournalStart,
  { memory, joined }: {
    readonly memory: () => TailSegments;
    readonly joined: (segments: JoinedSegments) => void;
  },
): Promise<Home | null> {
  const isInMemory = memory().active.header.epoch !== pendingEpoch;
  const circumstances = { isInMemory, isDoubtful: true };
  const home = await Home.open(options, circumstances).catch(() => null);
  if (home === null) return null;
  const { disk } = options;
  try {
    joined(joinTail({ disk, home, left: memory(), next: home.next, tail }));
    return home;
  } catch {
    // It is tried again, with what is in memory then.
    home.active.close();
    return null;
  }
}
