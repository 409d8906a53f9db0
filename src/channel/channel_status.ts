// A channel as others may see it: commands, heartbeats, later the web page.

import type { ChannelCounts } from "./channel_tally.ts";

/** `detecting` and `no_signal` belong to serial lines. */
export type ChannelState =
  | "starting"
  | "detecting"
  | "running"
  | "no_signal"
  | "reconnecting"
  | "stopped"
  | "failed";

export interface ChannelStatus extends ChannelCounts {
  /** `{fips}-{side}` */
  readonly name: string;
  readonly source: string;
  /** Bits a second; `null` while they are looked for, and where there are none. */
  readonly baudRate: number | null;
  readonly state: ChannelState;
  /** Line settings while running, else what is wrong. */
  readonly detail: string;
  /** Nothing has been heard for longer than it should be. */
  readonly isSilent: boolean;
  /** Sequence of the newest record. */
  readonly lastSequence: number;
  /** Last record that a power cut cannot take back. */
  readonly syncedSequence: number;
  /** How often it was opened again because of an error that nobody expected, since the start. */
  readonly restarts: number;
}
