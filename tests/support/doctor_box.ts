// A machine below a folder that `nectarcollector doctor` looks at: serial ports, users, folders, and
// what else a test puts there. Its ports are real pseudo-terminals where a test wants them to be.

import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Command } from "commander";
import { doctorCommand } from "../../src/cli/doctor.ts";
import type { DoctorReport } from "../../src/cli/doctor_report.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { MachineOptions } from "../../src/doctor/machine.ts";
import { configPath } from "../../src/install/installation.ts";
import { systemFiles } from "../../src/install/system_files.ts";
import { RecordingTerminal } from "../cli/recording_terminal.ts";
import { PortTree } from "./port_tree.ts";

export const serviceUid = 61_001;

/** Nobody listens there. */
const deadServer = "nats://127.0.0.1:1";
const usualFolders = { log: "/var/log/nectarcollector", state: "/var/lib/nectarcollector" };
/** A port of which there is nothing to look at. */
const feed = { type: "tcp", host: "192.0.2.7", port: 5000 };

export class DoctorBox implements Disposable {
  readonly tree = new PortTree();
  /** What replaces parts of the machine. */
  machine: Partial<MachineOptions> = {
    root: this.tree.root,
    seesAll: true,
    kernelTime: () => ({ isSynchronised: true, maxErrorMs: 5 }),
  };

  constructor() {
    chmodSync(this.tree.root, 0o755);
    this.put(
      "/etc/passwd",
      `root:x:0:0::/root:/bin/sh\nnectarcollector:x:${serviceUid}:61001::/:\n`,
    );
    this.put("/etc/group", "root:x:0:\ndialout:x:20:nectarcollector\nnectarcollector:x:61001:\n");
    for (const folder of Object.values(usualFolders)) this.folder(folder);
  }

  path(absolute: string): string {
    return `${this.tree.root}${absolute}`;
  }

  put(absolute: string, text: string): void {
    mkdirSync(dirname(this.path(absolute)), { recursive: true });
    writeFileSync(this.path(absolute), text);
  }

  link(absolute: string, target: string): void {
    mkdirSync(dirname(this.path(absolute)), { recursive: true });
    symlinkSync(target, this.path(absolute));
  }

  /** One of the service's. */
  folder(absolute: string): void {
    mkdirSync(this.path(absolute), { recursive: true });
    if (Deno.uid() === 0) chownSync(this.path(absolute), serviceUid, serviceUid);
  }

  /** Writes the configuration, with these serial ports and sections. */
  configure(devices: readonly string[], sections: Record<string, unknown> = {}): void {
    const serial = devices.map((device) => ({ device }));
    this.configurePorts(serial, sections);
  }

  configurePorts(ports: readonly object[], sections: Record<string, unknown> = {}): void {
    const config = {
      app: { instance_id: "box", fips_code: "1429010002" },
      ports: (ports.length === 0 ? [feed] : ports).map((port, i) => ({
        side_designation: `A${i + 1}`,
        enabled: true,
        ...port,
      })),
      nats: { url: deadServer, subject_prefix: "ut.cdr" },
      logging: { base_path: usualFolders.log },
      journal: { state_path: usualFolders.state, min_free_mb: 1 },
      ...sections,
    };
    this.put(configPath, JSON.stringify(config));
  }

  /** As `nectarcollector install` leaves it. */
  install(): void {
    for (const { path, text } of systemFiles()) this.put(path, text);
    this.put("/usr/local/bin/nectarcollector", "");
    this.link(
      "/etc/systemd/system/multi-user.target.wants/nectarcollector.service",
      "../nectarcollector.service",
    );
  }

  /** Runs `nectarcollector doctor …args`. */
  async run(...args: string[]): Promise<RecordingTerminal> {
    const terminal = new RecordingTerminal();
    const program = new Command("nectarcollector");
    program.addCommand(doctorCommand(terminal, this.machine));
    await program.parseAsync(["doctor", ...args], { from: "user" });
    return terminal;
  }

  async report(): Promise<DoctorReport> {
    const { outLines } = await this.run("--json");
    return JSON.parse(outLines.join("\n").replaceAll(this.tree.root, ""));
  }

  /** What is found of a subject: those whose name holds the text. */
  async findings(subject: string): Promise<readonly Finding[]> {
    return (await this.report()).findings.filter((each) => each.subject.includes(subject));
  }

  [Symbol.dispose](): void {
    this.tree[Symbol.dispose]();
  }
}

/** `error A1 /dev/ttyS0: no such device → plug …`, for comparing. */
export function lineOf({ level, subject, message, cause, hint }: Finding): string {
  return [
    `${level} ${subject}: ${message}`,
    ...cause === null ? [] : [`because ${cause}`],
    ...hint === null ? [] : [`→ ${hint}`],
  ].join(" ");
}
