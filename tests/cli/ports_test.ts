import assert from "node:assert/strict";
import { Command } from "commander";
import { portsCommand, type PortsOptions } from "../../src/cli/ports.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { collectorCommand } from "../support/collector_process.ts";
import { ModemLibc } from "../support/modem_libc.ts";
import { PortHolder } from "../support/port_holder.ts";
import { PortTree } from "../support/port_tree.ts";
import { RecordingTerminal } from "./recording_terminal.ts";

/** A clock with which nothing takes time. */
const hastyClock: Clock = { ...systemClock, delay: () => Promise.resolve() };

/** Runs `nectarcollector …args` on that tree's machine. */
async function run(
  tree: PortTree,
  args: readonly string[],
  options: PortsOptions & { readonly inColor?: boolean } = {},
): Promise<RecordingTerminal> {
  const terminal = new RecordingTerminal(options.inColor);
  const program = new Command("nectarcollector");
  program.addCommand(
    portsCommand(terminal, { root: tree.root, clock: hastyClock, seesAll: true, ...options }),
  );
  await program.parseAsync([...args], { from: "user" });
  return terminal;
}

/** One UART, one adapter with both names of udev's. */
function fill(tree: PortTree): void {
  tree.addUart("ttyS0");
  tree.addUsb("ttyUSB0", { socket: "1-2" });
  tree.addName("by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0", "ttyUSB0");
  tree.addName("by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", "ttyUSB0");
}

function withoutRoot(tree: PortTree, lines: readonly string[]): string {
  return lines.join("\n").replaceAll(tree.root, "");
}

Deno.test("ports prints each port with the name to configure it by, on standard output", async () => {
  using tree = new PortTree();
  fill(tree);
  const terminal = await run(tree, ["ports"]);
  assert.equal(terminal.exitCode, 0);
  assert.equal(
    withoutRoot(tree, terminal.outLines),
    `/dev/ttyS0
  configure  /dev/ttyS0
  hardware   mainboard, driver serial
  in use by  nobody

/dev/ttyUSB0
  configure  /dev/serial/by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0
  also       /dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0
  hardware   USB, FTDI US232R (0403:6001, serial number FT0A1B2C), driver ftdi_sio
  in use by  nobody`,
  );
  assert.deepEqual(terminal.errLines, [
    "",
    'write what stands behind "configure" into the configuration, as "device"',
    "modem lines were not read: see ports --help about --signals",
  ]);
});

Deno.test("ports says who has a port open, and leaves its lines alone", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using holder = await PortHolder.start(terminal.path);
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2", device: terminal.path });
  const { outLines } = await run(tree, ["ports", "--signals"]);
  assert.deepEqual(outLines.slice(-2), [
    `  in use by  deno (pid ${holder.pid})`,
    "  signals    not read: the port is in use",
  ]);
});

Deno.test("ports --signals reads the lines of ports that nobody uses", async () => {
  using libc = new Libc();
  using first = new PseudoTerminal({ libc });
  using second = new PseudoTerminal({ libc });
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2", device: first.path });
  tree.addUsb("ttyUSB1", { socket: "1-3", serial: "B", device: second.path });
  const plain = await run(tree, ["ports", "--signals"]);
  const unknown = "  signals    CTS unknown, DSR unknown, DCD unknown, RI unknown";
  assert.equal(plain.outLines.filter((line) => line === unknown).length, 2);
  const openLibc = (): Libc => Object.assign(new ModemLibc(), { lineBits: 0x20 | 0x100 });
  const { outLines, errLines } = await run(tree, ["ports", "--signals"], { openLibc });
  const known = "  signals    CTS on, DSR on, DCD off, RI off";
  assert.equal(outLines.filter((line) => line === known).length, 2);
  assert.deepEqual(errLines.length, 2, "no advice to use --signals");
});

/** Remembers what was opened. */
class OpeningLibc extends Libc {
  readonly opened: string[] = [];

  override open(path: string, flags: number, mode?: number): number {
    this.opened.push(path);
    return super.open(path, flags, mode);
  }
}

Deno.test("ports opens no device without --signals, nor when somebody unseen may have it open", async () => {
  using pty = new Libc();
  using terminal = new PseudoTerminal({ libc: pty });
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2", device: terminal.path });
  const device = tree.device("ttyUSB0");
  const opened = async (args: string[], seesAll: boolean): Promise<[boolean, string]> => {
    const libc = new OpeningLibc();
    const { outLines, errLines } = await run(tree, args, { openLibc: () => libc, seesAll });
    assert.notEqual(libc.opened.length, 0, "sysfs was read through it");
    return [libc.opened.includes(device), [...outLines, ...errLines].join("\n")];
  };
  assert.deepEqual((await opened(["ports"], true))[0], false);
  assert.deepEqual((await opened(["ports", "--signals"], true))[0], true);
  const [wasOpened, text] = await opened(["ports", "--signals"], false);
  assert.equal(wasOpened, false);
  assert.match(text, /signals {4}not read: only root sees whether nobody uses it/);
  assert.match(text, /in use by {2}nobody that you may see/);
  assert.match(text, /sudo shows who uses a port/);
});

