// All serial ports of the machine, and the name by which each is best configured. Nothing is opened:
// that would raise DTR and RTS, and some equipment starts anew then.

import type { Libc } from "../../platform/libc.ts";
import { visible } from "./device_holder.ts";
import { type PortHardware, portHardware, textOf } from "./port_hardware.ts";

export interface ListedPort {
  /** `/dev/ttyUSB0`: for USB adapters a matter of who was plugged in first. */
  readonly device: string;
  /** Names below /dev/serial/by-id and by-path that lead to it now. */
  readonly byId: readonly string[];
  readonly byPath: readonly string[];
  /**
   * The name for the configuration: by-id, which goes with the adapter; where another port has the
   * same, by-path, which goes with the socket; else the device.
   */
  readonly configName: string;
  /** Another port says the same of itself: a by-id name leads to either of them. */
  readonly hasTwin: boolean;
  /** The kernel prints its messages here. */
  readonly isConsole: boolean;
  readonly hardware: PortHardware;
}

export interface PortList {
  readonly ports: readonly ListedPort[];
  /** Devices that have a name but no hardware: a PC's kernel keeps a few names for UARTs. */
  readonly withoutHardware: readonly string[];
}

interface FoundPort {
  readonly name: string;
  readonly hardware: PortHardware;
}

const collator = new Intl.Collator("en", { numeric: true });

/**
 * Ports in the order of their names. `root` is where /sys and /dev are looked for.
 * @default root {""}
 * @throws {SystemError} when /sys/class/tty cannot be read
 */
export function listPorts(libc: Libc, root = ""): PortList {
  const ttys = `${root}/sys/class/tty`;
  const found = libc.list(ttys).sort(collator.compare).flatMap((name): FoundPort[] => {
    const hardware = portHardware(libc, `${ttys}/${name}`);
    return hardware === null ? [] : [{ name, hardware }];
  });
  // A UART of type 0 is none: the kernel's PORT_UNKNOWN.
  const isThere = ({ name }: FoundPort): boolean => textOf(libc, `${ttys}/${name}/type`) !== "0";
  const present = found.filter(isThere);
  const byId = linksIn(libc, `${root}/dev/serial/by-id`);
  const byPath = linksIn(libc, `${root}/dev/serial/by-path`);
  const consoles = textOf(libc, `${ttys}/console/active`)?.split(" ") ?? [];
  return {
    ports: present.map(({ name, hardware }): ListedPort => {
      const device = `${root}/dev/${name}`;
      const target = visible(() => libc.realPath(device)) ?? device;
      const names = { byId: byId.get(target) ?? [], byPath: byPath.get(target) ?? [] };
      const isShared = (key: "identity" | "place"): boolean =>
        present.some((other) => other.name !== name && other.hardware[key] === hardware[key]);
      const hasTwin = isShared("identity");
      const [id] = hasTwin ? [] : names.byId;
      const [path] = isShared("place") ? [] : names.byPath;
      return {
        device,
        ...names,
        configName: id ?? path ?? device,
        hasTwin,
        isConsole: consoles.includes(name),
        hardware,
      };
    }),
    withoutHardware: found.filter((port) => !isThere(port)).map(({ name }) =>
      `${root}/dev/${name}`
    ),
  };
}

/** The name by which a device is best configured: its own where it is no listed port. */
export function configNameOf(libc: Libc, device: string, root = ""): string {
  const target = visible(() => libc.realPath(device));
  const { ports } = visible(() => listPorts(libc, root)) ?? { ports: [] };
  const port = ports.find((each) => visible(() => libc.realPath(each.device)) === target);
  return target === undefined ? device : port?.configName ?? device;
}

/** Device → the links in a folder that lead to it, in the order of their names. */
function linksIn(libc: Libc, folder: string): Map<string, string[]> {
  const links = new Map<string, string[]>();
  for (const name of (visible(() => libc.list(folder)) ?? []).sort(collator.compare)) {
    const target = visible(() => libc.realPath(`${folder}/${name}`));
    if (target === undefined) continue;
    links.set(target, [...links.get(target) ?? [], `${folder}/${name}`]);
  }
  return links;
}
