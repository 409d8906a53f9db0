// What is known of a serial port, as `ports` prints it: for programs as it stands, for people in
// lines.

import { formatModemLines, type ModemLines } from "../source/serial/modem_lines.ts";
import type { ListedPort } from "../source/serial/port_list.ts";
import type { SourceProblem } from "../source/source.ts";
import { labelled } from "./labelled.ts";
import { bold } from "./terminal.ts";

/** One port of `ports --json`. */
export interface PortReport {
  readonly device: string;
  /** What to write into the configuration as `device`. */
  readonly config_name: string;
  readonly by_id: readonly string[];
  readonly by_path: readonly string[];
  readonly has_twin: boolean;
  readonly is_console: boolean;
  readonly bus: string | null;
  readonly driver: string | null;
  readonly usb: {
    readonly vendor_id: string;
    readonly product_id: string;
    readonly manufacturer: string | null;
    readonly product: string | null;
    readonly serial_number: string | null;
  } | null;
  /** Processes, as far as this user may see them. */
  readonly in_use_by: readonly string[];
  /** `null` where it could be opened, as far as is known. */
  readonly problem: SourceProblem | null;
  /** `null` when they were not read. */
  readonly signals: ModemLines | null;
  /** Why signals that were asked for were not read. */
  readonly signals_skipped: string | null;
}

/** What has to be found out beside the list. */
export type PortFindings = Pick<
  PortReport,
  "in_use_by" | "problem" | "signals" | "signals_skipped"
>;

export function reportPort(port: ListedPort, findings: PortFindings): PortReport {
  const { driver, bus, usb } = port.hardware;
  return {
    device: port.device,
    config_name: port.configName,
    by_id: port.byId,
    by_path: port.byPath,
    has_twin: port.hasTwin,
    is_console: port.isConsole,
    bus,
    driver,
    usb: usb === null ? null : {
      vendor_id: usb.vendorId,
      product_id: usb.productId,
      manufacturer: usb.manufacturer,
      product: usb.product,
      serial_number: usb.serialNumber,
    },
    ...findings,
  };
}

/** The lines for people; `seesAll` is whether nobody can have the port open unseen. */
export function portLines(
  report: PortReport,
  { inColor, seesAll }: { readonly inColor: boolean; readonly seesAll: boolean },
): string[] {
  const { config_name, problem, signals, signals_skipped } = report;
  const names = report.has_twin ? report.by_path : [...report.by_id, ...report.by_path];
  const others = names.filter((name) => name !== config_name);
  const nobody = seesAll ? "nobody" : "nobody that you may see";
  return [
    bold(report.device, inColor),
    labelled("configure", config_name),
    ...others.map((name) => labelled("also", name)),
    labelled("hardware", hardwareOf(report)),
    labelled("in use by", report.in_use_by.length === 0 ? nobody : report.in_use_by.join(", ")),
    ...signals === null ? [] : [labelled("signals", formatModemLines(signals))],
    ...signals_skipped === null ? [] : [labelled("signals", `not read: ${signals_skipped}`)],
    ...notesOn(report).map((note) => labelled("note", note)),
    ...problem === null
      ? []
      : [labelled("problem", problem.message), labelled("", `→ ${problem.hint}`)],
  ];
}

/** `USB, FTDI USB-RS232 Cable (0403:6001, serial number FT0A1B2C), driver ftdi_sio` */
function hardwareOf({ bus, driver, usb }: PortReport): string {
  const busNames: Readonly<Record<string, string>> = { usb: "USB", pci: "PCI", pnp: "mainboard" };
  const parts = [bus === null ? "unknown" : busNames[bus] ?? bus];
  if (usb !== null) {
    const name = [usb.manufacturer, usb.product].filter((each) => each !== null).join(" ");
    const number = usb.serial_number === null
      ? "no serial number"
      : `serial number ${usb.serial_number}`;
    parts.push(`${name} (${usb.vendor_id}:${usb.product_id}, ${number})`.trim());
  }
  if (driver !== null) parts.push(`driver ${driver}`);
  return parts.join(", ");
}

function notesOn({ device, has_twin, is_console }: PortReport): string[] {
  return [
    ...has_twin
      ? ["another adapter cannot be told from this one: keep each plug in its socket"]
      : [],
    ...is_console
      ? [`the kernel prints here: take console=${device.split("/").at(-1)} off its command line`]
      : [],
  ];
}
