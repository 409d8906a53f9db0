// What the box tells a hub of itself: events, which are notices as they come, and a heartbeat a
// minute. Both go to journals of their own first, so that a hub learns later what happened while
// nobody could be told. What goes wrong with this itself stands in the operational log only: an event
// about events would make the next one.

import type { Config } from "../config/config.ts";
import { telemetryDestinations } from "../delivery/destinations.ts";
import { holdFor, Sinks, type SinkTools } from "../delivery/sinks.ts";
import type { SpaceGate } from "../journal/journal_options.ts";
import type { Journal } from "../journal/journal.ts";
import type { SpaceStatus } from "../journal/space/space_status.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { errorText, type Notice, type Report } from "../platform/notice.ts";
import { eventOf, isEvent } from "./event.ts";
import { EventLimit } from "./event_limit.ts";
import { type BeatFacts, heartbeatOf } from "./heartbeat.ts";
import { JsonJournal } from "./json_journal.ts";

export interface TelemetryOptions {
  readonly config: Config;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly boot: string;
  readonly tailFolder: string;
  /** The operational log, which takes every notice. */
  readonly log: Report;
}

/** How what is told gets to a hub. */
export interface TelemetryDelivery {
  readonly tools: SinkTools;
  /** Else it is only held, for the section `nats` does not check. */
  readonly isDeliverable: boolean;
}

/** What a heartbeat tells beside what telemetry knows itself. */
export type BoxFacts = Omit<BeatFacts, "instance" | "fips" | "uptimeMs">;

/** Room on the disk, as the keeper of it knows it. */
export type Space = SpaceGate & { readonly status: Pick<SpaceStatus, "belowFloor"> };

const heartbeatMs = 60_000;
const tickMs = 5000;
const bytesPerMb = 1024 * 1024;
const maxBytes = { events: 16 * bytesPerMb, health: 8 * bytesPerMb };
/** Of what all journals may take together. */
const largestShare = 1 / 16;
/** How long a stop waits for the disk, and then for the hub. */
const drainMs = 1000;
/** Notices that wait for their journal to be opened. */
const maxWaiting = 1000;