Deno.test("ports says what is wrong with a port, and what to do", async () => {
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2", device: "/dev/null/nothing" });
  tree.addUsb("ttyUSB1", { socket: "1-3" });
  tree.addName("by-id/usb-clone-if00-port0", "ttyUSB1");
  tree.setConsoles("ttyUSB1");
  const { outLines, exitCode } = await run(tree, ["ports", "--signals"]);
  const text = withoutRoot(tree, outLines);
  assert.match(
    text,
    /problem {4}open \/dev\/ttyUSB0: the kernel has the port, but there is no such file\n {13}→ /,
  );
  assert.match(text, /not read: the port cannot be opened/);
  assert.match(text, /another adapter cannot be told from this one/);
  assert.doesNotMatch(text, /by-id/, "a name that leads to either adapter is not offered");
  assert.match(text, /take console=ttyUSB1 off/);
  // A plain file stands for the second one.
  assert.match(text, /not read: the port could not be opened\n(.*\n)*.*not a serial port/);
  assert.equal(exitCode, 0);
});

Deno.test("ports tells how many names have no hardware, --all which", async () => {
  using tree = new PortTree();
  tree.addUart("ttyS0");
  for (const name of ["ttyS1", "ttyS2"]) {
    tree.addUart(name, { place: "platform/serial8250", type: 0 });
  }
  const short = await run(tree, ["ports"]);
  assert.equal(short.errLines.at(-1), "left out, having no hardware: 2; --all names them");
  assert.doesNotMatch(short.outLines.join("\n"), /ttyS1/);
  const long = await run(tree, ["ports", "--all"]);
  assert.equal(
    withoutRoot(tree, long.outLines.slice(-2)),
    "\nwithout hardware: /dev/ttyS1, /dev/ttyS2",
  );
  assert.doesNotMatch(long.errLines.join("\n"), /left out/);
});

Deno.test("ports on a machine without any says where to look", async () => {
  using tree = new PortTree();
  const { outLines, errLines, exitCode } = await run(tree, ["ports"]);
  assert.deepEqual(outLines, []);
  assert.match(errLines.join("\n"), /^no serial port found: plug the adapter in .*dmesg/);
  assert.equal(exitCode, 0);
});

Deno.test("ports where there is no sysfs fails, with the reason", async () => {
  using tree = new PortTree();
  const root = tree.device("nowhere");
  const { errLines, exitCode } = await run(tree, ["ports"], { root });
  assert.deepEqual(errLines, [
    `list the serial ports: opendir: ${root}/sys/class/tty: ENOENT`,
  ]);
  assert.equal(exitCode, 1);
});

Deno.test("ports --json prints the same for programs, with a version and without advice", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2", serial: null, device: terminal.path });
  tree.addUart("ttyS1", { type: 0 });
  const { outLines, errLines } = await run(tree, ["ports", "--json", "--signals"]);
  assert.deepEqual(errLines, []);
  assert.deepEqual(JSON.parse(withoutRoot(tree, outLines)), {
    version: 1,
    ports: [{
      device: "/dev/ttyUSB0",
      config_name: "/dev/ttyUSB0",
      by_id: [],
      by_path: [],
      has_twin: false,
      is_console: false,
      bus: "usb",
      driver: "ftdi_sio",
      usb: {
        vendor_id: "0403",
        product_id: "6001",
        manufacturer: "FTDI",
        product: "US232R",
        serial_number: null,
      },
      in_use_by: [],
      problem: null,
      signals: { cts: "unknown", dsr: "unknown", dcd: "unknown", ri: "unknown" },
      signals_skipped: null,
    }],
    without_hardware: ["/dev/ttyS1"],
  });
});

Deno.test("ports of the program itself lists this machine, and its help has examples first", async () => {
  const [command = "", ...commandArgs] = collectorCommand();
  const output = async (...args: string[]): Promise<string> => {
    const { code, stdout } = await new Deno.Command(command, { args: [...commandArgs, ...args] })
      .output();
    assert.equal(code, 0);
    return new TextDecoder().decode(stdout);
  };
  const { version, ports } = JSON.parse(await output("ports", "--json"));
  assert.equal(version, 1);
  assert.ok(Array.isArray(ports));
  const help = await output("ports", "--help");
  assert.match(help, /^Examples:\n(.*\n)+\nUsage: /);
  assert.match(help, /Exit codes: 0 listed/);
});
