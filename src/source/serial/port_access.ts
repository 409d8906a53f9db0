// Whether a port could be opened, told without opening it; and its modem lines, for which it must be.

import type { Clock } from "../../platform/clock.ts";
import { type Libc } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";
import type { SourceProblem } from "../source.ts";
import { visible } from "./device_holder.ts";
import type { ModemLines } from "./modem_lines.ts";
import { openProblem } from "./open_problem.ts";
import { SerialPort } from "./serial_port.ts";

const EACCES = 13;

/** How long equipment may take to answer DTR and RTS with lines of its own. */
const answerMs = 200;

/** What would keep this process from opening the port; `null` when nothing is known. */
export function accessProblem(libc: Libc, device: string): SourceProblem | null {
  if (visible(() => libc.realPath(device)) === undefined) {
    return {
      kind: "missing",
      message: `open ${device}: the kernel has the port, but there is no such file`,
      hint: `in a container: hand it through, as with --device ${device}; else: is udev running?`,
    };
  }
  if (libc.mayUse(device)) return null;
  return openProblem(libc, device, new SystemError("open", device, EACCES));
}

/**
 * Opens the port for a moment and reads its modem lines. That raises DTR and RTS, which stay up
 * afterwards, and may reset equipment; so only for ports that nobody uses.
 */
export async function linesOf(
  device: string,
  { libc, clock }: { readonly libc: Libc; readonly clock: Clock },
): Promise<ModemLines | SourceProblem> {
  try {
    const port = SerialPort.open(libc, device, {
      baudRate: 9600,
      dataBits: 8,
      parity: "none",
      stopBits: 1,
      flowControl: false,
    });
    try {
      await clock.delay(answerMs);
      return port.modemLines();
    } finally {
      port.close();
    }
  } catch (error) {
    return openProblem(libc, device, error);
  }
}
