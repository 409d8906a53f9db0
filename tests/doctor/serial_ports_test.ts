import assert from "node:assert/strict";
import { chmodSync, chownSync, rmSync } from "node:fs";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { DoctorBox, lineOf } from "../support/doctor_box.ts";
import { PortHolder } from "../support/port_holder.ts";
import { requires, root } from "../support/requirements.ts";

const { test: asRoot } = requires(root);

/** A box with a configured port that is a real pseudo-terminal. */
class PortBox extends DoctorBox {
  readonly libc = new Libc();
  readonly terminal = new PseudoTerminal({ libc: this.libc });

  constructor(name = "ttyUSB0") {
    super();
    this.tree.addUsb(name, { socket: "1-2", device: this.terminal.path });
    this.configure([`/dev/${name}`]);
  }

  override [Symbol.dispose](): void {
    this.terminal[Symbol.dispose]();
    this.libc[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

/** Remembers what was opened. */
class OpeningLibc extends Libc {
  readonly opened: string[] = [];

  override open(path: string, flags: number, mode?: number): number {
    this.opened.push(path);
    return super.open(path, flags, mode);
  }
}

async function lines(box: DoctorBox, subject = "/dev/"): Promise<string[]> {
  return (await box.findings(subject)).map(lineOf);
}

Deno.test("doctor: a port that is there and free is well, and was not opened", async () => {
  using box = new PortBox();
  using libc = new OpeningLibc();
  box.machine = { ...box.machine, libc };
  assert.deepEqual(await lines(box), ["ok A1 /dev/ttyUSB0: free"]);
  assert.notEqual(libc.opened.length, 0, "files were read through it");
  const real = [box.terminal.path, box.tree.device("ttyUSB0")];
  assert.deepEqual(libc.opened.filter((path) => real.includes(path)), []);
});

Deno.test("doctor: a port that is not there is an error; brltty, where it is installed, is its cause", async () => {
  using box = new DoctorBox();
  box.configure(["/dev/ttyUSB0", "/dev/ttyS7"]);
  const plug = 'plug the adapter in, or correct "device"; ports there are: nectarcollector ports';
  assert.deepEqual(await lines(box), [
    `error A1 /dev/ttyUSB0: no such device → ${plug}`,
    `error A2 /dev/ttyS7: no such device → ${plug}`,
  ]);
  box.put("/usr/lib/udev/rules.d/85-brltty.rules", "");
  assert.deepEqual(await lines(box), [
    "error A1 /dev/ttyUSB0: no such device because brltty is installed, which takes adapters away " +
    "→ sudo apt-get remove brltty",
    `error A2 /dev/ttyS7: no such device → ${plug}`,
  ]);
});

Deno.test("doctor: what is no serial port, or has no hardware, or is configured twice, is an error", async () => {
  using box = new PortBox();
  box.put("/dev/file", "");
  box.link("/dev/nothing", "/dev/null");
  box.link("/sys/dev/char/1:3/subsystem", box.path("/sys/class/mem"));
  box.put("/sys/class/mem/x", "");
  box.tree.addUart("ttyS1", { place: "platform/serial8250", type: 0 });
  box.link("/dev/again", "ttyUSB0");
  box.configure(["/dev/file", "/dev/nothing", "/dev/ttyS1", "/dev/ttyUSB0", "/dev/again"]);
  const found = (await box.findings("/dev/")).map(({ level, subject, message }) =>
    `${level} ${subject}: ${message}`
  );
  assert.deepEqual(found, [
    "error A1 /dev/file: it is not a serial port",
    "error A2 /dev/nothing: it is not a serial port",
    "error A3 /dev/ttyS1: there is no hardware behind it",
    "ok A4 /dev/ttyUSB0: free",
    "error A5 /dev/again: it is the same port as A4 /dev/ttyUSB0",
  ]);
});

Deno.test("doctor: a port that another program has open names it, with what ends it", async () => {
  using box = new PortBox();
  await using holder = await PortHolder.start(box.terminal.path);
  assert.deepEqual(await lines(box), [
    `error A1 /dev/ttyUSB0: in use by deno (pid ${holder.pid}) because what that program reads is ` +
    `missing from the records → sudo kill ${holder.pid}`,
  ]);
});

Deno.test("doctor: a port that the kernel prints on is an error, with what takes it off", async () => {
  using box = new PortBox("ttyS0");
  box.tree.setConsoles("tty0 ttyS0");
  box.put("/proc/cmdline", "quiet console=tty0 console=ttyS0,115200n8\n");
  box.put("/etc/default/grub", 'GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200n8"\n');
  assert.deepEqual(await lines(box), [
    "error A1 /dev/ttyS0: the kernel prints its messages on ttyS0 because console=ttyS0,115200n8 " +
    "stands on its command line; what it prints goes to the equipment → sudo sed -Ei " +
    "'s/ ?console=ttyS0\\b(,[^ \"]*)?//g' /etc/default/grub && sudo update-grub && sudo reboot",
  ]);
  box.put(
    "/boot/firmware/cmdline.txt",
    "console=serial0,115200 console=tty1 console=ttyS01 root=/dev/mmcblk0p2\n",
  );
  const [, pi = ""] = (await lines(box))[0]?.split("→ ") ?? [];
  const command = pi.replace(" && sudo reboot", "").replace("sudo ", "")
    .replace("/boot/", box.path("/boot/"));
  const sed = await new Deno.Command("sh", { args: ["-c", command] }).output();
  assert.ok(sed.success);
  assert.equal(
    Deno.readTextFileSync(box.path("/boot/firmware/cmdline.txt")),
    " console=tty1 console=ttyS01 root=/dev/mmcblk0p2\n",
  );
  rmSync(box.path("/boot"), { recursive: true });
  rmSync(box.path("/etc/default/grub"));
  box.put("/etc/default/grub.d/50-cloud.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0"\n');
  assert.match(
    (await lines(box))[0] ?? "",
    / \/etc\/default\/grub\.d\/50-cloud\.cfg && sudo update-/,
  );
  box.put("/proc/cmdline", "quiet\n");
  assert.match((await lines(box))[0] ?? "", /the firmware told it to.*→ write console=tty0 on/);
});

Deno.test("doctor: a login that systemd starts on a port is an error; one that is masked is none", async () => {
  using box = new PortBox("ttyS0");
  const unit = "serial-getty@ttyS0.service";
  box.link(`/run/systemd/generator/getty.target.wants/${unit}`, `/lib/systemd/system/${unit}`);
  assert.match((await lines(box))[0] ?? "", /^error .*starts a login.*sudo systemctl mask --now s/);
  box.link(`/etc/systemd/system/getty.target.wants/${unit}`, `/lib/systemd/system/${unit}`);
  assert.match(
    (await lines(box))[0] ?? "",
    /^error .*sudo systemctl disable --now serial-getty@ttyS0/,
  );
  box.link(`/etc/systemd/system/${unit}`, "/dev/null");
  assert.deepEqual(await lines(box), ["ok A1 /dev/ttyS0: free"]);
});

asRoot(
  "doctor: a port that the service's user may not open says whose it is, and what mends that",
  async () => {
    using box = new PortBox();
    box.install();
    const { path } = box.terminal;
    const set = (gid: number, mode: number): void => {
      chownSync(path, 0, gid);
      chmodSync(path, mode);
    };
    set(20, 0o660);
    assert.deepEqual(await lines(box), ["ok A1 /dev/ttyUSB0: free"]);
    set(0, 0o660);
    assert.match(
      (await lines(box))[0] ?? "",
      /^error .*: the user nectarcollector may not open it because it belongs to root:root, with mode 660 → echo 'KERNEL=="pts\/\d+", GROUP="dialout", MODE="0660"' \| sudo tee /,
    );
    set(20, 0o640);
    assert.match((await lines(box))[0] ?? "", /with mode 640 → echo 'KERNEL/);
    box.put("/etc/group", "root:x:0:\ndialout:x:20:\nserial:x:61002:\nnectarcollector:x:61001:\n");
    set(20, 0o660);
    assert.deepEqual(await lines(box), ["ok A1 /dev/ttyUSB0: free"], "the unit adds the group");
    set(61_002, 0o660);
    assert.match(
      (await lines(box))[0] ?? "",
      /root:serial, with mode 660 → sudo nectarcollector install$/,
    );
    box.put(
      "/etc/systemd/system/nectarcollector.service.d/50-site.conf",
      "[Service]\nSupplementaryGroups=serial\n",
    );
    assert.deepEqual(await lines(box), ["ok A1 /dev/ttyUSB0: free"]);
  },
);

Deno.test("doctor: an adapter is best named by itself, twins by their sockets", async () => {
  using box = new PortBox();
  const name = "/dev/serial/by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0";
  const place = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0";
  box.tree.addName(name.slice(12), "ttyUSB0");
  box.tree.addName(place.slice(12), "ttyUSB0");
  assert.match(
    (await lines(box))[0] ?? "",
    new RegExp(`^warning .*whichever adapter is found first.*"device": "${name}"$`),
  );
  box.configure([name]);
  assert.deepEqual(await lines(box), [`ok A1 ${name}: free`]);
  box.tree.addUsb("ttyUSB1", { socket: "1-3" });
  assert.match(
    (await lines(box))[0] ?? "",
    new RegExp(`^warning .*leads to either of them.*"device": "${place}"$`),
  );
});

Deno.test("doctor: programs that take adapters by themselves are told, with what ends them", async () => {
  using box = new PortBox();
  box.put("/sys/class/tty/ttyUSB0/dev", "188:0\n");
  box.put("/run/udev/data/c188:0", "E:ID_BUS=usb\n");
  box.put("/proc/77/comm", "ModemManager\n");
  const hints = async (): Promise<(string | null)[]> =>
    (await box.findings("/dev/")).map(({ level, hint }) => `${level} ${hint}`);
  assert.deepEqual(await hints(), ["warning sudo nectarcollector install"]);
  box.put("/etc/udev/rules.d/70-nectarcollector.rules", "");
  assert.deepEqual(await hints(), ["warning sudo systemctl disable --now ModemManager"]);
  box.put("/run/udev/data/c188:0", "E:ID_BUS=usb\nE:ID_MM_DEVICE_IGNORE=1\n");
  assert.deepEqual(await hints(), ["ok null"]);
  box.link(
    "/etc/systemd/system/sockets.target.wants/gpsd.socket",
    "/lib/systemd/system/gpsd.socket",
  );
  box.put("/etc/default/gpsd", 'USBAUTO="false"\n');
  assert.deepEqual(await hints(), ["ok null"]);
  box.put("/etc/default/gpsd", 'USBAUTO="true"\n');
  assert.deepEqual(await hints(), [
    "warning sudo systemctl disable --now gpsd.socket gpsd.service",
  ]);
  box.put("/etc/udev/rules.d/90-brltty-usb.rules", "");
  assert.equal((await hints())[1], "warning sudo apt-get remove brltty");
});

Deno.test("doctor: modem lines of a UART are told without its being opened, and what it lacks", async () => {
  using box = new PortBox("ttyS1");
  const uart = (text: string): void =>
    box.put("/proc/tty/driver/serial", `serinfo:1.0 driver revision:\n${text}\n`);
  uart("1: uart:16550A port:000002F8 irq:3 tx:12 rx:4213 RTS|CTS|DTR|CD");
  assert.deepEqual(await lines(box), [
    "ok A1 /dev/ttyS1: free; CTS on, DSR off, DCD on, RI off",
  ]);
  uart("1: uart:16450 port:000002F8 irq:0 tx:0 rx:0 oe:12");
  const messages = (await box.findings("/dev/")).map(({ level, message }) => `${level} ${message}`);
  assert.deepEqual(messages, [
    "warning its UART, a 16450, has no buffer",
    "warning its UART has no interrupt",
    "warning characters were lost: 12 overruns since the machine was started",
  ]);
});

Deno.test("doctor: what a plain user cannot see of the ports is said, and is no fault", async () => {
  using box = new PortBox();
  box.machine = { ...box.machine, seesAll: false };
  const { findings } = await box.report();
  const own = findings.filter(({ subject }) => /port|dev/.test(subject)).map(lineOf);
  assert.deepEqual(own, [
    "ok A1 /dev/ttyUSB0: free, as far as this user sees",
    "unseen serial ports: other users' processes that have one open, and modem lines " +
    "→ sudo nectarcollector doctor",
  ]);
});
