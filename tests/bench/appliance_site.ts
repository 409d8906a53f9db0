// The box of the appliance report: an executable, pseudo-terminals as ports, a NATS server. It is
// started, fed at full line speed, and looked at from outside.

import { unitText } from "../../src/install/unit.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import type { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { natsProgram } from "../support/nats_program.ts";
import { PortFeed } from "../support/port_feed.ts";
import {
  forgetUse,
  type MemoryFigures,
  memoryInUse,
  memoryOf,
  processorMs,
  threadsOf,
} from "../support/process_figures.ts";
import { Site } from "../support/site.ts";
import { waitFor } from "../support/wait_for.ts";

const baud = 115_200;
const PARMRK = 0x8;
/** For machines that others use, too. */
const startLimitMs = 60_000;
/** 115 bytes each on the line. */
export const recordsPerSecond = 100;
const recordBytes = 113;
/** What a start leaves to be collected is gone by then. */
const idleMs = 12_000;
const lookMs = 500;

/** From the start of the process, in ms. */
export interface StartTimes {
  /** The first port is open, and is set. */
  readonly opened: number;
  /** The same, of the last port. */
  readonly allOpened: number;
  /** It has said that it captures. */
  readonly captures: number;
}

export interface BusyFigures {
  /** At each look. */
  readonly memory: readonly MemoryFigures[];
  /** Processor time a record, in µs. */
  readonly cost: number;
  /** Megabytes of the pages that were used meanwhile. */
  readonly inUse: number;
  readonly threads: number;
}

export class ApplianceSite implements AsyncDisposable {
  readonly #site: Site;
  readonly #stack = new AsyncDisposableStack();

  /** With that executable, in the environment that the unit gives it. */
  static async open(executable: string, ports: number): Promise<ApplianceSite> {
    const environment = [...unitText(executable).matchAll(/^Environment=(.*)$/gm)];
    const command = ["env", ...environment.map(([, value = ""]) => value), executable];
    const site = new Site({ ports, command, baudRate: baud });
    const storeFolder = site.folder.join("nats");
    const server = await NatsServer.start({ program: natsProgram, storeFolder });
    site.useServer(server.url);
    return new ApplianceSite(site, server);
  }

  private constructor(site: Site, server: NatsServer) {
    this.#site = site;
    this.#stack.use(site);
    this.#stack.use(server);
  }

  /** Starts it and looks at its ports until all are open. */
  async start(): Promise<StartTimes> {
    const { collector, terminals } = this.#site;
    const seen = collector.log.length;
    const begunMs = performance.now();
    const passed = (): number => performance.now() - begunMs;
    const times: number[] = [];
    collector.launch();
    await waitFor("ports to be opened", () => {
      const open = terminals.filter(isOpen).length;
      while (times.length < open) times.push(passed());
      return open === terminals.length;
    }, { intervalMs: 1, timeoutMs: startLimitMs });
    const captures = (): boolean =>
      collector.log.slice(seen).some((line) => line.includes("capturing"));
    await waitFor("the collector to capture", captures, { intervalMs: 1, timeoutMs: startLimitMs });
    const [opened = NaN] = times;
    return { opened, allOpened: times.at(-1) ?? NaN, captures: passed() };
  }

  /** Stops it; the ports are as they were before its start. */
  async stop(): Promise<void> {
    await this.#site.collector.stop();
    for (const port of this.#site.terminals.keys()) {
      this.#site.terminals[port]?.unplug();
      this.#site.plug(port);
    }
  }

  /** What it has when nothing has come for a while. */
  async idle(): Promise<MemoryFigures> {
    await pause(idleMs);
    return memoryOf(this.#pid);
  }

  /** Feeds all ports at full line speed. The first part of the time counts for memory only. */
  async busy(seconds: number): Promise<BusyFigures> {
    await using feeding = new AsyncDisposableStack();
    for (const [port, terminal] of this.#site.terminals.entries()) {
      const feed = new PortFeed({ terminal, port, rate: recordsPerSecond, recordBytes });
      feeding.use(feed).start();
    }
    const memory: MemoryFigures[] = [];
    let [fromMs, from] = [performance.now(), processorMs(this.#pid)];
    const looks = seconds * 1000 / lookMs;
    for (let look = 1; look <= looks; look++) {
      await pause(lookMs);
      memory.push(memoryOf(this.#pid));
      if (look === Math.floor(looks / 4)) {
        forgetUse(this.#pid);
        [fromMs, from] = [performance.now(), processorMs(this.#pid)];
      }
    }
    const usedMs = processorMs(this.#pid) - from;
    const records = (performance.now() - fromMs) / 1000 * recordsPerSecond *
      this.#site.terminals.length;
    const threads = threadsOf(this.#pid);
    return { memory, cost: usedMs * 1000 / records, inUse: memoryInUse(this.#pid), threads };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  get #pid(): number {
    const { pid } = this.#site.collector;
    if (pid === undefined) throw new Error("look at the collector: it is not running");
    return pid;
  }
}

/** The collector has every damaged character marked; nobody else does. */
function isOpen(terminal: PseudoTerminal): boolean {
  return (terminal.settings().flags.input & PARMRK) !== 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
