// What went wrong when a port was opened or read, in a technician's words, with what to do about it.

import { errorText } from "../../platform/notice.ts";
import { type Libc } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";
import type { SourceProblem } from "../source.ts";
import { deviceHolders, visible } from "./device_holder.ts";
import { PortBusy } from "./serial_port.ts";

export function openProblem(libc: Libc, device: string, error: unknown): SourceProblem {
  if (error instanceof PortBusy) return busy(libc, device);
  switch (error instanceof SystemError ? error.code : undefined) {
    case "ENOENT":
    case "ENXIO":
    case "ENODEV":
    case "ENOTDIR":
      return {
        kind: "missing",
        message: `open ${device}: no such device`,
        hint: 'plug the adapter in, or correct "device"; ports there are: nectarcollector ports',
      };
    case "EBUSY":
      return busy(libc, device);
    case "EACCES":
    case "EPERM":
      return noPermission(libc, device);
    case "ENOTTY":
    case "EINVAL":
    case "EISDIR":
      return {
        kind: "not_a_terminal",
        message: `open ${device}: not a serial port`,
        hint: 'correct "device" in the configuration; serial ports are called /dev/ttyS…, ' +
          "/dev/ttyUSB…, /dev/ttyACM…",
      };
    default:
      return {
        kind: "failed",
        message: errorText(error),
        hint: "look into the kernel's log: dmesg | tail",
      };
  }
}

/** The system refused to let a port be read that is open. */
export function readProblem(device: string, error: unknown): SourceProblem {
  return {
    kind: "failed",
    message: `read ${device}: ${errorText(error)}`,
    hint: "look at the adapter and what the kernel says of it: dmesg; the port is opened again",
  };
}

function busy(libc: Libc, device: string): SourceProblem {
  const holders = deviceHolders(libc, device);
  return {
    kind: "busy",
    message: holders.length === 0
      ? `open ${device}: in use by another process`
      : `open ${device}: in use by ${holders.join(", ")}`,
    hint: holders.length === 0 ? `see who: sudo fuser -v ${device}` : "end that process",
  };
}

function noPermission(libc: Libc, device: string): SourceProblem {
  const group = groupName(libc, device);
  const user = Deno.uid();
  return {
    kind: "no_permission",
    message: `open ${device}: no permission for uid ${user}; the device belongs to group ${group}`,
    hint:
      `sudo usermod -aG ${group} "$(id -nu ${user})", then start the service again, or log in again`,
  };
}

/** Name of the group that owns the device, its number when the name is not known. */
function groupName(libc: Libc, device: string): string {
  const gid = visible(() => libc.groupOf(device)) ?? null;
  if (gid === null) return "dialout";
  const lines = Deno.readTextFileSync("/etc/group").split("\n").map((line) => line.split(":"));
  return lines.find(([, , id]) => id === String(gid))?.[0] ?? String(gid);
}
