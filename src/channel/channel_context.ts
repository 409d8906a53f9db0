// What all channels of a collector share, whatever their ports are.

import type { Config } from "../config/config.ts";
import type { SpaceGate } from "../journal/journal_options.ts";
import type { SpaceStatus } from "../journal/space/space_status.ts";
import type { TailBudget } from "../journal/tail_budget.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Libc } from "../platform/libc.ts";
import type { Report } from "../platform/notice.ts";
import type { HttpListeners } from "../source/http/http_listeners.ts";
import type { PollLoop } from "../source/serial/poll_loop.ts";

export interface ChannelContext {
  readonly config: Config;
  /** Names of the sinks that need the records. */
  readonly sinkNames: readonly string[];
  readonly libc: Libc;
  readonly loop: PollLoop;
  readonly listeners: HttpListeners;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Identity of the machine's present run. */
  readonly boot: string;
  /** Beginning of the names of files on a memory file system; the channel's name is added. */
  readonly lastingPrefix: string;
  /** Folder on a memory file system, for records that the disk does not take. */
  readonly tailFolder: string;
  readonly tailBudget: TailBudget;
  readonly maxSegmentBytes: number;
  readonly space: SpaceGate & { readonly status: Pick<SpaceStatus, "belowFloor"> };
  readonly report: Report;
}
