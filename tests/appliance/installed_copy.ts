// A copy of this machine that the executable itself is installed on, with a serial port. Only systemd
// is pretended there.

import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, readFileSync } from "node:fs";
import { makeArchive } from "../../release/archive.ts";
import { filledScript } from "../../release/install_script.ts";
import { publicKey } from "../../release/signature.ts";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { OverlayMachine, overlayMachineNeeds } from "../support/overlay_machine.ts";
import { pretendSystemctl } from "../support/pretend_systemctl.ts";
import { checkoutFolder, makeKey } from "../support/release_shelf.ts";
import { environment, program, type Requirement } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

export const installedCopyNeeds: readonly Requirement[] = [
  environment("NECTARCOLLECTOR", "NECTARCOLLECTOR=build/nectarcollector, after deno task compile"),
  ...overlayMachineNeeds,
  program("setpriv"),
  program("openssl"),
];

export const executable = Deno.env.get("NECTARCOLLECTOR") ?? "";
const dialout = 20;
const log = "/var/log/nectarcollector/1429010002-A1.log";

/** The executable, which believes that it is of another commit. */
export function anotherVersion(): Uint8Array {
  const bytes = readFileSync(executable);
  const stamp = '"build-stamp:';
  bytes.write("ffffffffffff", bytes.indexOf(stamp) + stamp.length);
  return bytes;
}

export class InstalledCopy implements AsyncDisposable {
  readonly machine = new OverlayMachine({ megabytes: 800 });
  readonly #libc = new Libc();
  readonly #port = new PseudoTerminal({ libc: this.#libc });

  constructor() {
    chmodSync(this.#port.path, 0o660);
    chownSync(this.#port.path, 0, dialout);
    this.machine.put("/usr/bin/systemctl", pretendSystemctl);
    this.machine.put(
      "/etc/nectarcollector/config.json",
      JSON.stringify({
        app: { instance_id: "box", fips_code: "1429010002" },
        ports: [{
          device: this.#port.path,
          side_designation: "A1",
          baud_rate: 9600,
          enabled: true,
        }],
        monitoring: { port: 0 },
      }),
    );
    this.machine.settle();
  }

  /** Puts install.sh of a release and its archive into /media, as on a USB stick. */
  async bringRelease(): Promise<void> {
    using release = new TemporaryFolder("release");
    const keyFile = await makeKey(release);
    const facts = { version: "1.0.0", architecture: Deno.build.arch, epochSec: 0 };
    const name = await makeArchive({ folder: release.path, executable, keyFile, ...facts });
    this.machine.put("/media/archive", readFileSync(release.join(name)));
    const script = readFileSync(`${checkoutFolder}install.sh`, "utf8");
    const key = publicKey(keyFile);
    this.machine.put("/media/install.sh", filledScript(script, { ...facts, key, url: "none" }));
  }

  /** Runs a program that must succeed; what it prints. */
  async run(...args: string[]): Promise<string> {
    const environment = { NO_COLOR: "1", DEBIAN_FRONTEND: "noninteractive", TERM: "dumb" };
    const { code, out, err } = await this.machine.run(args, { environment });
    assert.equal(code, 0, `${args.join(" ")}\n${out}${err}${this.#said}`);
    return out;
  }

  /** Says a record on the port, and waits until it is in the log. */
  async capture(record: string): Promise<void> {
    // What came before it opened the port is thrown away.
    await waitFor("it to capture", () => this.#said.includes("capturing"), { timeoutMs: 60_000 });
    await this.#port.write(new TextEncoder().encode(`${record}\r\n`));
    await waitFor(`${record} in ${log}`, () => this.records.includes(record));
  }

  /** The log of the port. */
  get records(): string {
    const path = this.machine.path(log);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** What the machine has of us, but for what the service itself writes. */
  changes(): string[] {
    const own = /^\/(var\/(log|lib)|run)\/(nectarcollector|pretend)(\/|$)|^\/media/;
    return this.machine.changes().filter((path) => !own.test(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.run(["systemctl", "stop"]);
    this.machine[Symbol.dispose]();
    this.#port[Symbol.dispose]();
    this.#libc[Symbol.dispose]();
  }

  get #said(): string {
    const path = this.machine.path("/run/pretend/said");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }
}
