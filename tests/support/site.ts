// A whole site for a scenario: ports with simulated cables, folders, a configuration and the
// collector's process.

import { Buffer } from "node:buffer";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { CollectorProcess, type CollectorProcessOptions } from "./collector_process.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

export const siteFips = "1429010002";

export interface SiteOptions extends CollectorProcessOptions {
  readonly ports: number;
  /** @default {one in the site's folder} */
  readonly logFolder?: string;
  /** Of the collector's runtime, where records wait in memory. @default {one in the site's folder} */
  readonly runFolder?: string;
  /** Merged into each port's entry of the configuration. */
  readonly portKeys?: Record<string, unknown>;
  /** Entries of ports that are not serial, on the sides behind those. @default {none} */
  readonly otherPorts?: readonly Record<string, unknown>[];
  /** Merged into the configuration's sections. */
  readonly logging?: Record<string, unknown>;
  readonly journal?: Record<string, unknown>;
  readonly nats?: Record<string, unknown>;
  readonly recovery?: Record<string, unknown>;
  readonly forwarder?: Record<string, unknown>;
  /** 0 detects it. @default {9600} */
  readonly baudRate?: number;
}

export class Site implements AsyncDisposable {
  readonly folder = new TemporaryFolder("site");
  readonly libc = new Libc();
  readonly collector: CollectorProcess;
  /** By port, from 0; port 0 is side A1. */
  readonly terminals: PseudoTerminal[] = [];
  readonly logFolder: string;
  readonly #options: SiteOptions;

  constructor(options: SiteOptions) {
    this.logFolder = options.logFolder ?? this.folder.join("log");
    for (let port = 0; port < options.ports; port++) this.plug(port);
    this.#options = options;
    this.collector = new CollectorProcess(
      this.folder.join("config.json"),
      options.runFolder ?? this.folder.join("run"),
      options,
    );
    this.useServer("nats://127.0.0.1:1");
  }

  /** Writes the configuration, for the next start of the collector. */
  useServer(url: string): void {
    const { portKeys, otherPorts = [], logging, journal, nats, recovery, forwarder } =
      this.#options;
    const serialPorts = this.terminals.map((_, port) => ({
      device: this.device(port),
      side_designation: `A${port + 1}`,
      baud_rate: this.#options.baudRate ?? 9600,
      enabled: true,
      ...portKeys,
    }));
    const netPorts = otherPorts.map((keys, i) => ({
      side_designation: `A${serialPorts.length + i + 1}`,
      enabled: true,
      ...keys,
    }));
    const config = {
      app: { instance_id: "test-site", fips_code: siteFips },
      ports: [...serialPorts, ...netPorts],
      nats: { url, subject_prefix: "ut.cdr", reconnect_wait_sec: 1, ...nats },
      logging: { base_path: this.logFolder, ...logging },
      journal: { state_path: this.folder.join("state"), ...journal },
      ...(recovery === undefined ? {} : { recovery }),
      ...(forwarder === undefined ? {} : { forwarder }),
    };
    Deno.writeTextFileSync(this.folder.join("config.json"), JSON.stringify(config));
  }

  /** The name under which a port is configured. */
  device(port: number): string {
    return this.folder.join(`ttyTest${port}`);
  }

  /** Plugs an adapter in under the port's name, again if it was pulled before. */
  plug(port: number): PseudoTerminal {
    const terminal = new PseudoTerminal({ libc: this.libc, link: this.device(port) });
    this.terminals[port] = terminal;
    return terminal;
  }

  channel(port: number): string {
    return `${siteFips}-A${port + 1}`;
  }

  /** Contents of all logs of a port, oldest first, as one character a byte. */
  logText(port: number): string {
    const folder = this.logFolder;
    const name = this.channel(port);
    const logs = Array.from(Deno.readDirSync(folder), (entry) => entry.name)
      .filter((file) => file.startsWith(`${name}.`) && file.endsWith(".log"));
    // A kill in the middle of a rotation leaves the coming one under its first name.
    const active = [`${name}.log`, `${name}.next.log`].filter((file) => logs.includes(file));
    const rotated = logs.filter((file) => !active.includes(file)).sort();
    return [...rotated, ...active]
      .map((file) => latin1(Deno.readFileSync(`${folder}/${file}`)))
      .join("");
  }

  /** Length of the same. */
  logBytes(port: number): number {
    const name = this.channel(port);
    let bytes = 0;
    for (const { name: file } of Deno.readDirSync(this.logFolder)) {
      if (!file.startsWith(`${name}.`) || !file.endsWith(".log")) continue;
      try {
        bytes += Deno.statSync(`${this.logFolder}/${file}`).size;
      } catch (error) {
        // It got another name in between: what it holds is missing from this sum.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return bytes;
  }

  /** The records in a port's logs, without their headers. */
  records(port: number): string[] {
    return this.logText(port).split("\n").slice(0, -1)
      .map((line) => line.replace(/^\[\d{10}\]\[A\d+\]\[[^\]]*\] /, ""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector[Symbol.asyncDispose]();
    for (const terminal of this.terminals) terminal.unplug();
    this.libc[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

/** Bytes as characters of the same number. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
