// A machine's serial ports as /sys and /dev show them, built in a temporary folder. Shapes as on
// Linux 6.18 for UARTs; for USB and PCI as on 6.1.

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { TemporaryFolder } from "./temporary_folder.ts";

export interface UsbPort {
  /** Such as `1-2`: bus and socket. Ports of one adapter share it. */
  readonly socket: string;
  /** @default {"FT0A1B2C"} */
  readonly serial?: string | null;
  /** Of an adapter with several. @default {0} */
  readonly interfaceNumber?: number;
  /** Of an interface with several. @default {0} */
  readonly portNumber?: number;
  /** What the device file leads to. @default {a plain file} */
  readonly device?: string;
}

export class PortTree implements Disposable {
  readonly #folder = new TemporaryFolder();

  constructor() {
    mkdirSync(this.#at("sys/class/tty"), { recursive: true });
    mkdirSync(this.#at("dev"));
  }

  get root(): string {
    return this.#folder.path;
  }

  /** `/dev/…` of this machine. */
  device(name: string): string {
    return this.#at("dev", name);
  }

  /** A virtual console or the like. */
  addVirtual(name: string): void {
    this.#addTty(name, `sys/devices/virtual/tty/${name}`);
  }

  /** A UART, as PCs have them; of `type` 0 there is only the name. */
  addUart(name: string, { place = "pnp0/00:00", type = 4, isOld = false } = {}): void {
    const holder = `sys/devices/${place}`;
    this.#write(`${holder}/uevent`, "DRIVER=serial");
    this.#link(`${holder}/subsystem`, "sys/bus/pnp");
    this.#link(`${holder}/driver`, "sys/bus/pnp/drivers/serial");
    const number = name.replace(/\D/g, "");
    const [control, port] = isOld ? [holder, holder] : [
      `${holder}/${place.split("/").at(-1)}:0`,
      `${holder}/${place.split("/").at(-1)}:0/${place.split("/").at(-1)}:0.${number}`,
    ];
    if (!isOld) this.#addSerialBase(control, port);
    const tty = `${port}/tty/${name}`;
    this.#write(`${tty}/type`, `${type}`);
    this.#link(`${tty}/device`, port);
    this.#addTty(name, tty);
    this.#write(`dev/${name}`, "");
  }

  addUsb(name: string, port: UsbPort): void {
    const { socket, serial = "FT0A1B2C", interfaceNumber = 0, portNumber = 0, device } = port;
    const adapter = `sys/devices/pci0000:00/0000:00:14.0/usb1/${socket}`;
    this.#write("sys/devices/pci0000:00/0000:00:14.0/usb1/idVendor", "1d6b");
    const texts = { idVendor: "0403", idProduct: "6001", manufacturer: "FTDI", product: "US232R" };
    for (const [file, text] of Object.entries(texts)) this.#write(`${adapter}/${file}`, text);
    if (serial !== null) this.#write(`${adapter}/serial`, serial);
    const face = `${adapter}/${socket}:1.${interfaceNumber}`;
    this.#write(`${face}/bInterfaceNumber`, `0${interfaceNumber}`);
    this.#link(`${face}/subsystem`, "sys/bus/usb");
    this.#link(`${face}/driver`, "sys/bus/usb/drivers/ftdi_sio");
    this.#write(`${face}/${name}/port_number`, `${portNumber}`);
    this.#link(`${face}/${name}/subsystem`, "sys/bus/usb-serial");
    this.#link(`${face}/${name}/driver`, "sys/bus/usb-serial/drivers/ftdi_sio");
    this.#link(`${face}/${name}/tty/${name}/device`, `${face}/${name}`);
    this.#addTty(name, `${face}/${name}/tty/${name}`);
    if (device === undefined) this.#write(`dev/${name}`, "");
    else symlinkSync(device, this.device(name));
  }

  /** A name that udev gives: `by-id/usb-…`. */
  addName(link: string, name: string): string {
    this.#link(`dev/serial/${link}`, `dev/${name}`);
    return this.#at("dev/serial", link);
  }

  setConsoles(names: string): void {
    this.addVirtual("console");
    this.#write("sys/devices/virtual/tty/console/active", names);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  /** Folders of the kernel's own between a UART's port and its driver, since Linux 6.5. */
  #addSerialBase(control: string, port: string): void {
    for (const [folder, driver] of [[control, "ctrl"], [port, "port"]] as const) {
      this.#link(`${folder}/subsystem`, "sys/bus/serial-base");
      this.#link(`${folder}/driver`, `sys/bus/serial-base/drivers/${driver}`);
    }
  }

  #addTty(name: string, folder: string): void {
    this.#write(`${folder}/uevent`, `DEVNAME=${name}`);
    this.#link(`sys/class/tty/${name}`, folder);
  }

  #at(...parts: string[]): string {
    return this.#folder.join(...parts);
  }

  #write(path: string, text: string): void {
    mkdirSync(dirname(this.#at(path)), { recursive: true });
    writeFileSync(this.#at(path), `${text}\n`);
  }

  /** A relative link, as the kernel and udev make them. Its target may be missing. */
  #link(path: string, target: string): void {
    mkdirSync(dirname(this.#at(path)), { recursive: true });
    try {
      symlinkSync(relative(dirname(join("/", path)), join("/", target)), this.#at(path));
    } catch (error) {
      // Ports of one adapter share folders.
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}
