// The collector: from a configuration to running channels and sinks, and back. The only place that
// knows all channels.

import { CatchMemories } from "./channel/catch_memories.ts";
import { ChannelSet } from "./channel/channel_set.ts";
import type { ChannelStatus } from "./channel/channel_status.ts";
import { type Config, enabledPorts } from "./config/config.ts";
import {
  type ConfigDifference,
  differenceOf,
  runnable,
  sinkSections,
} from "./config/difference.ts";
import { brokenNotice, type BrokenSection, dispensableSections } from "./config/fail_open.ts";
import { nowhere, RecordSinks, type Targets, targetsOf } from "./delivery/record_sinks.ts";
import type { SinkStatus } from "./delivery/sink.ts";
import type { SinkTools } from "./delivery/sinks.ts";
import type { Journal } from "./journal/journal.ts";
import { SpaceKeeper } from "./journal/space/space_keeper.ts";
import { spaceLimits } from "./journal/space/space_limits.ts";
import type { SpaceStatus } from "./journal/space/space_status.ts";
import { TailBudget } from "./journal/tail_budget.ts";
import { Allocator } from "./platform/allocator.ts";
import type { Clock } from "./platform/clock.ts";
import type { Disk } from "./platform/disk.ts";
import { claimFolder } from "./platform/instance_lock.ts";
import type { Libc } from "./platform/libc.ts";
import type { Report } from "./platform/notice.ts";
import { processUse } from "./platform/process_use.ts";
import { Restraint } from "./platform/restraint.ts";
import { HttpListeners } from "./source/http/http_listeners.ts";
import { PollLoop } from "./source/serial/poll_loop.ts";
import { type DescriptorKeeper, HeldPorts } from "./source/serial/held_ports.ts";
import { ClockWatch } from "./telemetry/clock_watch.ts";
import { Conditions } from "./telemetry/conditions.ts";
import { ResourceWatch } from "./telemetry/resource_watch.ts";
import { RunMark } from "./telemetry/run_mark.ts";
import { type BoxFacts, Telemetry, type TelemetryDelivery } from "./telemetry/telemetry.ts";

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
  /** Who holds ports open while the service is started anew. @default {nobody} */
  readonly keeper?: DescriptorKeeper;
  readonly report: Report;
  /** How many errors escaped whatever should have caught them. @default {none} */
  readonly strayErrors?: () => number;
}

export interface CollectorStatus {
  readonly channels: readonly ChannelStatus[];
  readonly sinks: readonly SinkStatus[];
  /** Of the disk that the journals are on. */
  readonly space: SpaceStatus;
  /** What is wrong as long as nobody mends it, a sentence each. */
  readonly conditions: readonly string[];
  /** When the loop that reads all ports last came round, on the monotonic clock. */
  readonly progressMs: number;
}

