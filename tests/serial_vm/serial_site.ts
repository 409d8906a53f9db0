// The virtual machine that all tests of this folder share, with a probe in it that is root and one
// that is not. It is started once, before the first test, and goes with this process.

import assert from "node:assert/strict";
import type { LineSettings } from "../../src/source/serial/line_settings.ts";
import { compileGuestProgram, guestProgramNeeds } from "../support/guest_program.ts";
import { type Requirement, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import {
  type SerialPortOfMachine,
  VirtualMachine,
  virtualMachineNeeds,
} from "../support/virtual_machine.ts";
import { ProbeClient } from "./probe_client.ts";

const needs: readonly Requirement[] = [
  ...virtualMachineNeeds,
  ...guestProgramNeeds,
];

/** nobody, in the group that serial ports belong to: it may open them. */
const ordinaryUser = "65534:20";

interface SerialSite {
  readonly machine: VirtualMachine;
  /** Runs as root. */
  readonly probe: ProbeClient;
  /** Runs as an ordinary user who may open serial ports. */
  readonly visitor: ProbeClient;
  /** For all tests but those that spoil a port. */
  readonly port: SerialPortOfMachine;
  /** For those that pull a cable. */
  readonly spares: readonly [SerialPortOfMachine, SerialPortOfMachine];
}

/** What most tests set a port to. */
export const usual: LineSettings = {
  baudRate: 115200,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
};

async function start(): Promise<SerialSite> {
  using files = new TemporaryFolder("serial-vm");
  report("compiling the probe");
  await compileGuestProgram({
    entry: new URL("probe.ts", import.meta.url).pathname,
    output: files.join("probe"),
  });
  const channels = ["probe", "visitor"];
  const machine = await VirtualMachine.start({ files: files.path, channels, report });
  globalThis.addEventListener("unload", () => machine.kill());
  const [port, ...spares] = machine.ports;
  report("starting the probes");
  const program = "probe";
  const probe = await ProbeClient.start({ machine, program, channel: "probe" });
  const user = ordinaryUser;
  const visitor = await ProbeClient.start({ machine, program, channel: "visitor", user });
  report("the probes are there");
  return { machine, probe, visitor, port, spares };
}

function report(message: string): void {
  console.error(`${Math.round(performance.now() / 1000)} s: ${message}`);
}

const site = needs.every((need) => need.isMet()) ? await start() : undefined;

/** Registers a test that has the virtual machine to itself while it runs. */
export function siteTest(name: string, body: (site: SerialSite) => Promise<void>): void {
  requires(...needs).test(name, async () => {
    assert.ok(site);
    await body(site);
  });
}

/** The same, with the first port open in the root probe, set so. */
export function portTest(
  name: string,
  settings: LineSettings,
  body: (site: SerialSite) => Promise<void>,
): void {
  siteTest(name, async (site) => {
    await site.probe.call("open", { device: site.port.device, settings });
    try {
      await body(site);
    } finally {
      await site.probe.call("close");
    }
  });
}
