// A channel that is built and not started, with all that was opened for it.

import type { Journal } from "../journal/journal.ts";
import type { ChannelStatus } from "./channel_status.ts";

export interface OpenedChannel {
  readonly channel: PortChannel;
  /** Begins to read. */
  readonly start: () => void;
  /** Lets go of the journal and of what else was opened. To be called once the channel has stopped. */
  readonly close: () => Promise<void>;
}

/** One configured port, whether its source brings bytes or whole records. */
export interface PortChannel {
  readonly journal: Journal;
  readonly status: ChannelStatus;
  /** Stops reading, ends what is open, and syncs the journal. */
  stop(): Promise<void>;
}
