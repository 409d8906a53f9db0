// A whole Linux box for tests, emulated by qemu: its own kernel, systemd as PID 1, and real 16550A
// serial ports whose far ends the test holds. Emulated in software, as tests may themselves run in a
// virtual machine; it takes half a minute to start. It writes to nothing that lasts, unless it is given
// a disk of its own.

import { existsSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { GuardedProcess } from "../../src/simulate/guarded_process.ts";
import { GuestShell } from "./guest_shell.ts";
import { LineSocket } from "./line_socket.ts";
import {
  findMachineImage,
  type ImageAdditions,
  type MachineImage,
  machineImageNeeds,
  makeDisk,
} from "./machine_image.ts";
import { MachineMonitor } from "./machine_monitor.ts";
import { program, type Requirement } from "./requirements.ts";
import { runProgram } from "./run_program.ts";
import { TelnetWire } from "./telnet_wire.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { UartRegisters } from "./uart_registers.ts";

/** What a virtual machine needs of this one. */
export const virtualMachineNeeds: readonly Requirement[] = [
  ...machineImageNeeds,
  program("qemu-system-x86_64"),
];

const bootTimeoutMs = 900_000;
const reportEveryMs = 5000;

/** Beside ttyS0, which takes the kernel's messages. Each has an interrupt of its own. */
const uarts = [
  { device: "/dev/ttyS1", index: 1, base: 0x2f8, irq: 3 },
  { device: "/dev/ttyS2", index: 2, base: 0x3e8, irq: 5 },
  { device: "/dev/ttyS3", index: 3, base: 0x2e8, irq: 7 },
] as const;

type Uart = (typeof uarts)[number];

export interface VirtualMachineOptions {
  /** A folder whose files are found below `guestFiles`, read-only. */
  readonly files: string;
  /** Names of byte streams to programs inside: `/dev/virtio-ports/NAME` there. */
  readonly channels: readonly string[];
  /** What its image has beyond the usual. */
  readonly additions?: ImageAdditions;
  /**
   * Its system disk, which lasts; it is made from the image where it is not there yet.
   * @default {one that goes with the machine}
   */
  readonly disk?: string;
  /**
   * A network in which this machine is 10.0.2.2 and the guest 10.0.2.15, and where each port of ours
   * that stands before a port of the guest leads to that. @default {no network}
   */
  readonly forwards?: readonly (readonly [ours: number, guest: number])[];
  /** Told what takes time. */
  readonly report: (message: string) => void;
}

/** One serial port of the machine. */
export interface SerialPortOfMachine {
  /** What it is called inside. */
  readonly device: string;
  readonly wire: TelnetWire;
  readonly registers: UartRegisters;
  /** The name of its line in the monitor. */
  readonly chardev: string;
}

type SerialPortsOfMachine = readonly [
  SerialPortOfMachine,
  SerialPortOfMachine,
  SerialPortOfMachine,
];

export class VirtualMachine {
  readonly shell: GuestShell;
  readonly monitor: MachineMonitor;
  readonly ports: SerialPortsOfMachine;
  readonly #channels: ReadonlyMap<string, LineSocket>;
  readonly #process: GuardedProcess;
  readonly #folder: TemporaryFolder;

  /** A machine whose system has started. @throws {Error} with the last that it said. */
  static async start(options: VirtualMachineOptions): Promise<VirtualMachine> {
    const { files, report, additions, disk } = options;
    const image = await findMachineImage(report, additions);
    if (disk !== undefined && !existsSync(disk)) {
      await runProgram("cp", ["--sparse=always", image.disk, disk]);
    }
    const folder = new TemporaryFolder("virtual-machine");
    const filesDisk = folder.join("files.ext4");
    await makeDisk({ tree: files, disk: filesDisk, size: "1G" });
    const log: string[] = [];
    const process = new GuardedProcess({
      program: "qemu-system-x86_64",
      args: qemuArguments({ ...options, image, filesDisk, folder }),
      log,
    });
    try {
      return await VirtualMachine.#join({ ...options, folder, process });
    } catch (cause) {
      process.send("SIGKILL");
      await process.ended;
      const lastWords = [...log, ...bootLog(folder).slice(-30)].join("\n");
      folder[Symbol.dispose]();
      throw new Error(`start a virtual machine: it last said:\n${lastWords}`, { cause });
    }
  }

  static async #join(
    options: VirtualMachineOptions & {
      readonly folder: TemporaryFolder;
      readonly process: GuardedProcess;
    },
  ): Promise<VirtualMachine> {
    const { folder, process, report } = options;
    const monitor = await MachineMonitor.connect(folder.join("monitor"));
    const shell = new GuestShell(await LineSocket.connect(folder.join("shell")));
    const channels = new Map<string, LineSocket>();
    for (const name of options.channels) {
      channels.set(name, await LineSocket.connect(folder.join(name)));
    }
    const plug = async ({ device, index, base }: Uart): Promise<SerialPortOfMachine> => ({
      device,
      chardev: `uart${index}`,
      wire: await TelnetWire.connect(folder.join(`uart${index}`)),
      registers: new UartRegisters({ monitor, base }),
    });
    const [first, second, third] = uarts;
    const ports = [await plug(first), await plug(second), await plug(third)] as const;
    report("starting the virtual machine");
    const progress = setInterval(() => report(bootLog(folder).at(-1) ?? ""), reportEveryMs);
    try {
      await shell.ready({ timeoutMs: bootTimeoutMs });
    } finally {
      clearInterval(progress);
    }
    report("the virtual machine is up");
    return new VirtualMachine({ shell, monitor, ports, channels, process, folder });
  }

  private constructor(parts: {
    readonly shell: GuestShell;
    readonly monitor: MachineMonitor;
    readonly ports: SerialPortsOfMachine;
    readonly channels: ReadonlyMap<string, LineSocket>;
    readonly process: GuardedProcess;
    readonly folder: TemporaryFolder;
  }) {
    this.shell = parts.shell;
    this.monitor = parts.monitor;
    this.ports = parts.ports;
    this.#channels = parts.channels;
    this.#process = parts.process;
    this.#folder = parts.folder;
  }

  /** The stream to the program that has opened `/dev/virtio-ports/NAME`. */
  channel(name: string): LineSocket {
    const socket = this.#channels.get(name);
    if (socket === undefined) throw new TypeError(`no channel ${name} was asked for`);
    return socket;
  }

  /**
   * Pulls the cable out of a serial port: CTS, DSR and DCD fall. For good: while its far end is a
   * socket, qemu leaves a UART's modem lines as they are, on from the start; of a terminal it asks
   * where they are, and a pseudo-terminal has none.
   */
  async pullCable({ chardev }: SerialPortOfMachine): Promise<void> {
    const backend = { type: "serial", data: { device: "/dev/ptmx" } };
    await this.monitor.execute("chardev-change", { id: chardev, backend });
  }

  /** Resolves when its process has ended. */
  get ended(): Promise<void> {
    return this.#process.ended;
  }

  /** Pulls the plug. Only a disk of its own is left, and its process, which is about to end. */
  kill(): void {
    this.#process.send("SIGKILL");
    this.shell[Symbol.dispose]();
    this.monitor[Symbol.dispose]();
    for (const { wire } of this.ports) wire[Symbol.dispose]();
    for (const socket of this.#channels.values()) socket.close();
    this.#folder[Symbol.dispose]();
  }
}

function qemuArguments(
  options: VirtualMachineOptions & {
    readonly image: MachineImage;
    readonly filesDisk: string;
    readonly folder: TemporaryFolder;
  },
): string[] {
  const { image, filesDisk, channels, disk, forwards, folder } = options;
  // What the machine writes goes into a file of qemu's that has no name; or into its own disk, where
  // what it has handed over outlives qemu, so that this machine need not sync for it.
  const systemDisk = disk === undefined
    ? `file=${image.disk},snapshot=on`
    : `file=${disk},cache=unsafe`;
  const socket = (name: string): string =>
    `socket,id=${name},path=${folder.join(name)},server=on,wait=off`;
  return [
    ...["-machine", "pc,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "1024"],
    ...["-no-user-config", "-nodefaults", "-display", "none"],
    ...["-kernel", image.kernel, "-initrd", image.initrd],
    ...["-append", "root=/dev/vda rw console=ttyS0 systemd.show_status=1"],
    ...["-drive", `${systemDisk},format=raw,if=virtio`],
    ...["-drive", `file=${filesDisk},format=raw,if=virtio,snapshot=on`],
    ...["-chardev", `file,id=boot,path=${folder.join("boot.log")}`],
    ...["-device", "isa-serial,chardev=boot,index=0"],
    ...uarts.flatMap(({ index, irq }) => [
      ...["-chardev", `${socket(`uart${index}`)},telnet=on`],
      ...["-device", `isa-serial,chardev=uart${index},index=${index},irq=${irq}`],
    ]),
    ...["-device", "virtio-serial", "-chardev", socket("shell")],
    ...["-device", "virtconsole,chardev=shell"],
    ...channels.flatMap((name) => [
      ...["-chardev", socket(name)],
      ...["-device", `virtserialport,chardev=${name},name=${name}`],
    ]),
    ...forwards === undefined ? [] : [
      ...["-device", "virtio-net-pci,netdev=network"],
      ...["-netdev", ["user", "id=network", ...forwards.map(forwarding)].join()],
    ],
    ...["-qmp", `unix:${folder.join("monitor")},server=on,wait=off`],
  ];
}

function forwarding([ours, guest]: readonly [number, number]): string {
  return `hostfwd=tcp:127.0.0.1:${ours}-:${guest}`;
}

/** What the machine's kernel and systemd have said, empty before they speak. */
function bootLog(folder: TemporaryFolder): string[] {
  const path = folder.join("boot.log");
  if (!existsSync(path)) return [];
  return stripVTControlCharacters(readFileSync(path, "utf8")).split(/[\r\n]+/).filter((line) =>
    line !== ""
  );
}
