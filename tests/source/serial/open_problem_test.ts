import assert from "node:assert/strict";
import { chownSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { Libc } from "../../../src/platform/libc.ts";
import { SystemError } from "../../../src/platform/system_error.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import { openProblem } from "../../../src/source/serial/open_problem.ts";
import { SerialPort } from "../../../src/source/serial/serial_port.ts";
import type { SourceProblem } from "../../../src/source/source.ts";
import { PortHolder } from "../../support/port_holder.ts";
import { requires, root } from "../../support/requirements.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const EIO = 5;
const EACCES = 13;

/** The problem that opening `device` really gives. */
function problemOf(libc: Libc, device: string): SourceProblem {
  try {
    SerialPort.open(libc, device, {
      baudRate: 9600,
      dataBits: 8,
      parity: "none",
      stopBits: 1,
      flowControl: false,
    }).close();
  } catch (error) {
    return openProblem(libc, device, error);
  }
  throw new Error(`open ${device}: it worked`);
}

Deno.test("a device that is not there is missing, also in a folder that is not there", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("file"), "");
  symlinkSync("nowhere", folder.join("dangling"));
  for (const name of ["ttyUSB0", "by-id/usb-0", "file/ttyUSB0", "dangling"]) {
    const { kind, message } = problemOf(libc, folder.join(name));
    assert.equal(kind, "missing", name);
    assert.equal(message, `open ${folder.join(name)}: no such device`);
  }
});

Deno.test("a file, a folder and /dev/null are not serial ports", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("file"), "kept");
  for (const path of [folder.join("file"), "/dev/null"]) {
    const { kind, message } = problemOf(libc, path);
    assert.equal(kind, "not_a_terminal", path);
    assert.equal(message, `open ${path}: not a serial port`);
  }
  assert.equal(problemOf(libc, folder.path).kind, "not_a_terminal");
  assert.equal(readFileSync(folder.join("file"), "utf8"), "kept");
});

Deno.test("a busy port names the process that has it, also when it was opened by a link", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  using terminal = new PseudoTerminal({ libc, link: folder.join("usb-port0") });
  await using holder = await PortHolder.start(terminal.path);
  for (const path of [terminal.path, folder.join("usb-port0")]) {
    const { kind, message } = problemOf(libc, path);
    assert.equal(kind, "busy");
    assert.equal(message, `open ${path}: in use by deno (pid ${holder.pid})`);
  }
});

Deno.test("a busy port whose holder cannot be found says how to look for it", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const problem = openProblem(libc, terminal.path, new SystemError("open", terminal.path, 16));
  assert.equal(problem.message, `open ${terminal.path}: in use by another process`);
  assert.equal(problem.hint, `see who: sudo fuser -v ${terminal.path}`);
});

const { test: asRoot } = requires(root);

asRoot(
  "without permission the hint names the device's group, by number where it has no name",
  () => {
    using libc = new Libc();
    using folder = new TemporaryFolder();
    const device = folder.join("ttyS0");
    writeFileSync(device, "");
    const dialout = /^dialout:[^:]*:(\d+)/m.exec(readFileSync("/etc/group", "utf8"))?.[1];
    const groups: [number, string][] = [[0, "root"], [61_234, "61234"]];
    if (dialout !== undefined) groups.push([Number(dialout), "dialout"]);
    for (const [gid, name] of groups) {
      chownSync(device, 0, gid);
      const { kind, message, hint } = openProblem(
        libc,
        device,
        new SystemError("open", device, EACCES),
      );
      assert.equal(kind, "no_permission");
      assert.match(message, new RegExp(`belongs to group ${name}$`));
      assert.match(hint, new RegExp(`usermod -aG ${name} `));
    }
  },
);

Deno.test("no problem is too odd to be told, also when the device goes away while it is looked at", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const device = folder.join("gone");
  const eio = openProblem(libc, device, new SystemError("ioctl", device, EIO));
  assert.equal(eio.kind, "failed");
  assert.equal(eio.message, `ioctl: ${device}: EIO`);
  assert.equal(openProblem(libc, device, new Error("odd")).message, "odd");
  assert.equal(openProblem(libc, device, new SystemError("open", device, 16)).kind, "busy");
  assert.equal(
    openProblem(libc, device, new SystemError("open", device, EACCES)).kind,
    "no_permission",
  );
});
