// The executable itself, installed on a copy of this machine from an archive on a USB stick, as it were.
// Only systemd is pretended there.

import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { makeArchive } from "../../release/archive.ts";
import { filledScript } from "../../release/install_script.ts";
import { publicKey } from "../../release/signature.ts";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { OverlayMachine, overlayMachineNeeds } from "../support/overlay_machine.ts";
import { pretendSystemctl } from "../support/pretend_systemctl.ts";
import { checkoutFolder, makeKey } from "../support/release_shelf.ts";
import { environment, program, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
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
  program("openssl"),
).test(
  "the executable installs itself, captures as its own user, upgrades, and goes; the records stay",
  async () => {
    using libc = new Libc();
    using port = new PseudoTerminal({ libc });
    chmodSync(port.path, 0o660);
    chownSync(port.path, 0, dialout);
    using machine = new OverlayMachine({ megabytes: 800 });
    machine.put("/usr/bin/systemctl", pretendSystemctl);
    using release = new TemporaryFolder("release");
    const keyFile = await makeKey(release);
    const facts = { version: "1.0.0", architecture: Deno.build.arch, epochSec: 0 };
    const name = await makeArchive({ folder: release.path, executable, keyFile, ...facts });
    machine.put("/media/archive", readFileSync(release.join(name)));
    const script = readFileSync(`${checkoutFolder}install.sh`, "utf8");
    const key = publicKey(keyFile);
    machine.put("/media/install.sh", filledScript(script, { ...facts, key, url: "none" }));
    machine.put(
      "/etc/nectarcollector/config.json",
      JSON.stringify({
        app: { instance_id: "box", fips_code: "1429010002" },
        ports: [{ device: port.path, side_designation: "A1", baud_rate: 9600, enabled: true }],
        monitoring: { port: 0 },
      }),
    );
    machine.settle();
    const said = (): string => {
      const path = machine.path("/run/pretend/said");
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    };
    const nectarcollector = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await machine.run([...args], { environment: { NO_COLOR: "1" } });
      assert.equal(code, 0, `${args.join(" ")}\n${out}${err}${said()}`);
      return out;
    };
    const systemctl = (...args: string[]): Promise<string> => nectarcollector("systemctl", ...args);
    const captured = async (record: string): Promise<void> => {
      // What came before it opened the port is thrown away.
      await waitFor("it to capture", () => said().includes("capturing"), { timeoutMs: 60_000 });
      await port.write(new TextEncoder().encode(`${record}\r\n`));
      await waitFor(
        `${record} in ${log}`,
        () =>
          existsSync(machine.path(log)) && readFileSync(machine.path(log), "utf8").includes(record),
      );
    };
    try {
      const offline = ["--offline", "/media/archive"];
      const first = await nectarcollector("sh", "/media/install.sh", ...offline);
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
      const kept = /^\/media\/|^\/(etc|var\/log|var\/lib|run)\/nectarcollector\//;
      assert.deepEqual(left.filter((path) => !kept.test(path)), []);
      assert.ok(!readdirSync(machine.path("/usr/local/bin")).includes("nectarcollector"));
    } finally {
      await machine.run(["systemctl", "stop"]);
    }
  },
);
