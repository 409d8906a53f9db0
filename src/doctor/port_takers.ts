// Programs that are known to take serial adapters, or to write to them, by themselves.

import type { ListedPort } from "../source/serial/port_list.ts";
import { systemFiles } from "../install/system_files.ts";
import type { DeviceHolder } from "../source/serial/device_holder.ts";
import type { Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const withoutModemManager = "sudo systemctl disable --now ModemManager";
const withoutGpsd = "sudo systemctl disable --now gpsd.socket gpsd.service";
const withoutBrltty = "sudo apt-get remove brltty";

/** What ends a program that has a port open, and keeps it from coming back. */
export function commandToEnd({ name, pid }: DeviceHolder, port: string): string {
  switch (name) {
    case "agetty":
    case "getty":
    case "login":
      return `sudo systemctl disable --now serial-getty@${port}.service`;
    case "ModemManager":
      return withoutModemManager;
    case "gpsd":
      return withoutGpsd;
    case "brltty":
      return withoutBrltty;
    default:
      return `sudo kill ${pid}`;
  }
}

/** The program that takes adapters away, so that their ports are not there; `null` where it is not. */
export function adapterTaker(
  machine: Machine,
): { readonly name: string; readonly hint: string } | null {
  return hasBrltty(machine) ? { name: "brltty", hint: withoutBrltty } : null;
}

/** Of an adapter's port that is there. */
export function takerFindings(machine: Machine, subject: string, port: ListedPort): Finding[] {
  if (port.hardware.bus !== "usb") return [];
  const warn = (message: string, cause: string, hint: string): Finding => ({
    level: "warning",
    subject,
    message,
    cause,
    hint,
  });
  return [
    ...meetsModemManager(machine, port)
      ? [warn(
        "ModemManager writes to it, to see whether it is a modem",
        hasOwnRule(machine)
          ? "the rule that keeps it off does not know this adapter's driver"
          : "the rule that keeps it off is not installed",
        hasOwnRule(machine) ? withoutModemManager : "sudo nectarcollector install",
      )]
      : [],
    ...hasGpsd(machine)
      ? [warn(
        "gpsd takes adapters for GPS receivers, and sets them otherwise",
        "it is enabled, with USBAUTO in /etc/default/gpsd",
        withoutGpsd,
      )]
      : [],
    ...hasBrltty(machine)
      ? [warn(
        "brltty takes adapters for braille displays: the port goes when it is plugged in again",
        "its udev rules are installed",
        withoutBrltty,
      )]
      : [],
  ];
}

/** udev has not been told to keep it off this port. */
function meetsModemManager(machine: Machine, { device }: ListedPort): boolean {
  if (machine.processes("ModemManager").length === 0) return false;
  const name = device.split("/").at(-1);
  const numbers = machine.text(`/sys/class/tty/${name}/dev`)?.trim();
  const known = machine.text(`/run/udev/data/c${numbers}`);
  return known !== null && !/^E:ID_MM_(DEVICE|PORT)_IGNORE=1$/m.test(known);
}

function hasOwnRule(machine: Machine): boolean {
  const rule = systemFiles().find(({ name }) => name.endsWith(".rules"));
  return rule !== undefined &&
    [rule.path, rule.packagedPath].some((path) => machine.text(path) !== null);
}

function hasGpsd(machine: Machine): boolean {
  const isEnabled = machine.processes("gpsd").length > 0 ||
    machine.list("/etc/systemd/system/sockets.target.wants").includes("gpsd.socket");
  return isEnabled && /^USBAUTO="?true/m.test(machine.text("/etc/default/gpsd") ?? "");
}

function hasBrltty(machine: Machine): boolean {
  return ["/usr/lib/udev/rules.d", "/lib/udev/rules.d", "/etc/udev/rules.d"]
    .some((folder) => machine.list(folder).some((name) => name.includes("brltty")));
}
