// A channel that is built and not started, with all that was opened for it.

import type { Journal } from "../journal/journal.ts";
import type { CatchBuffer, Caught } from "./catch_buffer.ts";
import type { CatchMemories } from "./catch_memories.ts";
import type { ChannelStatus } from "./channel_status.ts";

export interface OpenedChannel {
  readonly channel: PortChannel;
  /** Begins to read. `broke` is told the first error that nobody expected; see `PortChannel`. */
  readonly start: (broke: (error: unknown) => void) => void;
  /** Lets go of the journal and of what else was opened. To be called once the channel has stopped. */
  readonly close: () => Promise<void>;
  /** Instead of that, after it broke: all is left as by a kill, for whoever opens the channel next. */
  readonly abandon: () => Promise<void>;
}

/**
 * One configured port, whether its source brings bytes or whole records. When its code throws what
 * nobody expected it is broken: it does nothing more, and waits to be abandoned.
 */
export interface PortChannel {
  readonly journal: Journal;
  readonly status: ChannelStatus;
  /** Stops reading, ends what is open, and syncs the journal. */
  stop(): Promise<void>;
  /** Stops reading, and leaves what is open as it is. */
  abandon(): Promise<void>;
}

/** A channel whose source brings whole records, with what `openParts` opened for it. */
export function openedRecordChannel(
  channel: PortChannel & { start(broke: (error: unknown) => void): void },
): OpenedChannel {
  return {
    channel,
    start: (broke) => channel.start(broke),
    close: () => channel.journal.close(),
    abandon: async () => {
      await channel.abandon();
      await channel.journal.abandon();
    },
  };
}

/** A channel whose source brings bytes, with what `openByteParts` opened for it. */
export function openedByteChannel(
  channel: PortChannel & { start(caught: Caught | null, broke: (error: unknown) => void): void },
  { name, catchBuffer, caught, memories, tap }: {
    readonly name: string;
    readonly catchBuffer: CatchBuffer;
    readonly caught: Caught | null;
    readonly memories: CatchMemories;
    /** Listens in, and is to be stopped after the channel. */
    readonly tap?: { stop(): Promise<void> } | undefined;
  },
): OpenedChannel {
  return {
    channel,
    start: (broke) => channel.start(caught, broke),
    close: async () => {
      // What the disk refused to the end is appended at the next start.
      if (catchBuffer.left === null) memories.remove(name);
      await tap?.stop();
      await channel.journal.close();
    },
    abandon: async () => {
      await channel.abandon();
      await tap?.stop();
      await channel.journal.abandon();
    },
  };
}
