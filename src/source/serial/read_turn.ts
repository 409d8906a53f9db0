// A port's turn in the loop that all ports share: what waits there is read to where it is safe. A
// turn is short, so that a port which sends without end, and whose bytes are costly to make sense of,
// holds the others up no longer than they notice. A line at 115,200 baud brings 200 bytes a turn.

import type { Clock } from "../../platform/clock.ts";
import type { SourceHandler } from "../source.ts";
import type { PortTap } from "./port_tap.ts";
import type { SerialPort } from "./serial_port.ts";

/** Most that is read from one port before the others have their turn: so many bytes, so long. */
const turnBytes = 64 * 1024;
const turnMs = 2;
/** Most that is taken in at once: so exactly `turnMs` is kept. */
const pieceBytes = 1024;

export interface ReadTurnOptions {
  readonly handler: SourceHandler;
  readonly clock: Clock;
  readonly tap?: PortTap | undefined;
  /** It is the port's last one, which nobody else waits for. @default {false} */
  readonly isLast?: boolean;
}

/**
 * Reads what waits, up to a turn's share. `empty`: nothing waits any more; `refused`: the handler
 * takes no more for now.
 */
export function readTurn(
  port: SerialPort,
  { handler, clock, tap, isLast = false }: ReadTurnOptions,
): "empty" | "more" | "refused" | "gone" {
  const endMs = isLast ? Infinity : clock.monotonicMs() + turnMs;
  let taken = 0;
  do {
    const waiting = port.waiting();
    if (waiting === 0 && taken > 0) return "empty";
    // Asking for one byte where none waits tells a device that is gone from one that is quiet.
    const room = handler.room(Math.min(pieceBytes, Math.max(1, waiting)));
    if (room === null) return "refused";
    const count = port.read(room);
    const bytes = room.subarray(0, typeof count === "number" ? count : 0);
    const timeMs = clock.wallMs();
    if (bytes.length > 0) tap?.read(bytes, timeMs);
    if (!handler.bytes(bytes, timeMs)) return "refused";
    if (count === "gone") return "gone";
    if (count === "would block") return "empty";
    taken += count;
  } while (taken < turnBytes && clock.monotonicMs() < endMs);
  return "more";
}
