import assert from "node:assert/strict";
import { ServiceBeat, type Vitals } from "../../src/cli/service_beat.ts";
import { HandClock } from "../support/hand_clock.ts";

/** A service whose vitals a test sets, and what systemd is told of it. */
class Bench {
  readonly clock = new HandClock();
  readonly told: string[] = [];
  vitals: Vitals = { channels: [{ records: 0, state: "running" }], sinks: [], progressMs: 0 };

  beat(watchdogMs: number | null): ServiceBeat {
    const { clock, told } = this;
    return new ServiceBeat({
      clock,
      vitals: () => this.vitals,
      manager: {
        watchdogMs,
        alive: () => void told.push(`${clock.monotonicMs()} alive`),
        status: (line) => void told.push(`${clock.monotonicMs()} ${line}`),
      },
    });
  }

  alive(): number[] {
    return this.told.filter((line) => line.endsWith("alive")).map(parseFloat);
  }
}

Deno.test("the status line says how many channels are read, how busy they are, and what waits", async () => {
  const bench = new Bench();
  await using _beat = bench.beat(null);
  bench.vitals = {
    channels: [
      { records: 10, state: "running" },
      { records: 5, state: "running" },
      { records: 1, state: "no_signal" },
    ],
    sinks: [{ backlog: 3 }, { backlog: 4000 }],
    progressMs: 5000,
  };
  await bench.clock.advance(5000);
  assert.equal(
    bench.told.at(-1),
    "5000 3 channels (1 not running), 3.2 records/s, backlog 4000",
  );
  bench.vitals = {
    channels: [{ records: 100_016, state: "running" }],
    sinks: [{ backlog: 0 }],
    progressMs: 10_000,
  };
  await bench.clock.advance(5000);
  assert.equal(bench.told.at(-1), "10000 1 channel, 20000 records/s, backlog 0");
});

Deno.test("a channel that a reload opens anew makes no negative rate", async () => {
  const bench = new Bench();
  await using _beat = bench.beat(null);
  bench.vitals = { ...bench.vitals, channels: [{ records: 2000, state: "running" }] };
  await bench.clock.advance(5000);
  bench.vitals = { ...bench.vitals, channels: [{ records: 0, state: "running" }] };
  await bench.clock.advance(5000);
  assert.equal(bench.told.at(-1), "10000 1 channel, 0 records/s, backlog 0");
});

Deno.test("the watchdog is fed several times in its time, while ports are being read", async () => {
  const bench = new Bench();
  await using _beat = bench.beat(8000);
  for (let second = 1; second <= 8; second++) {
    bench.vitals = { ...bench.vitals, progressMs: bench.clock.monotonicMs() };
    await bench.clock.advance(1000);
  }
  assert.deepEqual(bench.alive(), [0, 2000, 4000, 6000, 8000]);
});

Deno.test("a read loop that hangs is not covered up", async () => {
  const bench = new Bench();
  await using _beat = bench.beat(8000);
  await bench.clock.advance(60_000);
  const fed = bench.alive();
  assert.ok(Math.max(...fed) < 4000, `fed at ${fed}`);
});
