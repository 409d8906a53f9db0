// The box of a 911 centre as a virtual machine: its disk lasts, its plug can be pulled, its NATS server
// and its files can be looked at from here.

import { applianceImage, natsPort } from "./appliance_image.ts";
import { HostServer } from "./host_server.ts";
import { makeExecutables } from "./executables.ts";
import { watchChannel } from "./journal_watch.ts";
import { freePort } from "../support/free_port.ts";
import type { CommandOutcome, GuestShell } from "../support/guest_shell.ts";
import { readStream } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { type SerialPortOfMachine, VirtualMachine } from "../support/virtual_machine.ts";
import { waitForValue } from "../support/wait_for.ts";

export const fips = "1429010002";
export const configFile = "/etc/nectarcollector/config.json";
export const unit = "nectarcollector";

/** Emulated, on a machine that may have other work. */
export const patienceMs = 900_000;

export type Side = "A1" | "A2";

/** What systemd says of the service. */
export interface ServiceState {
  readonly active: string;
  readonly pid: number;
  /** How often systemd had to start it again since it was told to. */
  readonly restarts: number;
  /** How many descriptors systemd holds for it. */
  readonly kept: number;
  readonly status: string;
  readonly result: string;
}

export class Appliance implements AsyncDisposable {
  readonly #folder = new TemporaryFolder("appliance");
  readonly #natsPort = freePort();
  readonly #report: (message: string) => void;
  #server: HostServer | null = null;
  #machine: VirtualMachine | null = null;

  constructor(report: (message: string) => void) {
    this.#report = report;
    globalThis.addEventListener("unload", () => this.#machine?.kill());
  }

  /** Makes the executables and a release, and starts a box on which nothing of ours is. */
  async start(): Promise<void> {
    const executables = this.#folder.join("executables");
    Deno.mkdirSync(executables);
    await makeExecutables(executables, this.#report);
    this.#report("making a release");
    this.#server = await HostServer.open(this.#folder, `${executables}/current`);
    await this.boot();
  }

  async boot(): Promise<void> {
    this.#machine = await VirtualMachine.start({
      files: this.#folder.join("executables"),
      channels: [watchChannel],
      additions: applianceImage,
      disk: this.#folder.join("disk.ext4"),
      forwards: [[this.#natsPort, natsPort]],
      report: this.#report,
    });
  }

  get machine(): VirtualMachine {
    if (this.#machine === null) throw new Error("the box is off");
    return this.#machine;
  }

  get shell(): GuestShell {
    return this.machine.shell;
  }

  get ports(): readonly [SerialPortOfMachine, SerialPortOfMachine, SerialPortOfMachine] {
    return this.machine.ports;
  }

  /** Where the box finds the release. */
  get releaseUrl(): string {
    return this.server.url;
  }

  get server(): HostServer {
    if (this.#server === null) throw new Error("the box was not started");
    return this.#server;
  }

  /** The box is without power, at once; its disk keeps what it was given. */
  async pullPlug(): Promise<void> {
    const { machine } = this;
    this.#machine = null;
    machine.kill();
    await machine.ended;
  }

  async reboot(): Promise<void> {
    await this.shell.run("systemctl --no-block reboot");
    await this.shell.ready({ timeoutMs: patienceMs });
  }

  /** What a command printed. */
  async run(command: string): Promise<string> {
    return await this.shell.run(command, { timeoutMs: patienceMs });
  }

  /** Runs a command that may fail. */
  async attempt(command: string): Promise<CommandOutcome> {
    return await this.shell.attempt(command, { timeoutMs: patienceMs });
  }

  /** The bytes of files, one after the other. */
  async read(files: string): Promise<Uint8Array> {
    await this.run(`cat ${files} > /run/fetched && curl -fsS -T /run/fetched ${this.releaseUrl}`);
    return this.server.take();
  }

  /** The records in a port's journal, without their headers. */
  async records(side: Side): Promise<string[]> {
    return recordsIn(await this.read(`/var/log/nectarcollector/${fips}-${side}*.log`), side);
  }

  /** The records of a port that are in the box's JetStream, without their headers. */
  async stored(side: Side): Promise<string[]> {
    const stored = await readStream(`nats://127.0.0.1:${this.#natsPort}`, "cdr");
    const decoder = new TextDecoder();
    return stored.flatMap(({ payload }) => recordsIn(payload, side, decoder));
  }

  async service(): Promise<ServiceState> {
    const text = await this.run(`systemctl show ${unit}`);
    const valueOf = (name: string): string =>
      text.split("\n").find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
    return {
      active: valueOf("ActiveState"),
      pid: Number(valueOf("MainPID")),
      restarts: Number(valueOf("NRestarts")),
      kept: Number(valueOf("NFileDescriptorStore")),
      status: valueOf("StatusText"),
      result: valueOf("Result"),
    };
  }

  /** Waits until what systemd says of the service is so. */
  async serviceIs(
    what: string,
    accept: (state: ServiceState) => boolean,
  ): Promise<ServiceState> {
    return await waitForValue(what, () => this.service(), accept, {
      timeoutMs: patienceMs,
      intervalMs: 500,
    });
  }

  /** Waits until the service's log has a notice of that kind; resolves to the newest. */
  async logSays(kind: string): Promise<string> {
    const log = "/var/log/nectarcollector/nectarcollector.log";
    return await waitForValue(
      `${kind} in ${log}`,
      () => this.run(`grep -F '"${kind}"' ${log} | tail -n 1`),
      (line) => line !== "",
      { timeoutMs: patienceMs, intervalMs: 1000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#machine !== null) await this.pullPlug();
    await this.#server?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Whether records come in, by the status line. */
export function isReading({ status }: ServiceState): boolean {
  return /, [\d.]*[1-9][\d.]* records/.test(status);
}

function recordsIn(bytes: Uint8Array, side: Side, decoder = new TextDecoder()): string[] {
  const header = `[${fips}][${side}]`;
  return decoder.decode(bytes).split("\n").filter((line) => line.startsWith(header))
    .map((line) => line.slice(line.indexOf("] ") + 2));
}
