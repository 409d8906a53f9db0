// A whole collector whose time a test holds in its hand: one port, its journal, events and heartbeats.

import assert from "node:assert/strict";
import { Collector } from "../src/collector.ts";
import { systemDisk } from "../src/platform/disk.ts";
import { Libc } from "../src/platform/libc.ts";
import type { Notice } from "../src/platform/notice.ts";
import { PseudoTerminal } from "../src/simulate/pseudo_terminal.ts";
import { configOf, sample, serialPort } from "./config/sample.ts";
import { HandClock } from "./support/hand_clock.ts";
import { TemporaryFolder } from "./support/temporary_folder.ts";
import { waitForValue } from "./support/wait_for.ts";

const hourMs = 3_600_000;
const dayMs = Date.UTC(2025, 11, 3, 15, 4);

class Bench implements AsyncDisposable {
  readonly folder = new TemporaryFolder("collector");
  readonly clock = new HandClock();
  readonly notices: Notice[] = [];
  readonly #libc = new Libc();
  readonly #terminal = new PseudoTerminal({ libc: this.#libc });
  #collector: Collector | null = null;

  async start(sections: Record<string, unknown> = {}): Promise<Collector> {
    const { folder } = this;
    const port = { device: this.#terminal.path, baud_rate: 9600 };
    this.#collector = await Collector.start({
      config: configOf(sample({
        ports: [serialPort(port)],
        nats: { url: "nats://127.0.0.1:1" },
        logging: { base_path: folder.join("log") },
        journal: { state_path: folder.join("state"), sync: 10 },
        ...sections,
      })),
      deliver: true,
      libc: this.#libc,
      disk: systemDisk,
      clock: this.clock,
      boot: "one",
      lastingPrefix: folder.join("caught-"),
      tailFolder: folder.join("tail"),
      report: (notice) => this.notices.push(notice),
    });
    return this.#collector;
  }

  /** Sends a record and lets time pass until it is in the log, which is returned. */
  async record(text: string): Promise<string[]> {
    await this.#terminal.write(new TextEncoder().encode(`${text}\r\n`));
    return await waitForValue("the record", async () => {
      await this.clock.advance(20);
      return this.lines("1429010002-A1.log");
    }, (lines) => lines.at(-1)?.endsWith(text) ?? false);
  }

  lines(file: string): string[] {
    const text = Deno.readTextFileSync(this.folder.join("log", file));
    return text.split("\n").slice(0, -1);
  }

  /** Lets so many seconds pass, one after the other, as files are written in between. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.#collector?.stop().then(() => true);
    if (stopped !== undefined) {
      await waitForValue("the stop", async () => {
        await this.clock.advance(100);
        return await Promise.race([stopped, Promise.resolve(false)]);
      }, (isOver) => isOver);
    }
    this.#terminal.unplug();
    this.#libc[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("Collector: through steps of the clock records keep the time as read and their order, and heartbeats their pace", async () => {
  await using bench = new Bench();
  await bench.start();
  await bench.record("of 1970");
  await bench.pass(90);
  bench.clock.step(dayMs - bench.clock.wallMs());
  await bench.record("of the day");
  await bench.pass(60);
  bench.clock.step(-hourMs);
  const lines = await bench.record("an hour before");
  await bench.pass(60);
  assert.deepEqual(lines.map((line) => line.slice("[1429010002][A1][".length).slice(0, 13)), [
    "1970-01-01 00",
    "2025-12-03 15",
    "2025-12-03 14",
  ]);
  const steps = bench.lines("events.log").map((line) => JSON.parse(line))
    .filter(({ type }) => type === "clock_step");
  assert.deepEqual(steps.map(({ details: { direction } }) => direction), ["forward", "back"]);
  const uptimes = bench.lines("health.log").map((line) => JSON.parse(line).uptime_sec);
  assert.deepEqual(uptimes.slice(0, 4), [0, 60, 120, 180]);
  assert.ok(uptimes.length < 6, `${uptimes}`);
});

Deno.test("Collector: too much memory is a condition in status and heartbeat", async () => {
  await using bench = new Bench();
  const collector = await bench.start({ resources: { memory_mb: 64 } });
  await bench.pass(65);
  assert.match(collector.status.conditions.join(), /takes \d+ MB of memory, more than its 64 MB/);
  const beats = bench.lines("health.log").map((line) => JSON.parse(line));
  assert.deepEqual(beats.map(({ conditions }) => conditions.length), [0, 1]);
});
