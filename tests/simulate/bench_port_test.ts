import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Libc } from "../../src/platform/libc.ts";
import { BenchPort, type BenchPortOptions } from "../../src/simulate/bench_port.ts";
import { Cable } from "../../src/simulate/cable.ts";
import { makerNamed } from "../../src/simulate/makers.ts";
import { Random } from "../../src/simulate/random.ts";
import { parseUartSettings } from "../../src/simulate/uart_settings.ts";
import { HandClock } from "../support/hand_clock.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TerminalReader } from "../support/terminal_reader.ts";

const maker = makerNamed("Mitel SX-200");

/** A port on a clock that the test holds. */
class Bench implements AsyncDisposable {
  readonly clock = new HandClock();
  readonly cable: Cable;
  readonly port: BenchPort;
  readonly libc = new Libc();
  readonly #folder = new TemporaryFolder();

  constructor(options: Partial<BenchPortOptions>) {
    const { libc, clock } = this;
    const link = this.#folder.join("ttySim1");
    this.cable = new Cable({ libc, clock, link, settings: maker.settings });
    this.port = BenchPort.start({
      cable: this.cable,
      maker,
      random: new Random(1),
      callsPerSecond: 1,
      clock,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = Promise.allSettled([this.port.stop()]);
    await this.clock.advance(10_000);
    await stopped;
    this.cable[Symbol.dispose]();
    this.libc[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("a port sends so many records, each in the time that its line takes, and ends", async () => {
  await using bench = new Bench({ limit: 3, callsPerSecond: Infinity });
  using reader = new TerminalReader(bench.libc, bench.cable.link);
  const recordMs = 44 * 10_000 / 1200;
  await bench.clock.advance(recordMs * 2.5);
  assert.equal(bench.port.status.calls, 2);
  await bench.clock.advance(recordMs);
  await bench.port.finished;
  assert.equal(bench.port.status.calls, 3);
  assert.equal((await reader.takeUntil(3 * 44)).length, bench.port.status.bytes);
});

Deno.test("breaks come between the records, and the reader gets them", async () => {
  await using bench = new Bench({ callsPerSecond: 0.001, breakEveryMs: 1000 });
  using reader = new TerminalReader(bench.libc, bench.cable.link);
  await bench.clock.advance(3900);
  assert.equal(bench.port.status.breaks, 3);
  assert.deepEqual((await reader.takeUntil(44 + 3)).slice(44), [0, 0, 0]);
});

Deno.test("the cable is pulled and put back; calls that come meanwhile are lost", async () => {
  await using bench = new Bench({ unplug: { everyMs: 10_000, forMs: 2500 } });
  await bench.clock.advance(9990);
  assert.deepEqual([bench.port.status.calls, bench.port.status.brokenCalls], [10, 0]);
  await bench.clock.advance(20);
  assert.equal(existsSync(bench.cable.link), false);
  await bench.clock.advance(2500);
  assert.equal(existsSync(bench.cable.link), true);
  assert.equal(bench.port.status.unplugs, 1);
  assert.equal(bench.port.status.brokenCalls, 3);
  await bench.clock.advance(2000);
  assert.equal(bench.port.status.calls, 12);
});

Deno.test("the sender's settings change after so many records, one by one, and then stay", async () => {
  const to = ["19200 7E1", "9600 8N1"].map(parseUartSettings);
  await using bench = new Bench({ changes: { to, afterCalls: 2 } });
  const bauds: number[] = [];
  for (let call = 0; call < 7; call++) {
    await bench.clock.advance(500);
    bauds.push(bench.cable.settings.baud);
    await bench.clock.advance(500);
  }
  assert.deepEqual(bauds, [1200, 1200, 19_200, 19_200, 9600, 9600, 9600]);
});

Deno.test("a cable that cannot be put back ends the port with the reason", async () => {
  await using bench = new Bench({ unplug: { everyMs: 1000, forMs: 1000 } });
  await bench.clock.advance(1500);
  Deno.mkdirSync(bench.cable.link);
  await bench.clock.advance(5000);
  await assert.rejects(bench.port.finished, /rename/);
  assert.deepEqual([...Deno.readDirSync(dirname(bench.cable.link))].length, 1, "nothing half done");
});
