import assert from "node:assert/strict";
import type { MessageConnection } from "../../src/delivery/core_connection.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import { ReplayPublisher, type SettledCopy } from "../../src/delivery/replay_publisher.ts";
import { SessionEnd } from "../../src/delivery/session_end.ts";
import type { Ticket } from "../../src/delivery/stream_server.ts";
import { Replay } from "../../src/delivery/replay.ts";
import { KeptJournal } from "../../src/journal/kept_journal.ts";
import { KeptRecords } from "../../src/journal/kept_records.ts";
import { selectKept } from "../../src/journal/kept_selection.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { feed, JournalBox, name } from "../support/journal_box.ts";
import { HandClock } from "../support/hand_clock.ts";
import { waitFor } from "../support/wait_for.ts";

/** A connection whose answers the test gives. */
class Peer implements MessageConnection {
  readonly address = "peer";
  readonly maxPayload = 1_000_000;
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly sent: number[] = [];
  answer: (ticket: Ticket, outcome: Outcome) => void = () => {};

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  listen(settled: (ticket: Ticket, outcome: Outcome) => void): void {
    this.answer = settled;
  }

  publish(_message: unknown, { sequence }: Ticket): void {
    this.sent.push(sequence);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  take(sequence: number): void {
    const outcome = { kind: "stored", stream: "s", streamSequence: 1, duplicate: false } as const;
    this.answer({ feed: 0, sequence }, outcome);
  }
}

class Bench implements Disposable {
  readonly peer = new Peer();
  readonly clock = new HandClock();
  readonly settled: SettledCopy[] = [];
  readonly stop = new AbortController();
  readonly publisher = new ReplayPublisher({
    connection: this.peer,
    clock: this.clock,
    settled: (copy) => this.settled.push(copy),
    signal: this.stop.signal,
  });

  /** Publishes copies of so many bytes for ever; returns why it ended. */
  async publishAll(bytes: number): Promise<SessionEnd> {
    const message = { subject: "replay.a1", headers: [], payload: new Uint8Array(bytes) };
    try {
      for (let sequence = 1;; sequence++) await this.publisher.publish(sequence, message);
    } catch (error) {
      assert.ok(error instanceof SessionEnd);
      return error;
    }
  }

  [Symbol.dispose](): void {
    this.publisher[Symbol.dispose]();
  }
}

Deno.test("copies under way are 256, or a MiB, at most, until the server takes some", async () => {
  for (const [bytes, most] of [[100, 256], [100_000, 10]] as const) {
    using bench = new Bench();
    const { peer } = bench;
    const over = bench.publishAll(bytes);
    await waitFor("a full window", () => peer.sent.length >= most);
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(peer.sent.length, most);
    peer.take(1);
    await waitFor("one more", () => peer.sent.length > most);
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(peer.sent.length, most + 1);
    peer.answer({ feed: 0, sequence: 2 }, { kind: "rejected", message: "too large" });
    peer.answer(
      { feed: 0, sequence: 3 },
      { kind: "hold", trouble: "storage_full", message: "maximum messages exceeded" },
    );
    assert.equal((await over).trouble, "storage_full");
    assert.deepEqual(bench.settled.map(({ outcome }) => outcome), ["stored", "rejected"]);
  }
});

Deno.test("a server that does not answer for 5 s is called stalled; after a break-off it has a second", async () => {
  for (const [seconds, isBrokenOff] of [[5.1, false], [1.1, true]] as const) {
    using bench = new Bench();
    const over = bench.publishAll(10);
    let end: SessionEnd | null = null;
    over.then((reason) => end = reason);
    if (isBrokenOff) bench.stop.abort();
    // The watchdog looks at real intervals.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await bench.clock.advance((seconds - 0.2) * 1000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(end, null);
    await bench.clock.advance(200);
    assert.equal((await over).trouble, isBrokenOff ? "disconnected" : "stalled");
  }
});

Deno.test("a replay that is broken off sends no more, and names the record to go on with", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\r\ntwo\r\nthree\r\n");
  await journal.sync();
  const { folder, statePath } = box;
  using kept = new KeptJournal({ disk: systemDisk, folder, tailFolders: [], statePath, name });
  await using records = new KeptRecords(kept, systemClock);
  const bounds = { sinceMs: 0, untilMs: Infinity, from: 2, to: 3 };
  using bench = new Bench();
  const { peer, publisher, stop } = bench;
  const selection = await selectKept(kept, bounds, stop.signal);
  const options = { channel: name, records, selection, subject: "replay.a1", progress: () => {} };
  const replay = new Replay(options);
  stop.abort();
  const running = replay.run(publisher, stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(peer.sent, []);
  await running;
  assert.equal(replay.next, 2);
});
