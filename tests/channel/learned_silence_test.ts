import assert from "node:assert/strict";
import { hourMs, hourOfWeek } from "../../src/channel/weekly_traffic.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { SilenceBench, trafficPath } from "../support/silence_bench.ts";

const minuteMs = 60_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
/** A Thursday. */
const startMs = Date.UTC(2026, 0, 1);

/** By day something every three minutes; from 20 to 8 o'clock nothing, but once at 2 o'clock. */
function* office(fromMs: number, toMs: number): Generator<number> {
  for (let ms = Math.ceil(fromMs / (3 * minuteMs)) * 3 * minuteMs; ms < toMs; ms += 3 * minuteMs) {
    const hour = new Date(ms).getUTCHours();
    if (hour >= 8 && hour < 20 || ms % dayMs === 2 * hourMs) yield ms;
  }
}

/** Lets the office work until then. */
async function work(bench: SilenceBench, untilMs: number): Promise<void> {
  while (bench.wallMs < untilMs) {
    const endMs = Math.min(untilMs, (Math.floor(bench.wallMs / hourMs) + 1) * hourMs);
    for (const ms of office(bench.wallMs, endMs)) {
      bench.passUntil(ms);
      bench.silence.heard();
    }
    bench.passUntil(endMs);
    // Saving goes on meanwhile.
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

async function learned(weeks: number): Promise<SilenceBench> {
  const bench = new SilenceBench({ wallMs: startMs });
  await work(bench, startMs + weeks * weekMs);
  return bench;
}

/** How long it takes until silence is told, in minutes; `null` when it is not within a week. */
function minutesToAlarm(bench: SilenceBench): number | null {
  const fromMs = bench.wallMs;
  while (!bench.silence.isSilent && bench.wallMs < fromMs + weekMs) bench.pass(minuteMs);
  return bench.silence.isSilent ? (bench.wallMs - fromMs) / minuteMs : null;
}

Deno.test("a line that is dead at noon is told within two hours, with what is usual, and its return", async () => {
  using bench = await learned(5);
  const noonMs = startMs + 5 * weekMs + 12 * hourMs;
  await work(bench, noonMs);
  assert.deepEqual(bench.told, []);
  const minutes = minutesToAlarm(bench);
  assert.ok(minutes !== null && minutes >= 30 && minutes <= 120, String(minutes));
  bench.pass(5 * hourMs);
  bench.silence.heard();
  assert.equal(bench.silence.isSilent, false);
  const [warning, info, ...more] = bench.told;
  assert.match(
    warning ?? "",
    /^1429010002-A1: nothing has been heard for \d+ minutes; at this hour of the week something comes every 3 minutes$/,
  );
  assert.match(info ?? "", /^1429010002-A1: it is heard again, after \d+ hours$/);
  assert.deepEqual(more, []);
});

Deno.test("nights are quiet, week after week, and nobody is woken", async () => {
  using bench = await learned(12);
  assert.deepEqual(bench.told, []);
});

Deno.test("a new box tells nothing for two weeks, whatever is dead", async () => {
  for (const hours of [0, 1, 30, 100, 167]) {
    using bench = new SilenceBench({ wallMs: startMs });
    await work(bench, startMs + weekMs + hours * hourMs);
    bench.passUntil(startMs + 2 * weekMs);
    assert.deepEqual(bench.told, [], `${hours} hours of the second week were heard`);
  }
  using bench = new SilenceBench({ wallMs: startMs });
  bench.pass(8 * weekMs);
  bench.silence.heard();
  assert.deepEqual(bench.told, []);
});

Deno.test("an outage teaches nothing: the next one is told as soon", async () => {
  const minutes = async (outageDays: number): Promise<number | null> => {
    using bench = await learned(6);
    bench.pass(outageDays * dayMs);
    bench.silence.heard();
    await work(bench, startMs + 7 * weekMs + 12 * hourMs);
    const before = bench.told.length;
    const found = minutesToAlarm(bench);
    assert.equal(bench.told.length, before + 1);
    return found;
  };
  const without = await minutes(0);
  const after = await minutes(5);
  assert.ok(without !== null && after !== null && Math.abs(after - without) <= 10, `${after}`);
});

Deno.test("time without a signal or with the port closed is neither silence nor learned", async () => {
  using bench = await learned(5);
  bench.silence.listen(false);
  bench.pass(5 * dayMs);
  assert.deepEqual(bench.told, []);
  bench.silence.listen(true);
  await work(bench, startMs + 6 * weekMs + 12 * hourMs);
  assert.deepEqual(bench.told, []);
  const minutes = minutesToAlarm(bench);
  assert.ok(minutes !== null && minutes <= 120, String(minutes));
});

Deno.test("silence before and after a time without a signal adds up", async () => {
  using bench = await learned(5);
  await work(bench, startMs + 5 * weekMs + 12 * hourMs);
  let listenedMinutes = 0;
  for (; !bench.silence.isSilent && listenedMinutes < 600; listenedMinutes += 5) {
    bench.pass(5 * minuteMs);
    bench.silence.listen(false);
    bench.pass(2 * minuteMs);
    bench.silence.listen(true);
  }
  assert.ok(listenedMinutes >= 30 && listenedMinutes <= 120, String(listenedMinutes));
});

Deno.test("however busy a line is, ten minutes are not told", async () => {
  using bench = new SilenceBench({ wallMs: startMs });
  for (let ms = startMs; ms < startMs + 5 * weekMs; ms += 10_000) {
    bench.passUntil(ms);
    bench.silence.heard();
    if (ms % hourMs === 0) await settled();
  }
  const minutes = minutesToAlarm(bench);
  assert.ok(minutes !== null && minutes >= 10 && minutes <= 15, String(minutes));
});

Deno.test("at an hour at which little comes, what is missing in all is told", async () => {
  using bench = await learned(5);
  await work(bench, startMs + 5 * weekMs + 19 * hourMs + 10 * minuteMs);
  assert.ok(minutesToAlarm(bench) !== null);
  using quiet = new SilenceBench({ wallMs: startMs });
  for (let ms = startMs; ms < startMs + 9 * weekMs; ms += 2 * hourMs) {
    quiet.passUntil(ms);
    quiet.silence.heard();
    await settled();
  }
  const minutes = minutesToAlarm(quiet);
  assert.ok(minutes !== null && minutes >= 24 * 60 && minutes < 5 * 24 * 60, String(minutes));
  assert.match(
    quiet.told[0] ?? "",
    /for \d+ (hours|days); usually something comes \d+ times in so long$/,
  );
});

Deno.test("a clock without a battery expects nothing, and teaches nothing", async () => {
  using bench = await learned(5);
  const beforeMs = bench.wallMs;
  await bench.restart();
  bench.wallMs = Date.UTC(1970, 0, 1, 12);
  bench.pass(20 * hourMs);
  assert.deepEqual(bench.told, []);
  await bench.restart();
  bench.wallMs = beforeMs + dayMs;
  await work(bench, startMs + 6 * weekMs + 12 * hourMs);
  assert.deepEqual(bench.told, []);
  const minutes = minutesToAlarm(bench);
  assert.ok(minutes !== null && minutes <= 120, String(minutes));
});

Deno.test("hours by a clock that is put right later are not learned", async () => {
  using bench = await learned(5);
  // Years ahead, and at night by it while calls come; a whole day's work of it would be learned.
  for (let week = 5; week < 9; week++) {
    const noonMs = startMs + week * weekMs + 12 * hourMs;
    await work(bench, noonMs);
    bench.wallMs = Date.UTC(2031, 0, 2, 21) + week * weekMs;
    for (let call = 0; call < 100; call++) {
      bench.pass(3 * minuteMs);
      bench.silence.heard();
    }
    bench.wallMs = noonMs + 5 * hourMs;
    await work(bench, startMs + (week + 1) * weekMs);
  }
  assert.deepEqual(bench.told, []);
  await bench.silence.stop();
  const text = new TextDecoder().decode((bench.disk as MemoryDisk).bytes(trafficPath));
  const { traffic } = JSON.parse(text);
  const night = hourOfWeek(Date.UTC(2031, 0, 2, 22));
  assert.equal(traffic.arrivals[night], 0);
  assert.ok(traffic.arrivals[hourOfWeek(startMs + 4 * dayMs + 10 * hourMs)] > 50);
});

Deno.test("a process that stood still does not take that for silence", async () => {
  using bench = await learned(5);
  await work(bench, startMs + 5 * weekMs + 12 * hourMs);
  bench.standStill(6 * hourMs);
  bench.pass(9 * minuteMs);
  assert.deepEqual(bench.told, []);
});

Deno.test("an hour that has become silent for good is told for some weeks, then learned", async () => {
  using bench = await learned(5);
  // From now on nobody works after noon.
  for (let day = 0; day < 140; day++) {
    const dayStartMs = startMs + 5 * weekMs + day * dayMs;
    await work(bench, dayStartMs + 12 * hourMs);
    bench.passUntil(dayStartMs + dayMs);
  }
  const weeks = bench.notices.filter(({ kind }) => kind === "silence").length / 7;
  assert.ok(weeks > 2 && weeks < 10, String(weeks));
  assert.ok(!bench.notices.slice(-1).some(({ kind }) => kind === "silence"));
});

Deno.test("what was learned survives restarts, every day", async () => {
  using bench = new SilenceBench({ wallMs: startMs });
  for (let day = 0; day < 35; day++) {
    await work(bench, startMs + day * dayMs + 5 * hourMs);
    await bench.restart();
  }
  await work(bench, startMs + 5 * weekMs + 12 * hourMs);
  assert.deepEqual(bench.notices.map(({ kind }) => kind), ["silence_learning"]);
  const minutes = minutesToAlarm(bench);
  assert.ok(minutes !== null && minutes <= 120, String(minutes));
});

Deno.test("what was learned is written every hour, not more often", async () => {
  let writes = 0;
  const disk = new FailingDisk(new MemoryDisk());
  disk.before = ({ what }) => {
    if (what === "rename") writes += 1;
  };
  using bench = new SilenceBench({ wallMs: startMs, disk });
  await work(bench, startMs + 12 * hourMs);
  await settled();
  assert.equal(writes, 12);
  await bench.restart();
  assert.equal(writes, 13);
});

Deno.test("while a disk hangs nothing waits for it, and nothing piles up", async () => {
  let writes = 0;
  const disk = new FailingDisk(new MemoryDisk());
  const hanging = Promise.withResolvers<void>();
  disk.syncFolder = () => hanging.promise;
  disk.before = ({ what }) => {
    if (what === "rename") writes += 1;
  };
  using bench = new SilenceBench({ wallMs: startMs, disk });
  await work(bench, startMs + dayMs + hourMs / 2);
  assert.equal(writes, 1);
  hanging.resolve();
  await settled();
  assert.equal(writes, 1);
  await work(bench, startMs + dayMs + 2 * hourMs);
  await settled();
  assert.equal(writes, 3);
});

for (const text of ["", "{", "null", "[1]", '{"version":1}', '{"version":2,"traffic":{}}']) {
  Deno.test(`a file that holds ${JSON.stringify(text)} is told, and learned anew`, async () => {
    const disk = new MemoryDisk();
    disk.write(trafficPath, new TextEncoder().encode(text));
    using bench = new SilenceBench({ wallMs: startMs, disk });
    const [notice] = bench.notices;
    assert.equal(notice?.kind, "silence_forgotten");
    assert.equal(notice?.level, "warning");
    assert.match(notice?.message ?? "", /^1429010002-A1: cannot use \/state\/.*traffic\.json: /);
    await work(bench, startMs + hourMs);
    await bench.restart();
    assert.equal(bench.notices.length, 1);
  });
}

Deno.test("numbers that cannot be are a damaged file", async () => {
  using bench = await learned(3);
  await bench.silence.stop();
  const good = JSON.parse(new TextDecoder().decode((bench.disk as MemoryDisk).bytes(trafficPath)));
  const spoilt = [
    { ...good, traffic: { ...good.traffic, arrivals: good.traffic.arrivals.slice(1) } },
    { ...good, traffic: { ...good.traffic, missedSquares: 0 } },
    { ...good, traffic: { ...good.traffic, listenedHours: good.traffic.arrivals.map(() => -1) } },
    { ...good, waiting: [{ hour: 168, listenedMs: 1, arrivals: 0 }] },
  ];
  for (const [i, state] of [good, ...spoilt].entries()) {
    const disk = new MemoryDisk();
    disk.write(trafficPath, new TextEncoder().encode(JSON.stringify(state)));
    using again = new SilenceBench({ wallMs: bench.wallMs, disk });
    assert.deepEqual(again.notices.map(({ kind }) => kind), i === 0 ? [] : ["silence_forgotten"]);
  }
});

Deno.test("a disk that refuses is told once, and neither listening nor stopping fails", async () => {
  const disk = new FailingDisk(new MemoryDisk());
  disk.before = ({ path }) => {
    throw new Error(`Read-only file system: ${path}`);
  };
  using bench = new SilenceBench({ wallMs: startMs, disk });
  await work(bench, startMs + 20 * hourMs);
  await settled();
  const refusals = bench.notices.filter(({ kind }) => kind === "state_not_saved");
  assert.equal(refusals.length, 1);
  assert.match(refusals[0]?.message ?? "", /remember what is usual: Read-only file system/);
  disk.heal();
  await bench.restart();
  assert.equal(bench.notices.at(-1)?.kind, "state_not_saved");
});
