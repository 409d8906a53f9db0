// The executable itself, installed on a copy of this machine by the one file that it is. Only systemd
// is pretended there.

import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { OverlayMachine, overlayMachineNeeds } from "../support/overlay_machine.ts";
import { pretendSystemctl } from "../support/pretend_systemctl.ts";
import { environment, program, requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

const executable = Deno.env.get("NECTARCOLLECTOR") ?? "";
const dialout = 20;
const log = "/var/log/nectarcollector/1429010002-A1.log";

/** The executable, which believes that it is of another commit. */
function anotherVersion(): Uint8Array {
  const bytes = readFileSync(executable);
  const stamp = '"build-stamp:';
  bytes.write("ffffffffffff", bytes.indexOf(stamp) + stamp.length);
  return bytes;
}

requires(
  environment("NECTARCOLLECTOR", "NECTARCOLLECTOR=build/nectarcollector, after deno task compile"),
  ...overlayMachineNeeds,
  program("setpriv"),
).test(
  "the executable installs itself, captures as its own user, upgrades, and goes; the records stay",
  async () => {
    using libc = new Libc();
    using port = new PseudoTerminal({ libc });
    chmodSync(port.path, 0o660);
    chownSync(port.path, 0, dialout);
    using machine = new OverlayMachine({ megabytes: 600 });
    machine.put("/usr/bin/systemctl", pretendSystemctl);
    machine.put("/media/nectarcollector", readFileSync(executable));
    machine.put(
      "/etc/nectarcollector/config.json",
      JSON.stringify({
        app: { instance_id: "box", fips_code: "1429010002" },
        ports: [{ device: port.path, side_designation: "A1", baud_rate: 9600, enabled: true }],
        monitoring: { port: 0 },
      }),
    );
    machine.settle();
    const nectarcollector = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await machine.run([...args], { environment: { NO_COLOR: "1" } });
      const said = existsSync(machine.path("/run/pretend/said"))
        ? readFileSync(machine.path("/run/pretend/said"), "utf8")
        : "";
      assert.equal(code, 0, `${args.join(" ")}\n${out}${err}${said}`);
      return out;
    };
    const systemctl = (...args: string[]): Promise<string> => nectarcollector("systemctl", ...args);
    const captured = async (record: string): Promise<void> => {
      await port.write(new TextEncoder().encode(`${record}\r\n`));
      await waitFor(
        `${record} in ${log}`,
        () =>
          existsSync(machine.path(log)) && readFileSync(machine.path(log), "utf8").includes(record),
      );
    };
    try {
      const first = await nectarcollector("/media/nectarcollector", "install");
      assert.match(first, /the service runs, with 1 serial port configured/);
      await captured("the first record");
      const running = await systemctl("show");
      assert.match(await nectarcollector("nectarcollector", "install"), /^nothing to do/);
      assert.equal(await systemctl("show"), running);

      machine.put("/media/nectarcollector", anotherVersion());
      await nectarcollector("nectarcollector", "upgrade", "/media/nectarcollector");
      assert.notEqual(await systemctl("show"), running);
      assert.match(await nectarcollector("nectarcollector", "--version"), /commit ffffffffffff/);
      await captured("the second record");

      await nectarcollector("nectarcollector", "uninstall");
      assert.match(await systemctl("show"), /MainPID=0/);
      const text = readFileSync(machine.path(log), "utf8");
      assert.match(text, /the first record\n(.*\n)*.*the second record\n/);
      const left = machine.changes().filter((path) => /nectarcollector/.test(path));
      const kept = /^\/(etc|var\/log|var\/lib|run)\/nectarcollector\//;
      assert.deepEqual(left.filter((path) => !kept.test(path)), []);
      assert.ok(!readdirSync(machine.path("/usr/local/bin")).includes("nectarcollector"));
    } finally {
      await machine.run(["systemctl", "stop"]);
    }
  },
);
