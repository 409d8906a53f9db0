// Each configured serial port: whether it is there, may be opened, is free, and has nothing on it but
// the service. None is opened: that would raise DTR and RTS, and some equipment starts anew then.

import { basename } from "node:path";
import { type Config, enabledPorts } from "../config/config.ts";
import type { ServiceStatus } from "../control/service_status.ts";
import { type DeviceHolder, holdersOf, visible } from "../source/serial/device_holder.ts";
import { formatModemLines } from "../source/serial/modem_lines.ts";
import { type ListedPort, listPorts, type PortList } from "../source/serial/port_list.ts";
import { type Finding, unseen, well } from "./finding.ts";
import { consoleFinding } from "./kernel_console.ts";
import type { Machine } from "./machine.ts";
import { loginFinding } from "./port_login.ts";
import { adapterTaker, commandToEnd, takerFindings } from "./port_takers.ts";
import { accessFindings, isTerminal } from "./port_rights.ts";
import type { Surroundings } from "./surroundings.ts";
import { parseUarts, type Uart } from "./uart.ts";

/** One port, and what is known of it. */
interface Port {
  readonly device: string;
  readonly subject: string;
  /** Where the configured name leads to. */
  readonly real: string;
  /** As the kernel calls it. */
  readonly name: string;
  readonly listed: ListedPort | null;
  readonly uart: Uart | null;
}

const whatThereIs =
  'plug the adapter in, or correct "device"; ports there are: nectarcollector ports';

export function examinePorts(config: Config, around: Surroundings): Finding[] {
  const { machine } = around;
  const list = visible(() => listPorts(machine.libc, machine.target.root)) ??
    { ports: [], withoutHardware: [] };
  const uarts = parseUarts(machine.text("/proc/tty/driver/serial") ?? "");
  const taken = new Map<string, string>();
  const serial = enabledPorts(config).flatMap((port) => port.type === "serial" ? [port] : []);
  const found = serial.flatMap(({ device, side_designation: side }) => {
    const subject = `${side} ${device}`;
    const real = machine.realPath(device);
    if (real === null) return [missing(machine, subject, device)];
    const other = taken.get(real);
    if (other !== undefined) return [twice(subject, other)];
    taken.set(real, subject);
    if (isWithoutHardware(machine, list, real)) return [withoutHardware(subject, device)];
    if (!isTerminal(machine, real)) return [notTerminal(subject)];
    const listed = list.ports.find((each) =>
      visible(() => machine.libc.realPath(each.device)) === real
    ) ?? null;
    const name = basename(listed?.device ?? real);
    const uart = uarts.get(Number(/^ttyS(\d+)$/.exec(name)?.[1] ?? -1)) ?? null;
    return examinePort({ device, subject, real, name, listed, uart }, around);
  });
  if (machine.seesAll || serial.length === 0) return found;
  const hidden = "other users' processes that have one open, and modem lines";
  return [...found, unseen("serial ports", hidden, machine)];
}

function examinePort(port: Port, around: Surroundings): Finding[] {
  const { machine, account, service } = around;
  const { subject, real, name, listed, uart } = port;
  const holders = holdersOf(machine.libc, real);
  const isOurs = ({ pid, name: program }: DeviceHolder): boolean =>
    pid === service?.pid || pid === 1 || service === null && program.startsWith("nectarcollect");
  const strangers = holders.filter((holder) => !isOurs(holder));
  const login = loginFinding(machine, subject, name);
  const isRead = holders.length > strangers.length;
  const found = [
    ...listed?.isConsole ?? false ? [consoleFinding(machine, subject, name)] : [],
    ...login === null ? [] : [login],
    ...strangers.map((holder) => held(subject, holder, name)),
    // Who has it open may open it.
    ...isRead || account === null ? [] : accessFindings(machine, { real, subject, account }),
    ...listed === null ? [] : takerFindings(machine, subject, listed),
    ...uart === null ? [] : uartFindings(subject, uart),
    ...listed === null ? [] : nameFindings(port, listed),
    ...channelFindings(subject, port, service),
  ];
  if (found.length === 0) return [well(subject, stateOf(port, { isRead, around }))];
  return found;
}

