// What a journal needs from those who open it.

import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import type { Restraint } from "../platform/restraint.ts";
import type { LineHeader } from "../line_header.ts";
import type { JournalPlace } from "./journal_place.ts";
import type { TailBudget } from "./tail_budget.ts";

/** What the free space of the disk allows, at any moment. */
export interface SpaceGate {
  /** Free bytes that must be left. */
  readonly floorBytes: number;
  /** Nothing may be added to the disk now. */
  readonly isClosed: boolean;
}

export interface JournalOptions {
  /** Of its files, and of its channel where it is one's: `{fips}-{side}`. */
  readonly name: string;
  readonly recordHeader: LineHeader;
  /** Records may hold line feeds: one at the log's end does not say that a record ended. @default {false} */
  readonly feedsInside?: boolean;
  /** Folder of the logs. */
  readonly folder: string;
  /** Folder on a memory file system, for records that the disk does not take. */
  readonly tailFolder: string;
  readonly tailBudget: TailBudget;
  readonly space: SpaceGate;
  /** Path of the file that keeps the numbering; its folder must be there. */
  readonly statePath: string;
  /** Identity of the machine's present run, such as Linux's boot id. */
  readonly boot: string;
  readonly maxSegmentBytes: number;
  readonly maxBackups: number;
  readonly compress: boolean;
  /** Compression waits while memory is short. @default {never} */
  readonly restraint?: Restraint | undefined;
  /** Names of the sinks; a record may go when each has released it, at once when there are none. */
  readonly holders: readonly string[];
  /** Milliseconds between syncs, or after every append. */
  readonly sync: number | "always";
  /**
   * Where the journal stood when bytes were read of which nobody knows whether they were appended:
   * it is cut back to there, so that they can be appended again.
   */
  readonly cutBackTo?: JournalPlace | undefined;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly report: Report;
}
