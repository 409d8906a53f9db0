import assert from "node:assert/strict";
import type { SessionEnd } from "../../src/delivery/session_end.ts";
import type { StreamExtent } from "../../src/delivery/stream_server.ts";
import { StreamWatch } from "../../src/delivery/stream_watch.ts";

const created = "2025-12-03T15:04:05.123456789Z";

/** A watch over a stream of 100 messages, whose clock and server the test holds. */
class Bench {
  nowMs = 5000;
  readonly doubts: SessionEnd[] = [];
  readonly watch: StreamWatch;
  asked = 0;
  answer: () => Promise<StreamExtent | null> = () => Promise.resolve(extent());

  constructor() {
    this.watch = new StreamWatch({
      clock: {
        wallMs: () => 0,
        monotonicMs: () => this.nowMs,
        delay: () => Promise.reject(new Error("not used")),
      },
      doubt: (end) => this.doubts.push(end),
    });
    this.watch.add("cdr", extent(), () => {
      this.asked += 1;
      return this.answer();
    });
    this.watch.start();
  }

  /** Lets seconds pass, as the sink does. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.nowMs += 1000;
      this.watch.check();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  acknowledge(
    streamSequence: number,
    more: { stream?: string; duplicate?: boolean } = {},
  ): boolean {
    const usual = { kind: "stored", stream: "cdr", duplicate: false } as const;
    return this.watch.confirm("cdr", { ...usual, ...more, streamSequence });
  }
}

function extent(changes: Partial<StreamExtent> = {}): StreamExtent {
  return { created, firstSequence: 1, lastSequence: 100, ...changes };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

Deno.test("a server that has been asked and stays silent is doubted within 5 s", async () => {
  const bench = new Bench();
  await bench.pass(60);
  assert.equal(bench.doubts.length, 0);
  bench.answer = never;
  await bench.pass(5);
  const [doubt] = bench.doubts;
  assert.equal(doubt?.trouble, "stalled");
  assert.equal(doubt?.message, "no answer for 4 s");
});

Deno.test("a busy server is hardly ever asked, and acknowledgements keep it above doubt", async () => {
  const bench = new Bench();
  bench.answer = never;
  for (let i = 1; i <= 60; i++) {
    assert.ok(bench.acknowledge(100 + i));
    await bench.pass(1);
  }
  assert.deepEqual(bench.doubts, []);
  assert.equal(bench.asked, 1);
});

Deno.test("a server that answers without telling of a change is trusted, one that stops is not", async () => {
  const bench = new Bench();
  bench.answer = () => Promise.resolve(null);
  await bench.pass(60);
  assert.equal(bench.doubts.length, 0);
  assert.ok(bench.asked > 20);
  bench.answer = never;
  await bench.pass(5);
  assert.equal(bench.doubts[0]?.trouble, "stalled");
});

Deno.test("a process that was itself held up asks before it doubts", async () => {
  const bench = new Bench();
  bench.nowMs += 60_000;
  await bench.pass(1);
  assert.deepEqual(bench.doubts, []);
});

Deno.test("a stream that was made anew or has gone back is doubted", async () => {
  for (const changes of [{ created: "2026-01-01T00:00:00Z" }, { lastSequence: 99 }]) {
    const bench = new Bench();
    bench.answer = () => Promise.resolve(extent(changes));
    await bench.pass(3);
    assert.equal(bench.doubts.length, 1);
  }
});

Deno.test("an answer from before an acknowledgement is no reason to doubt", async () => {
  const bench = new Bench();
  const answer = Promise.withResolvers<StreamExtent>();
  bench.answer = () => answer.promise;
  await bench.pass(2);
  assert.equal(bench.asked, 1);
  bench.acknowledge(101);
  answer.resolve(extent());
  await bench.pass(1);
  assert.deepEqual(bench.doubts, []);
  assert.equal(bench.watch.end("cdr"), 101);
});

Deno.test("acknowledgements of another stream, or of sequences that are taken, do not count", () => {
  const bench = new Bench();
  assert.ok(bench.acknowledge(50, { duplicate: true }));
  assert.ok(bench.acknowledge(101));
  assert.deepEqual(bench.doubts, []);
  assert.ok(!bench.acknowledge(1));
  assert.ok(!bench.acknowledge(102, { stream: "other" }));
  assert.deepEqual(bench.doubts.map(({ trouble }) => trouble), ["stalled", "no_stream"]);
});