/** What is known of a port with which nothing is wrong. */
function stateOf(
  { device, uart }: Port,
  { isRead, around: { machine, service } }: {
    readonly isRead: boolean;
    readonly around: Surroundings;
  },
): string {
  const channel = service?.channels.find(({ source }) => source === device);
  const lines = uart?.lines ?? null;
  const use = machine.seesAll ? "free" : "free, as far as this user sees";
  return [
    channel !== undefined
      ? `the service reads it: ${channel.state}, ${channel.detail}`
      : isRead
      ? "the service reads it"
      : use,
    ...lines === null ? [] : [formatModemLines(lines)],
  ].join("; ");
}

function missing(machine: Machine, subject: string, device: string): Finding {
  const isAdapter = /ttyUSB|ttyACM|by-id|by-path/.test(device);
  const taker = isAdapter ? adapterTaker(machine) : null;
  return {
    level: "error",
    subject,
    message: "no such device",
    cause: taker === null ? null : `${taker.name} is installed, which takes adapters away`,
    hint: taker?.hint ?? whatThereIs,
  };
}

function twice(subject: string, other: string): Finding {
  return {
    level: "error",
    subject,
    message: `it is the same port as ${other}`,
    cause: "both names lead to it, and only one of them can be read",
    hint: whatThereIs,
  };
}

function isWithoutHardware(machine: Machine, list: PortList, real: string): boolean {
  return list.withoutHardware.some((each) => visible(() => machine.libc.realPath(each)) === real);
}

function withoutHardware(subject: string, device: string): Finding {
  return {
    level: "error",
    subject,
    message: "there is no hardware behind it",
    cause: `the kernel keeps the name ${device} for a UART that it has not found`,
    hint: "switch the port on in the BIOS, or configure one that is there: nectarcollector ports",
  };
}

function notTerminal(subject: string): Finding {
  return {
    level: "error",
    subject,
    message: "it is not a serial port",
    cause: null,
    hint: whatThereIs,
  };
}

function held(subject: string, holder: DeviceHolder, port: string): Finding {
  return {
    level: "error",
    subject,
    message: `in use by ${holder.name} (pid ${holder.pid})`,
    cause: "what that program reads is missing from the records",
    hint: commandToEnd(holder, port),
  };
}

function uartFindings(subject: string, { type, irq, overruns }: Uart): Finding[] {
  const warn = (message: string, cause: string): Finding => ({
    level: "warning",
    subject,
    message,
    cause,
    hint: "use another port for a fast line: a UART of type 16550A, or a USB adapter",
  });
  return [
    ...["8250", "16450", "16550"].includes(type)
      ? [warn(`its UART, a ${type}, has no buffer`, "above 9600 baud characters may be lost")]
      : [],
    ...irq === 0 ? [warn("its UART has no interrupt", "the kernel only asks it now and then")] : [],
    ...overruns > 0
      ? [
        warn(
          `characters were lost: ${overruns} overruns since the machine was started`,
          "the UART had no room for them, the machine was too busy to fetch them",
        ),
      ]
      : [],
  ];
}

function nameFindings({ subject, device }: Port, listed: ListedPort): Finding[] {
  const { configName, hardware, hasTwin } = listed;
  if (hardware.bus !== "usb") return [];
  if (hasTwin && device.includes("/by-id/")) {
    return [{
      level: "warning",
      subject,
      message: "another adapter says the same of itself: the name leads to either of them",
      cause: "they have no serial numbers, or all the same",
      hint: `name the socket instead: "device": "${configName}"`,
    }];
  }
  if (device.startsWith("/dev/serial/") || configName === listed.device) return [];
  return [{
    level: "warning",
    subject,
    message: "its number goes to whichever adapter is found first",
    cause: "after a restart it may be another port",
    hint: `name the adapter instead: "device": "${configName}"`,
  }];
}

/** What the service itself says of a port that it cannot read. */
function channelFindings(
  subject: string,
  { device }: Port,
  service: ServiceStatus | null,
): Finding[] {
  const channel = service?.channels.find(({ source }) => source === device);
  if (service !== null && channel === undefined) {
    return [{
      level: "warning",
      subject,
      message: "the running service does not know it",
      cause: "it was written into the configuration since, and not taken",
      hint: "sudo nectarcollector reload",
    }];
  }
  if (channel === undefined || ["running", "detecting", "starting"].includes(channel.state)) {
    return [];
  }
  return [{
    level: "warning",
    subject,
    message: `the service does not hear it: ${channel.state}, ${channel.detail}`,
    cause: channel.state === "no_signal" ? "the cable is out, or the equipment is off" : null,
    hint: "journalctl -u nectarcollector --since -1h",
  }];
}
