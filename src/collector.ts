// The collector: from a configuration to running channels and sinks, and back. The only place that
// knows all channels.

import type { Channel } from "./channel/channel.ts";
import type { ChannelStatus } from "./channel/channel_status.ts";
import {
  type ChannelContext,
  type OpenedChannel,
  openSerialChannel,
} from "./channel/serial_channel.ts";
import { type Config, type EnabledPort, enabledPorts } from "./config/config.ts";
import type { BrokenSection } from "./config/fail_open.ts";
import { type Destination, destinations } from "./delivery/destinations.ts";
import type { Feed } from "./delivery/session.ts";
import type { SinkStatus } from "./delivery/sink.ts";
import { type Delivery, holdFor, Sinks } from "./delivery/sinks.ts";
import type { Clock } from "./platform/clock.ts";
import type { Disk } from "./platform/disk.ts";
import { SpaceKeeper } from "./journal/space/space_keeper.ts";
import { spaceLimits } from "./journal/space/space_limits.ts";
import type { SpaceStatus } from "./journal/space/space_status.ts";
import { TailBudget } from "./journal/tail_budget.ts";
import { FolderInUse, InstanceLock } from "./platform/instance_lock.ts";
import type { Libc } from "./platform/libc.ts";
import { errorText, type Notice, type Report } from "./platform/notice.ts";
import { PollLoop } from "./source/serial/poll_loop.ts";
import { RunMark } from "./telemetry/run_mark.ts";

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

/** A running channel, and where its records go. */
interface Running extends OpenedChannel {
  readonly port: EnabledPort;
}

export class Collector implements AsyncDisposable {
  readonly channels: readonly Channel[];
  readonly #sinks: Sinks;
  readonly #space: SpaceKeeper;
  readonly #report: Report;
  readonly #resources: AsyncDisposableStack;

  /**
   * Starts all enabled ports. The folders in the configuration are made when they are missing.
   * @throws {FolderInUse} when another collector runs on the same folders
   * @throws {Error} when neither the disk nor memory takes records
   */
  static async start(options: CollectorOptions): Promise<Collector> {
    const { config, libc, disk, clock, boot, report } = options;
    await using resources = new AsyncDisposableStack();
    const statePath = config.journal.state_path;
    for (const folder of new Set([statePath, config.logging.base_path])) {
      const lock = claimFolder(folder, options);
      if (lock !== null) resources.use(lock);
    }
    const mark = await RunMark.set({ disk, clock, statePath, report });
    resources.defer(() => mark.clear());
    const loop = resources.use(new PollLoop({ libc, clock }));
    const broken = options.broken ?? [];
    const held = broken.filter(({ holdsRecords }) => holdsRecords).map(({ name }) => name);
    for (const section of broken) report(brokenNotice(section));
    const targets = !options.deliver
      ? []
      : destinations(config).filter(({ name }) => !held.some((each) => each === name));
    const sinkNames = [...targets.map(({ name }) => name), ...held];
    const { lastingPrefix, tailFolder } = options;
    const settings = config.journal;
    const tailBudget = new TailBudget({ maxBytes: spaceLimits(settings, 0).memoryTailBytes });
    const folder = config.logging.base_path;
    const space = new SpaceKeeper({ folder, settings, tailBudget, disk, clock, report });
    const context = {
      config,
      sinkNames,
      libc,
      loop,
      disk,
      clock,
      boot,
      lastingPrefix,
      tailFolder,
      tailBudget,
      maxSegmentBytes: maxSegmentBytes(config),
      space,
      report,
    };
    const running: Running[] = [];
    for (const port of enabledPorts(config)) {
      const opened = await openChannel(port, context);
      if (opened === null) continue;
      resources.use(opened.channel.journal);
      resources.use(opened.rawCapture);
      running.push({ port, ...opened });
    }
    const channels = running.map(({ channel }) => channel);
    const maxWaitMs = config.nats.reconnect_wait_sec * 1000;
    const tools = { statePath, maxWaitMs, disk, clock, report };
    const sinks = new Sinks(targets.map((destination) => deliveryTo(destination, running)), tools);
    for (const name of held) holdFor(name, channels.map(({ journal }) => journal), tools);
    for (const { channel, caught, memory } of running) {
      channel.start(caught);
      // What the disk refused to the end is appended at the next start.
      resources.defer(() => {
        if (!channel.holding) memory.remove();
      });
    }
    space.start(channels.map(({ journal }) => journal));
    resources.use(space);
    sinks.start();
    const message = `capturing ${channels.length} of ${config.ports.length} ports`;
    report({ level: "info", kind: "service_start", message });
    return new Collector({ channels, sinks, space, report, resources: resources.move() });
  }