export class Telemetry implements AsyncDisposable {
  /** To be given to all stages. */
  readonly report: Report;
  readonly #options: TelemetryOptions;
  #config: Config;
  readonly #limit = new EventLimit();
  readonly #stop = new AbortController();
  readonly #startMs: number;
  #events: JsonJournal | null = null;
  #health: JsonJournal | null = null;
  /** What came before the journal was opened; `null` from then on. */
  #waiting: { readonly notice: Notice; readonly timeMs: number }[] | null = [];
  /** Events that disk and memory refused. */
  #refused = 0;
  #sinks: Sinks | null = null;
  #beating: Promise<void> = Promise.resolve();

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#startMs = options.clock.monotonicMs();
    this.report = (notice) => {
      options.log(notice);
      this.#take(notice);
    };
  }

  /** The journals, once they are open. */
  get journals(): Journal[] {
    return [this.#events, this.#health].flatMap((each) => each === null ? [] : [each.journal]);
  }

  /** Opens the journals. Where that is refused, the operational log is all there is. */
  async open(space: Space): Promise<void> {
    this.#events = await this.#journal("events", space);
    this.#health = await this.#journal("health", space);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const { notice, timeMs } of waiting) this.#append(notice, timeMs);
  }

  /** Begins to deliver, where a section `nats` says where to, and beats. */
  start(delivery: TelemetryDelivery, facts: () => BoxFacts): void {
    this.#deliver(delivery);
    this.#beating = this.#beat(facts);
  }

  /** From now on the box is called, and tells what it has to tell, as `config` says. */
  async redirect(config: Config, delivery: TelemetryDelivery): Promise<void> {
    this.#config = config;
    await this.#sinks?.stop();
    this.#sinks = null;
    this.#deliver(delivery);
  }

  #deliver(options: TelemetryDelivery): void {
    const tools = { ...options.tools, report: this.#ownReport };
    const deliveries = telemetryDestinations(this.#config).flatMap((destination) => {
      const journal = this.journals.find(({ name }) => name === destination.name);
      if (journal === undefined) return [];
      const { name, subject } = destination;
      if (!options.isDeliverable) holdFor(name, [journal], tools);
      return [{ destination, feeds: [{ journal, subject: subject() }] }];
    });
    if (!options.isDeliverable) return;
    this.#sinks = new Sinks(this.#options.clock);
    for (const delivery of deliveries) this.#sinks.add(delivery, tools);
    this.#sinks.start();
  }

  /** Tries again at once to deliver, where that waits for its next attempt. */
  retry(): void {
    this.#sinks?.retry();
  }

  /** Gives what was told last a moment to arrive, so that a hub knows of a stop at once. */
  async drain(): Promise<void> {
    if (this.#sinks === null) return;
    const over = new AbortController();
    const late = this.#options.clock.delay(drainMs, over.signal);
    const synced = this.journals.map((journal) => journal.sync().catch(() => {}));
    await Promise.race([Promise.all(synced), late]);
    over.abort();
    await this.#sinks.drain(drainMs);
  }

  /** Stops the heartbeat and delivery; events are journaled until it is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#beating;
    await this.#sinks?.stop();
    this.#sinks = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const notice of this.#limit.due(Infinity)) {
      this.#append(notice, this.#options.clock.wallMs());
    }
    const journals = [this.#events, this.#health];
    this.#events = null;
    this.#health = null;
    for (const journal of journals) await journal?.[Symbol.asyncDispose]();
  }

  #take(notice: Notice): void {
    const { clock } = this.#options;
    if (!isEvent(notice) || !this.#limit.take(notice, clock.monotonicMs())) return;
    if (this.#waiting === null) this.#append(notice, clock.wallMs());
    else if (this.#waiting.length < maxWaiting) {
      this.#waiting.push({ notice, timeMs: clock.wallMs() });
    }
  }

  #append(notice: Notice, timeMs: number): void {
    if (this.#events === null) return;
    const { instance_id: instance } = this.#config.app;
    if (this.#refused > 0) {
      const message = `${this.#refused} events were lost: disk and memory refused them`;
      const lost: Notice = { level: "error", kind: "events_lost", message };
      const details = { events: this.#refused };
      if (!this.#events.append(eventOf({ ...lost, details }, instance), timeMs)) {
        this.#refused += 1;
        return;
      }
      this.#options.log({ ...lost, details });
      this.#refused = 0;
    }
    if (!this.#events.append(eventOf(notice, instance), timeMs)) this.#refused += 1;
  }

  async #beat(facts: () => BoxFacts): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (let nextMs = clock.monotonicMs(); !signal.aborted;) {
      const nowMs = clock.monotonicMs();
      for (const notice of this.#limit.due(nowMs)) this.#append(notice, clock.wallMs());
      if (nowMs >= nextMs) {
        this.#noteBeat(facts);
        nextMs = Math.max(nextMs + heartbeatMs, nowMs);
      }
      await clock.delay(tickMs, signal);
    }
  }

  /** One that goes wrong stops neither those that follow nor the service. */
  #noteBeat(facts: () => BoxFacts): void {
    const { clock, log } = this.#options;
    const { app } = this.#config;
    const uptimeMs = clock.monotonicMs() - this.#startMs;
    const box = { instance: app.instance_id, fips: app.fips_code, uptimeMs };
    try {
      this.#health?.append(heartbeatOf({ ...facts(), ...box }), clock.wallMs());
    } catch (error) {
      const message = `write a heartbeat: ${errorText(error)}`;
      log({ level: "error", kind: "heartbeat_failed", message });
    }
  }

  async #journal(name: keyof typeof maxBytes, space: Space): Promise<JsonJournal | null> {
    const { config: { logging, journal }, log, ...options } = this.#options;
    const totalBytes = (journal.max_total_mb ?? Infinity) * bytesPerMb;
    try {
      return await JsonJournal.open({
        ...options,
        name,
        folder: logging.base_path,
        statePath: journal.state_path,
        // Closed a little sooner than for records: what is left is theirs.
        space: {
          get floorBytes() {
            return space.floorBytes;
          },
          get isClosed() {
            return space.isClosed || space.status.belowFloor;
          },
        },
        maxBytes: Math.min(maxBytes[name], totalBytes * largestShare),
        report: this.#ownReport,
      });
    } catch (error) {
      log({
        level: "warning",
        kind: "telemetry_refused",
        message: `open the journal of ${name}: ${errorText(error)}; a hub will not get them`,
      });
      return null;
    }
  }

  /** Nothing that goes wrong here is as bad as what it tells of. */
  readonly #ownReport: Report = (notice) => {
    const { kind } = notice;
    // The sink of the records goes to the same server as the same user, and says so, too.
    const isUsual = kind === "sink_connected" || kind === "sink_disconnected" ||
      kind.startsWith("credentials_");
    const level = isUsual ? "debug" : notice.level === "error" ? "warning" : notice.level;
    this.#options.log({ ...notice, level });
  };
}
