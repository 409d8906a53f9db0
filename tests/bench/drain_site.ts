// The box of the drain report: sixteen ports' journals with a backlog, and lines that go on talking
// at full speed.

import { setInterval } from "node:timers";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { channelName } from "../../src/record.ts";
import { journalOf, plentyOfRoom } from "../support/journal_box.ts";

const fips = "1429010002";
const ports = 16;

/** At 115,200 baud. */
const bytesPerSecond = 11_520;

/** How often the lines are read. */
const readMs = 15;

const line = new TextEncoder().encode(
  `${"N 044 01 DN4521 T001004 5555550142 ".padEnd(108, "x")}\r\n`,
);

export const sinkName = "nats";
export const subject = `ks.cdr.${fips}`;
export const sides: readonly string[] = Array.from({ length: ports }, (_, i) => `A${i + 1}`);
export const channels: readonly string[] = sides.map((side) => channelName({ fips, side }));

export function openJournals(folder: string): Promise<Journal[]> {
  return Promise.all(sides.map((side) =>
    Journal.open({
      ...journalOf({ fips, side }),
      folder,
      ...plentyOfRoom(`${folder}/tail`),
      statePath: statePath(folder, channelName({ fips, side })),
      boot: "one",
      maxSegmentBytes: 50 * 1024 * 1024,
      maxBackups: 10,
      compress: false,
      holders: [sinkName],
      sync: 250,
      disk: systemDisk,
      clock: systemClock,
      report: ({ level, message }) => {
        if (level === "error") console.error(message);
      },
    })
  ));
}

export function statePath(folder: string, channel: string): string {
  return `${folder}/${channel}.json`;
}

/** Writes so many records, as many on each port. */
export async function writeBacklog(folder: string, records: number): Promise<void> {
  const journals = await openJournals(folder);
  for (const journal of journals) {
    const framer = new LineFramer({ position: journal.position });
    while (journal.lastSequence < records / ports) {
      const count = Math.min(1000, Math.ceil(records / ports) - journal.lastSequence);
      for (let i = 0; i < count; i++) journal.append(framer.push(line), Date.now());
      await journal.sync();
    }
    await journal.close();
  }
}

/** Lines that talk without a pause, each in a journal, from `start` on. */
export class LineSpeedFeed implements Disposable {
  readonly #lines: { readonly journal: Journal; readonly framer: LineFramer; sent: number }[];
  readonly #startMs = performance.now();
  readonly #gaps: number[] = [];
  #lastMs = this.#startMs;
  readonly #timer = setInterval(() => this.#read(), readMs);

  constructor(journals: readonly Journal[]) {
    this.#lines = journals.map((journal) => ({
      journal,
      framer: new LineFramer({ position: journal.position }),
      sent: 0,
    }));
  }

  /** Bytes that the lines have sent and journals have taken. */
  get bytes(): number {
    return this.#lines.reduce((sum, { sent }) => sum + sent, 0);
  }

  /** Times between two reads since the last call, in ms, the shortest first. */
  takeGaps(): number[] {
    return this.#gaps.splice(0).sort((a, b) => a - b);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #read(): void {
    const nowMs = performance.now();
    this.#gaps.push(nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    const due = Math.floor((nowMs - this.#startMs) * bytesPerSecond / 1000);
    for (const each of this.#lines) {
      const bytes = Uint8Array.from(
        { length: due - each.sent },
        (_, i) => line[(each.sent + i) % line.length] ?? 0,
      );
      each.journal.append(each.framer.push(bytes), Date.now());
      each.sent = due;
    }
  }
}

/** What lines must have made of so many bytes: records, the open one not counted. */
export function recordsIn(bytes: number): number {
  return Math.floor((bytes + 1) / line.length);
}