  private constructor(parts: {
    readonly channels: readonly Channel[];
    readonly sinks: Sinks;
    readonly space: SpaceKeeper;
    readonly report: Report;
    readonly resources: AsyncDisposableStack;
  }) {
    this.channels = parts.channels;
    this.#sinks = parts.sinks;
    this.#space = parts.space;
    this.#report = parts.report;
    this.#resources = parts.resources;
  }

  get status(): CollectorStatus {
    return {
      channels: this.channels.map((channel) => channel.status),
      sinks: this.#sinks.status,
      space: this.#space.status,
    };
  }

  /**
   * Stops reading, keeps what is unfinished, gives delivery a few seconds, saves the cursors. What
   * is not delivered then is delivered after the next start.
   */
  async stop(): Promise<void> {
    await Promise.all(this.channels.map((channel) => channel.stop()));
    await this.#sinks.drain();
    await this.#sinks.stop();
    await this.#resources.disposeAsync();
    this.#report({ level: "info", kind: "service_stop", message: "stopped" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Makes and locks a folder. One that the disk refuses keeps nobody from capturing. */
function claimFolder(
  folder: string,
  { disk, libc, report }: CollectorOptions,
): InstanceLock | null {
  try {
    disk.makeFolder(folder);
    return new InstanceLock(libc, folder);
  } catch (error) {
    if (error instanceof FolderInUse) throw error;
    report({
      level: "error",
      kind: "folder_refused",
      message: `use ${folder}: ${errorText(error)}`,
      hint: `make the folder, and let uid ${Deno.uid()} read and write it`,
    });
    return null;
  }
}

/** Files so small that all ports have room for two each under the ceiling: only whole ones can go. */
function maxSegmentBytes({ logging, journal, ports }: Config): number {
  const ceilingMb = (journal.max_total_mb ?? Infinity) / (2 * ports.length);
  return Math.min(logging.max_size_mb, ceilingMb) * 2 ** 20;
}

async function openChannel(
  port: EnabledPort,
  context: ChannelContext,
): Promise<OpenedChannel | null> {
  if (port.type === "serial") return await openSerialChannel(port, context);
  context.report({
    level: "error",
    kind: "port_not_supported",
    message: `${port.fips_code}-${port.side_designation}: ports of type "${port.type}" are not ` +
      "captured by this version",
    hint: "disable the port, or install a later version",
  });
  return null;
}

function deliveryTo(destination: Destination, running: readonly Running[]): Delivery {
  const feeds = running.map(({ port, channel }): Feed => ({
    journal: channel.journal,
    subject: destination.subject(port),
  }));
  return { destination, feeds };
}

/** What a section does not check for, and that capture goes on without it. */
function brokenNotice({ name, problems }: BrokenSection): Notice {
  const texts = problems.map(({ file, line, column, message }) =>
    `${file}:${line}:${column}: ${message}`
  );
  return {
    level: "error",
    kind: "section_broken",
    message: `running without ${name}: ${texts.join("; ")}`,
    hint: "nectarcollector check shows the place; mend it and restart the service. Records are " +
      "captured, and what the section would have been given is kept for it",
    details: { section: name, problems: problems.length },
  };
}
