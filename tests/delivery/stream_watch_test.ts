import assert from "node:assert/strict";
import type { Cursor } from "../../src/delivery/cursor.ts";
import type { SessionEnd } from "../../src/delivery/session_end.ts";
import type { StreamExtent } from "../../src/delivery/stream_server.ts";
import { StreamWatch } from "../../src/delivery/stream_watch.ts";

const channel = "1429010002-A1";
const created = "2025-12-03T15:04:05.123456789Z";

/** A watch over a stream of 100 messages, whose clock and server the test holds. */
class Bench {
  nowMs = 5000;
  readonly doubts: SessionEnd[] = [];
  readonly watch: StreamWatch;
  asked = 0;
  answer: () => Promise<StreamExtent | null> = () => Promise.resolve(extent());
  /** What the stream says when it is asked for all that it holds. */
  whole: () => Promise<StreamExtent> = () => Promise.resolve(extent());
  /** Of the message that is asked for. */
  messageId: string | null = messageId(40);
  /** As acknowledgements tell. */
  cursor = cursorBehind(40);
  readonly kept: Cursor[] = [];

  constructor() {
    this.watch = new StreamWatch({
      clock: {
        wallMs: () => 0,
        monotonicMs: () => this.nowMs,
        delay: () => Promise.reject(new Error("not used")),
      },
      doubt: (end) => this.doubts.push(end),
      cursors: () => [[channel, this.cursor]],
      keep: (cursors) => this.kept.push(...cursors.map(([, cursor]) => cursor)),
    });
    const stream = {
      name: "cdr",
      extent: () => this.whole(),
      glance: () => {
        this.asked += 1;
        return this.answer();
      },
      messageId: () => Promise.resolve(this.messageId),
    };
    this.watch.add(stream, extent());
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

function messageId(sequence: number): string {
  return `${channel}/${"0".repeat(32)}/${sequence}`;
}

function cursorBehind(sequence: number): Cursor {
  const stored = { sequence: 60 + sequence, messageId: messageId(sequence) };
  const epoch = "0".repeat(32);
  return { next: sequence + 1, stream: "cdr", created, searched: 100, stored, epoch };
}

function extent(changes: Partial<StreamExtent> = {}): StreamExtent {
  return { created, leadership: "n1", firstSequence: 1, lastSequence: 100, ...changes };
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

Deno.test("a busy server is asked once a second, and acknowledgements keep it above doubt", async () => {
  const bench = new Bench();
  const acknowledged = async (from: number): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      assert.ok(bench.acknowledge(from + i));
      await bench.pass(1);
    }
  };
  bench.answer = () => Promise.resolve(null);
  await acknowledged(101);
  assert.equal(bench.asked, 60);
  bench.answer = never;
  await acknowledged(161);
  assert.equal(bench.asked, 61);
  assert.deepEqual(bench.doubts, []);
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
  assert.equal(bench.watch.seen("cdr").end, 101);
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

Deno.test("cursors are kept as they were before the stream was looked at", async () => {
  const bench = new Bench();
  const answer = Promise.withResolvers<null>();
  bench.answer = () => answer.promise;
  const before = bench.cursor;
  await bench.pass(2);
  bench.cursor = cursorBehind(41);
  assert.deepEqual(bench.kept, [], "not before the answer");
  answer.resolve(null);
  await bench.pass(1);
  assert.deepEqual(bench.kept, [before]);
});

Deno.test("after another leader was elected nothing is kept that was acknowledged since the last look", async () => {
  const bench = new Bench();
  await bench.pass(2);
  assert.equal(bench.kept.length, 1);
  bench.cursor = cursorBehind(41);
  assert.ok(bench.acknowledge(101));
  bench.answer = () => Promise.resolve(extent({ leadership: "n2", lastSequence: 101 }));
  await bench.pass(1);
  assert.equal(bench.kept.length, 1);
  assert.equal(bench.doubts[0]?.message, "stream cdr has a new leader");
});

Deno.test("a stream that holds another message where ours was is doubted, and nothing more is kept", async () => {
  const bench = new Bench();
  bench.answer = () => Promise.resolve(null);
  await bench.pass(4);
  assert.equal(bench.kept.length, 2);
  bench.messageId = "1429010002-B1/of another box";
  await bench.pass(2);
  assert.equal(bench.kept.length, 2);
  assert.match(bench.doubts[0]?.message ?? "", /lost records: another message stands at 100$/);
});

Deno.test("a message that is not there any more was dropped, or the stream has gone back", async () => {
  const bench = new Bench();
  bench.answer = () => Promise.resolve(null);
  await bench.pass(2);
  bench.messageId = null;
  bench.whole = () => Promise.resolve(extent({ firstSequence: 101 }));
  await bench.pass(2);
  assert.equal(bench.kept.length, 2);
  assert.deepEqual(bench.doubts, []);
  bench.whole = () => Promise.resolve(extent({ lastSequence: 99 }));
  await bench.pass(2);
  assert.equal(bench.kept.length, 2);
  assert.match(bench.doubts.map(({ message }) => message).join(), /from 100 to 99$/);
});

Deno.test("cursors are looked at anew at the end, also while an earlier look is under way", async () => {
  const bench = new Bench();
  const answer = Promise.withResolvers<null>();
  bench.answer = () => answer.promise;
  await bench.pass(2);
  bench.cursor = cursorBehind(41);
  const last = bench.watch.lookAnew();
  answer.resolve(null);
  await last;
  assert.deepEqual(bench.kept.map(({ next }) => next), [41, 42]);
});
