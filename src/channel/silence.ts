// How long nothing is heard on a channel, and whether that is too long: what a channel tells whoever
// watches it. A fixed limit is in silence_watch.ts, a learned one in learned_silence.ts.

export interface Silence {
  /** Nothing has been heard for too long. */
  readonly isSilent: boolean;
  /** Something was read. Called for every read: it must cost nothing and wait for nothing. */
  heard(): void;
  /** Whether something could be heard from now on: the port is open, and nobody pulled the cable. */
  listen(isListening: boolean): void;
  stop(): Promise<void>;
}

/** What whoever stands at a silent channel can do. */
export const silenceHint =
  "are calls made? then look at the cable and at the equipment's printer port; ";
