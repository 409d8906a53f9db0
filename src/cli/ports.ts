// `nectarcollector ports`: which serial ports the machine has, what to call them in the
// configuration, and what stands in their way.

import { Command } from "commander";
import { type Clock, systemClock } from "../platform/clock.ts";
import { Libc } from "../platform/libc.ts";
import { SystemError } from "../platform/system_error.ts";
import { deviceHolders } from "../source/serial/device_holder.ts";
import { accessProblem, linesOf } from "../source/serial/port_access.ts";
import { type ListedPort, listPorts } from "../source/serial/port_list.ts";
import { type PortFindings, portLines, type PortReport, reportPort } from "./port_report.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

export interface PortsOptions {
  /** Where /sys and /dev are looked for. @default {""} */
  readonly root?: string;
  /** @default {the C library} */
  readonly openLibc?: () => Libc;
  readonly clock?: Clock;
  /** Whether nobody can have a port open unseen. @default {whether this is root} */
  readonly seesAll?: boolean;
}

interface Wishes {
  readonly signals?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Builds the command. */
export function portsCommand(terminal: Terminal, options: PortsOptions = {}): Command {
  return new Command("ports")
    .description("list the serial ports, the name to configure each by, and who uses it")
    .addHelpText(
      "before",
      `Examples:
  nectarcollector ports
  sudo nectarcollector ports --signals
  nectarcollector ports --json
`,
    )
    .option("--signals", "read CTS, DSR, DCD and RI of ports that nobody uses; needs root")
    .option("--all", "name also the ports that have no hardware")
    .option("--json", "print JSON, for programs")
    .addHelpText(
      "after",
      `
Nothing is opened without --signals. Opening a port raises DTR and RTS, and some equipment
starts anew when it sees that.

Exit codes: 0 listed, also when there is none, 1 failed`,
    )
    .action(async (wishes: Wishes) => {
      using libc = (options.openLibc ?? (() => new Libc()))();
      try {
        await ports(libc, terminal, wishes, options);
        terminal.exit(exitCodes.ok);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        terminal.err(`list the serial ports: ${error.message}`);
        terminal.exit(exitCodes.failed);
      }
    });
}

async function ports(
  libc: Libc,
  terminal: Terminal,
  { signals = false, all = false, json = false }: Wishes,
  { root = "", clock = systemClock, seesAll = Deno.uid() === 0 }: PortsOptions,
): Promise<void> {
  const { ports, withoutHardware } = listPorts(libc, root);
  const look = (port: ListedPort): Promise<PortFindings> =>
    findingsOf(port, { libc, clock, seesAll, signals });
  const reports = await Promise.all(
    ports.map(async (port) => reportPort(port, await look(port))),
  );
  if (json) {
    const report = { version: 1, ports: reports, without_hardware: withoutHardware };
    return terminal.out(JSON.stringify(report, null, 2));
  }
  const blocks = reports.map((report) =>
    portLines(report, { inColor: terminal.outInColor, seesAll })
  );
  if (all && withoutHardware.length > 0) {
    blocks.push([`without hardware: ${withoutHardware.join(", ")}`]);
  }
  blocks.forEach((lines, index) => {
    for (const line of index === 0 ? lines : ["", ...lines]) terminal.out(line);
  });
  advise(terminal, reports, { leftOut: all ? 0 : withoutHardware.length, signals, seesAll });
}

async function findingsOf(port: ListedPort, options: {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly seesAll: boolean;
  readonly signals: boolean;
}): Promise<PortFindings> {
  const { libc, clock, seesAll, signals } = options;
  const { device } = port;
  const in_use_by = deviceHolders(libc, device);
  const problem = accessProblem(libc, device);
  const unread = { in_use_by, problem, signals: null, signals_skipped: null };
  if (!signals) return unread;
  if (in_use_by.length > 0) return { ...unread, signals_skipped: "the port is in use" };
  if (problem !== null) return { ...unread, signals_skipped: "the port cannot be opened" };
  if (!seesAll) return { ...unread, signals_skipped: "only root sees whether nobody uses it" };
  const lines = await linesOf(device, { libc, clock });
  return "kind" in lines
    ? { ...unread, problem: lines, signals_skipped: "the port could not be opened" }
    : { ...unread, signals: lines };
}

/** What to do next, to standard error. */
function advise(terminal: Terminal, reports: readonly PortReport[], options: {
  readonly leftOut: number;
  readonly signals: boolean;
  readonly seesAll: boolean;
}): void {
  const { leftOut, signals, seesAll } = options;
  if (reports.length === 0) {
    terminal.err(
      "no serial port found: plug the adapter in and see what the kernel says: dmesg | tail",
    );
  } else {
    terminal.err("");
    terminal.err('write what stands behind "configure" into the configuration, as "device"');
    if (!signals) terminal.err("modem lines were not read: see ports --help about --signals");
    if (!seesAll) terminal.err("other users' processes cannot be seen: sudo shows who uses a port");
  }
  if (leftOut > 0) terminal.err(`left out, having no hardware: ${leftOut}; --all names them`);
}
