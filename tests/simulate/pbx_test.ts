import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Clock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { countLineRecords, makerNamed } from "../../src/simulate/makers.ts";
import { Pbx } from "../../src/simulate/pbx.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { Random } from "../../src/simulate/random.ts";
import { TerminalReader } from "../support/terminal_reader.ts";
import { waitFor } from "../support/wait_for.ts";

const maker = makerNamed("Nortel Meridian");

/** A clock on which waiting costs nothing. */
function quickClock(): Clock {
  let nowMs = Date.UTC(2024, 5, 14);
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    delay: async (ms) => {
      nowMs += ms;
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

Deno.test("what an exchange counts and hashes is what the reader gets", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  await using pbx = Pbx.start({
    maker,
    write: (bytes, signal) => terminal.write(bytes, signal),
    random: new Random(1),
    callsPerSecond: Infinity,
    limit: 500,
    numbered: true,
  });
  await waitFor("the last byte", () => {
    reader.take();
    return pbx.sent.calls === 500 && reader.received.length === pbx.sent.bytes;
  }, { intervalMs: 2 });
  await pbx.finished;
  const received = Uint8Array.from(reader.received);
  assert.equal(pbx.sent.lines, 1000);
  assert.equal(countLineRecords(received), 1000);
  assert.equal(createHash("sha256").update(received).digest("hex"), pbx.digest());
});

Deno.test("calls come at the rate that was asked for", async () => {
  const clock = quickClock();
  const startMs = clock.monotonicMs();
  const pbx = Pbx.start({
    maker,
    write: (bytes) => Promise.resolve(bytes.length),
    random: new Random(1),
    callsPerSecond: 4,
    limit: 41,
    clock,
  });
  await pbx.finished;
  assert.equal(clock.monotonicMs() - startMs, 10_000);
});

Deno.test("stop() lets the record on the line end, and sends no other", async () => {
  const sent: Uint8Array[] = [];
  let letGo = (): void => {};
  const pbx = Pbx.start({
    maker,
    write: (bytes) => new Promise((resolve) => letGo = () => resolve(bytes.length)),
    random: new Random(1),
    callsPerSecond: 1000,
    onSent: (bytes) => sent.push(bytes),
  });
  const stopped = pbx.stop();
  letGo();
  await stopped;
  assert.equal(sent.length, 1);
  assert.deepEqual(
    { ...pbx.sent, bytes: 0 },
    { calls: 1, brokenCalls: 0, lines: 2, bytes: 0 },
  );
});

Deno.test("a line that takes nothing more does not hold up a stop for longer than the grace", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const abort = new AbortController();
  await using pbx = Pbx.start({
    maker,
    write: (bytes, signal) => terminal.write(bytes, signal),
    random: new Random(1),
    callsPerSecond: Infinity,
    graceMs: 20,
    signal: abort.signal,
  });
  await waitFor("a full line", () => pbx.sent.bytes > 20_000);
  abort.abort();
  await pbx.finished;
  using reader = new TerminalReader(libc, terminal.path);
  const received = Uint8Array.from(await reader.takeUntil(pbx.sent.bytes));
  assert.equal(createHash("sha256").update(received).digest("hex"), pbx.digest());
  assert.equal(pbx.sent.lines, countLineRecords(received));
});

Deno.test("an exchange goes on calling while its line is unplugged, and counts what was lost", async () => {
  let plugged = false;
  await using pbx = Pbx.start({
    maker,
    write: (bytes) => Promise.resolve(plugged ? bytes.length : 0),
    random: new Random(1),
    callsPerSecond: Infinity,
  });
  await waitFor("three lost calls", () => pbx.sent.brokenCalls >= 3);
  assert.equal(pbx.sent.calls, 0);
  plugged = true;
  await waitFor("calls again", () => pbx.sent.calls > 100);
});

Deno.test("an error of the line ends the exchange and reaches who stops it", async () => {
  const pbx = Pbx.start({
    maker,
    write: () => Promise.reject(new Error("write: EIO")),
    random: new Random(1),
    callsPerSecond: 10,
  });
  await assert.rejects(pbx.finished, /EIO/);
  await assert.rejects(pbx.stop(), /EIO/);
});
