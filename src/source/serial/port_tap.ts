// Who listens in on a port: sees every read as the kernel handed it over, and how the receiver was
// set. Told before the bytes are recorded, so it must neither throw nor wait.

import type { LineSettings } from "./line_settings.ts";

export interface PortTap {
  /** The port was opened, and is set so. */
  opened(settings: LineSettings): void;
  /** The port was set otherwise. */
  set(settings: LineSettings): void;
  /** Bytes and PARMRK marks, read at `timeMs` (wall clock). They are only valid during the call. */
  read(bytes: Uint8Array, timeMs: number): void;
  /** The port was closed. `why` is for people. */
  closed(why: string): void;
}
