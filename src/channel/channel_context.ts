// What all channels of a collector share, whatever their ports are.

import type { Config } from "../config/config.ts";
import type { SpaceGate } from "../journal/journal_options.ts";
import type { SpaceStatus } from "../journal/space/space_status.ts";
import type { TailBudget } from "../journal/tail_budget.ts";
import type { Backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Libc } from "../platform/libc.ts";
import type { Report } from "../platform/notice.ts";
import type { Restraint } from "../platform/restraint.ts";
import type { HttpListeners } from "../source/http/http_listeners.ts";
import type { PollLoop } from "../source/serial/poll_loop.ts";
import type { HeldPorts } from "../source/serial/held_ports.ts";
import type { CatchMemories } from "./catch_memories.ts";

export interface ChannelContext {
  readonly config: Config;
  /** Names of the sinks that need the records. */
  readonly sinkNames: readonly string[];
  readonly libc: Libc;
  readonly loop: PollLoop;
  readonly ports: HeldPorts;
  readonly listeners: HttpListeners;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Identity of the machine's present run. */
  readonly boot: string;
  readonly memories: CatchMemories;
  /** Folder on a memory file system, for records that the disk does not take. */
  readonly tailFolder: string;
  readonly tailBudget: TailBudget;
  /** @default {none} */
  readonly restraint?: Restraint;
  readonly maxSegmentBytes: number;
  readonly space: SpaceGate & { readonly status: Pick<SpaceStatus, "belowFloor"> };
  /**
   * What was caught is recorded as it was read, as one damaged record: making sense of it has broken
   * the channel again and again. @default {false}
   */
  readonly asRead?: boolean;
  /** What was opened, to be undone when opening the channel fails. */
  readonly opened: AsyncDisposableStack;
  readonly report: Report;
}

/** Pauses between attempts, as the configuration wants them. */
export function recoveryBackoff({ recovery }: Config): Backoff {
  return {
    initialMs: recovery.reconnect_delay_sec * 1000,
    maxMs: recovery.max_reconnect_delay_sec * 1000,
    exponential: recovery.exponential_backoff,
  };
}
