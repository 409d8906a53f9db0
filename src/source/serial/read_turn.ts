// A port's turn in the loop that all ports share: what waits there is read to where it is safe.

import type { Clock } from "../../platform/clock.ts";
import type { SourceHandler } from "../source.ts";
import type { PortTap } from "./port_tap.ts";
import type { SerialPort } from "./serial_port.ts";

/** Most that is read from one port before the others have their turn. */
const turnBytes = 64 * 1024;

/**
 * Reads what waits, up to a turn's share. `empty`: nothing waits any more; `refused`: the handler
 * takes no more for now.
 */
export function readTurn(
  port: SerialPort,
  { handler, clock, tap }: {
    readonly handler: SourceHandler;
    readonly clock: Clock;
    readonly tap?: PortTap | undefined;
  },
): "empty" | "more" | "refused" | "gone" {
  for (let taken = 0; taken < turnBytes;) {
    const waiting = port.waiting();
    if (waiting === 0 && taken > 0) return "empty";
    // Asking for one byte where none waits tells a device that is gone from one that is quiet.
    const room = handler.room(Math.max(1, waiting));
    if (room === null) return "refused";
    const count = port.read(room);
    const bytes = room.subarray(0, typeof count === "number" ? count : 0);
    const timeMs = clock.wallMs();
    if (bytes.length > 0) tap?.read(bytes, timeMs);
    if (!handler.bytes(bytes, timeMs)) return "refused";
    if (count === "gone") return "gone";
    if (count === "would block") return "empty";
    taken += count;
  }
  return "more";
}
