// Watches how full a sink's streams are: asks now and then, tells once when a limit comes near, when
// it is nearly reached and when that is over; and once of a stream that drops records silently.

import type { Clock } from "../platform/clock.ts";
import type { Report } from "../platform/notice.ts";
import { fullnessNotice, silentLimitsNotice } from "./storage_notices.ts";
import {
  silentLimits,
  type StorageLevel,
  type StorageUse,
  storageUse,
  type StreamStorage,
} from "./stream_storage.ts";

const usualMs = 60_000;
/** A stream that fills up is looked at more often. */
const nearMs = 10_000;
const nearShare = 0.7;

export class StorageWatch {
  readonly #sink: string;
  readonly #clock: Clock;
  readonly #report: Report;
  #uses: readonly StorageUse[] = [];
  readonly #silentLimits = new Map<string, string>();
  #answeredMs = -Infinity;
  #asking = false;

  constructor(options: { readonly sink: string; readonly clock: Clock; readonly report: Report }) {
    this.#sink = options.sink;
    this.#clock = options.clock;
    this.#report = options.report;
  }

  /** As the server told it last, one for each stream. */
  get uses(): readonly StorageUse[] {
    return this.#uses;
  }

  /** Asks when it is time to. Call it about once a second. */
  check(ask: () => Promise<readonly StreamStorage[]>): void {
    const isNear = this.#uses.some(({ share }) => share >= nearShare);
    const dueMs = this.#answeredMs + (isNear ? nearMs : usualMs);
    if (!this.#asking && this.#clock.monotonicMs() >= dueMs) this.#ask(ask);
  }

  /** Asks at the next check: what is known is no longer so. */
  forget(): void {
    this.#answeredMs = -Infinity;
  }

  async #ask(ask: () => Promise<readonly StreamStorage[]>): Promise<void> {
    this.#asking = true;
    try {
      this.#take(await ask());
      this.#answeredMs = this.#clock.monotonicMs();
    } catch {
      // Whatever it is, it ends the connection or leaves it silent, and is told as that.
    }
    this.#asking = false;
  }

  #take(storages: readonly StreamStorage[]): void {
    this.#uses = storages.map((storage) => {
      const before = this.#uses.find(({ stream }) => stream === storage.stream)?.level ?? "ok";
      const use = storageUse(storage, before);
      this.#tellSilentLimits(storage);
      this.#tellChange(use, before);
      return use;
    });
  }

  #tellSilentLimits(storage: StreamStorage): void {
    const { stream } = storage;
    const limits = silentLimits(storage).join(", ");
    if (limits === (this.#silentLimits.get(stream) ?? "")) return;
    this.#silentLimits.set(stream, limits);
    const notice = silentLimitsNotice(this.#sink, storage);
    if (notice !== null) this.#report(notice);
  }

  #tellChange(use: StorageUse, before: StorageLevel): void {
    const { level } = use;
    if (level === before || before === "critical" && level === "warning") return;
    this.#report(fullnessNotice(this.#sink, use));
  }
}
