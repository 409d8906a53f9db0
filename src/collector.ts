// The collector: from a configuration to running channels and sinks, and back. The only place that
// knows all channels.

import { CatchMemories } from "./channel/catch_memories.ts";
import { ChannelSet } from "./channel/channel_set.ts";
import type { ChannelStatus } from "./channel/channel_status.ts";
import { type Config, enabledPorts } from "./config/config.ts";
import { brokenNotice, type BrokenSection } from "./config/fail_open.ts";
import { destinations } from "./delivery/destinations.ts";
import { RecordSinks, type Targets } from "./delivery/record_sinks.ts";
import type { SinkStatus } from "./delivery/sink.ts";
import type { Journal } from "./journal/journal.ts";
import { SpaceKeeper } from "./journal/space/space_keeper.ts";
import { spaceLimits } from "./journal/space/space_limits.ts";
import type { SpaceStatus } from "./journal/space/space_status.ts";
import { TailBudget } from "./journal/tail_budget.ts";
import type { Clock } from "./platform/clock.ts";
import type { Disk } from "./platform/disk.ts";
import { claimFolder } from "./platform/instance_lock.ts";
import type { Libc } from "./platform/libc.ts";
import type { Report } from "./platform/notice.ts";
import { processUse } from "./platform/process_use.ts";
import { Restraint } from "./platform/restraint.ts";
import { HttpListeners } from "./source/http/http_listeners.ts";
import { PollLoop } from "./source/serial/poll_loop.ts";
import { ClockWatch } from "./telemetry/clock_watch.ts";
import { ResourceWatch } from "./telemetry/resource_watch.ts";
import { RunMark } from "./telemetry/run_mark.ts";
import { Telemetry } from "./telemetry/telemetry.ts";

export interface CollectorOptions {
  readonly config: Config;
  /** Without NATS records are kept in the journals only. */
  readonly deliver: boolean;
  /** Sections that are run without, because they do not check. @default {none} */
  readonly broken?: readonly BrokenSection[];
  readonly libc: Libc;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Identity of the machine's present run. */
  readonly boot: string;
  /** Beginning of the names of files on a memory file system, such as `/dev/shm/nectarcollector-`. */
  readonly lastingPrefix: string;
  /** Folder on a memory file system, for records that the disk does not take. */
  readonly tailFolder: string;
  readonly report: Report;
}

export interface CollectorStatus {
  readonly channels: readonly ChannelStatus[];
  readonly sinks: readonly SinkStatus[];
  /** Of the disk that the journals are on. */
  readonly space: SpaceStatus;
}

interface CollectorParts {
  readonly channels: ChannelSet;
  readonly sinks: RecordSinks;
  readonly space: SpaceKeeper;
  readonly telemetry: Telemetry;
  /** What goes when all is told: the locks, and the journals of events. */
  readonly foundation: AsyncDisposableStack;
  readonly resources: AsyncDisposableStack;
}

/** How long a stop waits for records that are on their way to a sink. */
const drainMs = 3000;

export class Collector implements AsyncDisposable {
  readonly #parts: CollectorParts;

