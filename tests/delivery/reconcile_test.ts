import assert from "node:assert/strict";
import type { Cursor } from "../../src/delivery/cursor.ts";
import { formatMessageId, parseMessageId } from "../../src/delivery/message.ts";
import { type Acknowledged, reconcile, type Reconciled } from "../../src/delivery/reconcile.ts";
import type { StreamExtent, SubjectStream } from "../../src/delivery/stream_server.ts";

const channel = "1429010002-A1";
const epoch = "e".repeat(32);
const created = "2025-12-03T15:04:05.123456789Z";

function idOf(sequence: number): string {
  return formatMessageId({ channel, epoch, sequence });
}

/** A cursor behind a record that stands at a stream sequence. */
function cursorBehind(sequence: number, at: number, searched = at): Cursor {
  const stored = { sequence: at, messageId: idOf(sequence) };
  return { next: sequence + 1, stream: "cdr", created, searched, stored, epoch };
}

/** Compares a journal of records 1–20 with a stream, of which `held` are the records' places. */
async function compare(options: {
  readonly held: Readonly<Record<number, number>>;
  readonly firstSequence?: number;
  readonly lastSequence: number;
  readonly cursor?: Cursor;
  readonly acknowledged?: Acknowledged;
}): Promise<Reconciled> {
  const { held, firstSequence = 1, lastSequence, cursor, acknowledged } = options;
  const extent: StreamExtent = { created, leadership: "one", firstSequence, lastSequence };
  const places = new Map(Object.entries(held).map(([record, at]) => [at, idOf(Number(record))]));
  const unused = (): never => assert.fail("not used");
  const stream: SubjectStream = {
    name: "cdr",
    extent: unused,
    glance: unused,
    storage: unused,
    payload: unused,
    messageId: (sequence) => Promise.resolve(places.get(sequence) ?? "of another box"),
    each(from, to, found) {
      for (let at = from; at <= to; at++) {
        const id = places.get(at) ?? "";
        const identity = parseMessageId(id);
        if (identity !== null) found({ ...identity, id, streamSequence: at, timeMs: 0 });
      }
      return Promise.resolve();
    },
  };
  const journal = {
    epoch,
    oldestSequence: 1,
    lastSequence: 20,
    epochOf: (sequence: number) => sequence >= 1 && sequence <= 20 ? epoch : null,
    reader: unused,
  };
  const channels = [{ channel, cursor, acknowledged, journal }];
  const result = (await reconcile({ stream, extent, channels })).get(channel);
  assert.ok(result !== undefined);
  return result;
}

Deno.test("what was acknowledged behind the cursor, and dropped since, is not sent again", async () => {
  const dropped = { held: {}, firstSequence: 41, lastSequence: 40, cursor: cursorBehind(5, 5) };
  const told = cursorBehind(12, 30);
  const acknowledged = (leadership: string): Acknowledged => ({ cursor: told, leadership });
  assert.equal((await compare({ ...dropped, acknowledged: acknowledged("one") })).cursor.next, 13);
  assert.equal((await compare({ ...dropped, acknowledged: acknowledged("other") })).cursor.next, 6);
  assert.equal((await compare(dropped)).cursor.next, 6);
});

Deno.test("an acknowledgement is believed only where its message is, or was dropped", async () => {
  const acknowledged = { cursor: cursorBehind(12, 30), leadership: "one" };
  const held = { 6: 25, 13: 31 };
  const options = { firstSequence: 25, lastSequence: 40, cursor: cursorBehind(5, 5), acknowledged };
  const { cursor, skip, rewoundFrom } = await compare({ ...options, held });
  assert.deepEqual([cursor.next, [...skip.keys()], rewoundFrom], [7, [13], 13]);
  const there = await compare({ ...options, held: { 11: 29, 12: 30, 13: 31 } });
  assert.deepEqual([there.cursor.next, there.rewoundFrom], [14, null]);
});

Deno.test("where a stream has gone back behind the cursor's message, what came since is found", async () => {
  const cursor = cursorBehind(5, 5, 30);
  const { cursor: { next }, rewoundFrom } = await compare({
    held: { 5: 5, 6: 9, 7: 12 },
    lastSequence: 12,
    cursor,
  });
  assert.deepEqual([next, rewoundFrom], [8, null]);
});

Deno.test("where another leader leads, what was searched behind the cursor's message is searched again", async () => {
  const cursor = cursorBehind(5, 5, 30);
  const acknowledged = { cursor, leadership: "other" };
  const held = { 5: 5, 6: 20 };
  const { cursor: { next } } = await compare({ held, lastSequence: 40, cursor, acknowledged });
  assert.equal(next, 7);
});

Deno.test("without a cursor, what a stream has dropped from its front was there, else it never was", async () => {
  const held = { 8: 30, 9: 31, 11: 33 };
  assert.equal((await compare({ held, firstSequence: 30, lastSequence: 40 })).cursor.next, 10);
  const { cursor, skip } = await compare({ held, lastSequence: 40 });
  assert.deepEqual([cursor.next, [...skip.keys()]], [1, [8, 9, 11]]);
});

Deno.test("a stream made anew gets everything, but for what it holds already", async () => {
  const cursor = { ...cursorBehind(12, 30), created: "2024-01-01T00:00:00Z" };
  const reconciled = await compare({ held: { 13: 1, 14: 2 }, lastSequence: 2, cursor });
  const { cursor: { next, created: since }, skip, rewoundFrom } = reconciled;
  assert.deepEqual([next, since, [...skip.keys()], rewoundFrom], [1, created, [13, 14], 13]);
});
