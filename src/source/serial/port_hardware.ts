// What a serial port is made of, from sysfs: driver, bus, USB adapter. Folders of sysfs stand in one
// another as the devices are plugged into one another, so what is not told by a port's own folder
// stands in one above it.

import { basename, dirname } from "node:path";
import type { Libc } from "../../platform/libc.ts";
import { visible } from "./device_holder.ts";

export interface UsbAdapter {
  /** Four hexadecimal digits each, such as `0403` and `6001`. */
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer: string | null;
  readonly product: string | null;
  /** Cheap adapters have none, or all the same. */
  readonly serialNumber: string | null;
}

export interface PortHardware {
  /** Such as `ftdi_sio`, `cdc_acm`; `serial` is the UART of a PC's mainboard. */
  readonly driver: string | null;
  /** As the kernel calls it: `usb`, `pci`, `pnp`, `platform`, `amba` … */
  readonly bus: string | null;
  readonly usb: UsbAdapter | null;
  /** Same for two ports that udev cannot tell apart by what the adapters say of themselves. */
  readonly identity: string;
  /** Same for two ports that udev cannot tell apart by where they are plugged in. */
  readonly place: string;
}

/**
 * What stands behind `tty`, a folder below /sys/class/tty; `null` when that is not hardware but a
 * virtual console, a pseudo-terminal or the like.
 */
export function portHardware(libc: Libc, tty: string): PortHardware | null {
  const device = visible(() => libc.realPath(`${tty}/device`));
  if (device === undefined) return null;
  const folders = withAncestors(device);
  const driven = folders.find((folder) => isDriven(libc, folder));
  const place = driven ?? device;
  const usbFolder = folders.find((folder) => textOf(libc, `${folder}/idVendor`) !== null);
  const usb = usbFolder === undefined ? null : usbAdapter(libc, usbFolder);
  return {
    driver: driven === undefined ? null : linkName(libc, `${driven}/driver`),
    bus: usb === null ? linkName(libc, `${place}/subsystem`) : "usb",
    usb,
    identity: usb === null ? device : [
      usb.vendorId,
      usb.productId,
      usb.serialNumber,
      nearest(libc, folders, "bInterfaceNumber"),
      textOf(libc, `${device}/port_number`),
    ].join(" "),
    place,
  };
}

/** The text of a small file of sysfs; `null` when there is none. */
export function textOf(libc: Libc, path: string): string | null {
  return visible(() => libc.readText(path).trim()) ?? null;
}

/** The folder and those that it stands in, up to /sys/devices. */
function withAncestors(folder: string): string[] {
  const above = dirname(folder);
  return basename(above) === "devices" || above === folder
    ? [folder]
    : [folder, ...withAncestors(above)];
}

/** Since Linux 6.5 two folders of the kernel's own stand between a UART's port and its driver. */
function isDriven(libc: Libc, folder: string): boolean {
  return linkName(libc, `${folder}/driver`) !== null &&
    linkName(libc, `${folder}/subsystem`) !== "serial-base";
}

function usbAdapter(libc: Libc, folder: string): UsbAdapter {
  return {
    vendorId: textOf(libc, `${folder}/idVendor`) ?? "",
    productId: textOf(libc, `${folder}/idProduct`) ?? "",
    manufacturer: textOf(libc, `${folder}/manufacturer`),
    product: textOf(libc, `${folder}/product`),
    serialNumber: textOf(libc, `${folder}/serial`),
  };
}

function nearest(libc: Libc, folders: readonly string[], name: string): string | null {
  for (const folder of folders) {
    const text = textOf(libc, `${folder}/${name}`);
    if (text !== null) return text;
  }
  return null;
}

/** The last name of what a link leads to. */
function linkName(libc: Libc, path: string): string | null {
  const target = visible(() => libc.readLink(path));
  return target === undefined ? null : basename(target);
}