  /**
   * Starts all enabled ports. The folders in the configuration are made when they are missing.
   * @throws {FolderInUse} when another collector runs on the same folders
   * @throws {Error} when neither the disk nor memory takes records
   */
  static async start(options: CollectorOptions): Promise<Collector> {
    const { config, libc, disk, clock } = options;
    await using foundation = new AsyncDisposableStack();
    const telemetry = new Telemetry({ ...options, log: options.report });
    const { report } = telemetry;
    const statePath = config.journal.state_path;
    for (const folder of new Set([statePath, config.logging.base_path])) {
      const lock = claimFolder(folder, { disk, libc, report });
      if (lock !== null) foundation.use(lock);
    }
    foundation.use(telemetry);
    await using resources = new AsyncDisposableStack();
    const mark = await RunMark.set({ disk, clock, statePath, report });
    resources.defer(() => mark.clear());
    resources.use(new ClockWatch({ clock, report }));
    const loop = resources.use(new PollLoop({ libc, clock }));
    const listeners = new HttpListeners({ clock, report });
    const broken = options.broken ?? [];
    for (const section of broken) report(brokenNotice(section));
    const targets = targetsOf(config, broken);
    const restraint = new Restraint();
    const watch = resources.use(
      new ResourceWatch({
        budgetBytes: config.resources.memory_mb * 2 ** 20,
        restraint,
        use: () => processUse(libc),
        clock,
        report,
      }),
    );
    const tools = { statePath, restraint, disk, clock, report };
    const sinks = new RecordSinks(options.deliver ? targets : nowhere(targets), tools);
    const settings = config.journal;
    const tailBudget = new TailBudget({ maxBytes: spaceLimits(settings, 0).memoryTailBytes });
    const folder = config.logging.base_path;
    const space = new SpaceKeeper({ folder, settings, tailBudget, disk, clock, report });
    const memories = new CatchMemories(libc, options.lastingPrefix);
    const maxSegment = maxSegmentBytes(config);
    const shared = {
      loop,
      listeners,
      memories,
      tailBudget,
      restraint,
      maxSegmentBytes: maxSegment,
      space,
      report,
    };
    const channels = new ChannelSet({ ...options, ...shared }, sinks);
    resources.defer(() => channels.close());
    await channels.open(enabledPorts(config));
    channels.start();
    space.start(() => channels.journals, () => telemetry.journals);
    resources.use(space);
    sinks.start();
    // Not before the ports are read: nothing of this may hold capture up.
    if (options.deliver) await telemetry.open(space);
    const message = `capturing ${channels.seen.length} of ${config.ports.length} ports`;
    report({ level: "info", kind: "service_start", message });
    if (options.deliver) {
      telemetry.start({
        tools: { ...tools, maxWaitMs: targets.maxWaitMs },
        isDeliverable: !targets.held.includes("nats"),
        facts: () => ({
          channels: channels.seen.map(({ port, status }) => ({
            side: port.side_designation,
            fips: port.fips_code,
            status,
          })),
          sinks: sinks.status,
          conditions: [
            ...broken.map((section) => brokenNotice(section).message),
            ...channels.conditions,
            ...watch.conditions,
          ],
        }),
      });
    }
    const stacks = { foundation: foundation.move(), resources: resources.move() };
    return new Collector({ channels, sinks, space, telemetry, ...stacks });
  }

  private constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  /** Of the channels that are open now. */
  get journals(): readonly Journal[] {
    return this.#parts.channels.journals;
  }

  get status(): CollectorStatus {
    const { channels, sinks, space } = this.#parts;
    return {
      channels: channels.seen.map(({ status }) => status),
      sinks: sinks.status,
      space: space.status,
    };
  }

  /** Takes a notice in from outside, as from all stages. */
  get report(): Report {
    return this.#parts.telemetry.report;
  }

  /** Sinks that wait before their next attempt try again at once. */
  retryDelivery(): void {
    this.#parts.sinks.retry();
    this.#parts.telemetry.retry();
  }

  /**
   * Stops reading, keeps what is unfinished, gives delivery a few seconds, saves the cursors. What
   * is not delivered then is delivered after the next start.
   */
  async stop(): Promise<void> {
    const { channels, sinks, telemetry, foundation, resources } = this.#parts;
    await channels.stop();
    await Promise.all([sinks.drain(drainMs), telemetry.drain()]);
    await Promise.all([sinks.stop(), telemetry.stop()]);
    await resources.disposeAsync();
    this.report({ level: "info", kind: "service_stop", message: "stopped" });
    await foundation.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Files so small that all ports have room for two each under the ceiling: only whole ones can go. */
function maxSegmentBytes({ logging, journal, ports }: Config): number {
  const ceilingMb = (journal.max_total_mb ?? Infinity) / (2 * ports.length);
  return Math.min(logging.max_size_mb, ceilingMb) * 2 ** 20;
}

/** Where records go, and who must have them later. */
function targetsOf(config: Config, broken: readonly BrokenSection[]): Targets {
  const held = broken.filter(({ holdsRecords }) => holdsRecords).map(({ name }) => name);
  return {
    destinations: destinations(config).filter(({ name }) => !held.some((each) => each === name)),
    held,
    maxWaitMs: config.nats.reconnect_wait_sec * 1000,
  };
}

function nowhere(targets: Targets): Targets {
  return { ...targets, destinations: [], held: [] };
}
