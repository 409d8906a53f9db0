// Tells systemd that the service is alive, as long as it is, and how it gets on, in a line. The
// watchdog is fed only while the ports are being read: a loop that hangs is started anew.

import type { ChannelStatus } from "../channel/channel_status.ts";
import type { SinkStatus } from "../delivery/sink.ts";
import type { Clock } from "../platform/clock.ts";
import type { ServiceManager } from "../platform/service_manager.ts";
import { counted } from "./counted.ts";

/** What the service knows of itself. */
export interface Vitals {
  readonly channels: readonly Pick<ChannelStatus, "records" | "state">[];
  readonly sinks: readonly Pick<SinkStatus, "backlog">[];
  /** When the loop that reads all ports last came round, on the monotonic clock. */
  readonly progressMs: number;
}

const beatMs = 5000;
/** Beats in the time after which systemd gives up. */
const beatsPerWatchdog = 4;

export class ServiceBeat implements AsyncDisposable {
  readonly #options: ServiceBeatOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #records: number;
  #atMs: number;

  constructor(options: ServiceBeatOptions) {
    this.#options = options;
    this.#records = recordsOf(options.vitals());
    this.#atMs = options.clock.monotonicMs();
    this.#done = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { manager, clock } = this.#options;
    const { signal } = this.#stop;
    const everyMs = Math.min(beatMs, (manager.watchdogMs ?? Infinity) / beatsPerWatchdog);
    while (!signal.aborted) {
      this.#beat();
      await clock.delay(everyMs, signal);
    }
  }

  #beat(): void {
    const { manager, clock, vitals } = this.#options;
    const now = vitals();
    const nowMs = clock.monotonicMs();
    const limitMs = (manager.watchdogMs ?? Infinity) / 2;
    if (nowMs - now.progressMs < limitMs) manager.alive();
    manager.status(this.#line(now, nowMs));
  }

  #line(now: Vitals, nowMs: number): string {
    const records = recordsOf(now);
    // A channel that was opened anew counts from the beginning.
    const perSecond = Math.max(0, records - this.#records) /
      Math.max(1, (nowMs - this.#atMs) / 1000);
    this.#records = records;
    this.#atMs = nowMs;
    const { channels, sinks } = now;
    const away = channels.filter(({ state }) => state !== "running").length;
    const backlog = sinks.reduce((most, sink) => Math.max(most, sink.backlog), 0);
    return [
      counted(channels.length, "channel") + (away === 0 ? "" : ` (${away} not running)`),
      `${perSecond.toFixed(perSecond < 10 && perSecond % 1 !== 0 ? 1 : 0)} records/s`,
      `backlog ${backlog}`,
    ].join(", ");
  }
}

export interface ServiceBeatOptions {
  readonly manager: Pick<ServiceManager, "watchdogMs" | "alive" | "status">;
  readonly clock: Clock;
  readonly vitals: () => Vitals;
}

function recordsOf({ channels }: Vitals): number {
  return channels.reduce((sum, { records }) => sum + records, 0);
}