interface CollectorParts {
  readonly options: CollectorOptions;
  readonly tools: Omit<SinkTools, "maxWaitMs">;
  readonly conditions: Conditions;
  readonly watch: ResourceWatch;
  readonly loop: PollLoop;
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
  #config: Config;
  /** Sections that are run without. */
  #broken: readonly BrokenSection[];
  #reloading: Promise<unknown> = Promise.resolve();
  #isStopping = false;

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
    const ports = resources.use(new HeldPorts(options));
    const listeners = new HttpListeners({ libc, clock, report });
    const broken = options.broken ?? [];
    const conditions = new Conditions();
    for (const section of broken) {
      report(brokenNotice(section));
      conditions.set(section.name, brokenNotice(section).message);
    }
    const targets = targetsOf(config, broken);
    const restraint = new Restraint();
    const allocator = resources.use(new Allocator());
    const watch = resources.use(
      new ResourceWatch({
        budgetBytes: config.resources.memory_mb * 2 ** 20,
        restraint,
        use: () => processUse(libc),
        giveMemoryBack: () => allocator.giveBack(),
        clock,
        report,
      }),
    );
    const tools = { statePath, restraint, disk, clock, report };
    const sinks = new RecordSinks(options.deliver ? targets : nowhere, tools);
    const settings = config.journal;
    const tailBudget = new TailBudget({ maxBytes: spaceLimits(settings, 0).memoryTailBytes });
    const folder = config.logging.base_path;
    const space = new SpaceKeeper({ folder, settings, tailBudget, disk, clock, report });
    const memories = new CatchMemories(libc, options.lastingPrefix);
    const maxSegment = maxSegmentBytes(config);
    const shared = {
      loop,
      ports,
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
    const stacks = { foundation: foundation.move(), resources: resources.move() };
    const parts = { options, tools, conditions, watch, loop, channels, sinks, space, telemetry };
    const collector = new Collector({ ...parts, ...stacks });
    if (options.deliver) {
      telemetry.start(telemetryDelivery(targets, tools), () => collector.#facts);
    }
    return collector;
  }

  private constructor(parts: CollectorParts) {
    this.#parts = parts;
    this.#config = parts.options.config;
    this.#broken = parts.options.broken ?? [];
  }

  /** Of the channels that are open now. */
  get journals(): readonly Journal[] {
    return this.#parts.channels.journals;
  }

  get status(): CollectorStatus {
    const { channels, sinks, space, loop } = this.#parts;
    return {
      channels: channels.seen.map(({ status }) => status),
      sinks: sinks.status,
      space: space.status,
      conditions: this.#facts.conditions,
      progressMs: loop.progressMs,
    };
  }

  /** Takes in what is wrong as long as nobody mends it; `null` when `name` is well. */
  setCondition(name: string, sentence: string | null): void {
    this.#parts.conditions.set(name, sentence);
  }

  get #facts(): BoxFacts {
    const { channels, sinks, conditions, watch, options } = this.#parts;
    return {
      channels: channels.seen.map(({ port, status }) => ({
        side: port.side_designation,
        fips: port.fips_code,
        status,
      })),
      sinks: sinks.status,
      conditions: [...conditions.sentences, ...channels.conditions, ...watch.conditions],
      strayErrors: options.strayErrors?.() ?? 0,
    };
  }

  /**
   * Goes over to another configuration, one after the other: only the channels and sinks are touched
   * whose keys differ. What takes effect at the next start only stays as it is.
   */
  reload(config: Config): Promise<ConfigDifference> {
    const done = this.#reloading.then(() => this.#reload(config));
    this.#reloading = done.catch(() => {});
    return done;
  }

  async #reload(config: Config): Promise<ConfigDifference> {
    if (this.#isStopping) throw new Error("reload the configuration: the service is stopping");
    const { channels, sinks, telemetry, options, tools, conditions } = this.#parts;
    const difference = differenceOf(this.#config, config);
    const mended = this.#broken.filter(({ holdsRecords }) => holdsRecords).map(({ name }) => name);
    this.#config = runnable(this.#config, config);
    this.#broken = [];
    const { added, removed, changed, readdressed } = difference.ports;
    channels.reconfigure(this.#config);
    await Promise.all([...removed, ...changed].map((port) => channels.remove(port)));
    for (const port of [...changed, ...added]) await channels.add(port);
    const changedSinks = new Set<string>([...difference.sinks, ...mended]);
    const targets = targetsOf(this.#config, []);
    if (options.deliver && changedSinks.size > 0) {
      await sinks.change(targets, { changed: changedSinks, drainMs });
    }
    await Promise.all(readdressed.map((port) => channels.readdress(port)));
    if (options.deliver && (changedSinks.has("nats") || difference.isRenamed)) {
      await telemetry.redirect(this.#config, telemetryDelivery(targets, tools));
    }
    for (const name of dispensableSections) conditions.set(name, null);
    return { ...difference, sinks: sinkSections.filter((name) => changedSinks.has(name)) };
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
    this.#isStopping = true;
    await this.#reloading;
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

function telemetryDelivery(
  { held, maxWaitMs }: Targets,
  tools: Omit<SinkTools, "maxWaitMs">,
): TelemetryDelivery {
  return { tools: { ...tools, maxWaitMs }, isDeliverable: !held.includes("nats") };
}
