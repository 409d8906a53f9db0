import assert from "node:assert/strict";
import fc from "fast-check";
import { formatMessageId } from "../../src/delivery/message.ts";
import {
  type FoundMessage,
  type JournalExtent,
  maxInFlight,
  type ResumePoint,
  resumePoint,
} from "../../src/delivery/resume.ts";

const channel = "1429010002-A1";
const [older, present] = ["a".repeat(32), "b".repeat(32)];

/** A journal whose numbers from `epochStart` on are of the present epoch. */
interface Kept extends JournalExtent {
  readonly epochStart: number;
}

function journal(oldestSequence: number, lastSequence: number, epochStart = 1): Kept {
  return {
    epoch: present,
    oldestSequence,
    lastSequence,
    epochStart,
    epochOf(sequence) {
      if (sequence < oldestSequence || sequence > lastSequence) return null;
      return sequence < epochStart ? older : present;
    },
  };
}

function messages(kept: Kept, sequences: readonly number[]): FoundMessage[] {
  return sequences.map((sequence, i) => {
    const epoch = sequence < kept.epochStart ? older : present;
    return messageOf(epoch, sequence, 10 + i);
  });
}

function messageOf(epoch: string, sequence: number, streamSequence: number): FoundMessage {
  const id = formatMessageId({ channel, epoch, sequence });
  return { channel, epoch, sequence, streamSequence, id, timeMs: sequence };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** A journal, and which of its records are in the stream: a prefix, then some of what was in flight. */
const situation = fc.record({
  oldest: fc.integer({ min: 1, max: 400 }),
  count: fc.integer({ min: 0, max: 900 }),
  prefix: fc.double({ min: 0, max: 1, noNaN: true }),
  behindHole: fc.uniqueArray(fc.integer({ min: 2, max: maxInFlight }), { maxLength: 60 }),
  epochStart: fc.integer({ min: 1, max: 1300 }),
  trusted: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
}).map(({ oldest, count, prefix, behindHole, epochStart, trusted }) => {
  const last = oldest + count - 1;
  const kept = journal(oldest, last, Math.min(epochStart, last + 1));
  const prefixEnd = oldest - 1 + Math.floor(prefix * count);
  const later = behindHole.map((distance) => prefixEnd + distance).filter((n) => n <= last);
  const stored = [...range(1, prefixEnd), ...later.sort((a, b) => a - b)];
  const trustedNext = trusted === null
    ? null
    : oldest + Math.floor(trusted * (prefixEnd - oldest + 1));
  return { kept, stored, trustedNext };
});

Deno.test("no record that is missing is passed, none that is there is sent again", () => {
  fc.assert(fc.property(situation, ({ kept, stored, trustedNext }) => {
    const newest = stored.at(-1) ?? 0;
    const from = trustedNext ?? newest - maxInFlight + 1;
    const found = messages(kept, stored.filter((sequence) => sequence >= from));
    const { next, skip, streamAhead } = resumePoint({
      trustedNext,
      found,
      frontDropped: false,
      journal: kept,
    });
    assert.equal(streamAhead, null);
    const there = new Set(stored);
    for (const sequence of range(kept.oldestSequence, kept.lastSequence)) {
      const isSent = sequence >= next && !skip.has(sequence);
      assert.equal(isSent, !there.has(sequence), `record ${sequence}`);
    }
  }));
});

Deno.test("strangers, other epochs' numbers and the order of what is found change nothing", () => {
  const noise = fc.array(fc.record({
    epoch: fc.constantFrom("c".repeat(32), "d".repeat(32)),
    sequence: fc.integer({ min: 1, max: 3000 }),
  }));
  fc.assert(fc.property(situation, noise, ({ kept, stored, trustedNext }, others) => {
    const found = messages(kept, stored.slice(-2 * maxInFlight));
    const clean = resumePoint({ trustedNext, found, frontDropped: false, journal: kept });
    const strange = others.map((other, i) => messageOf(other.epoch, other.sequence, 5000 + i));
    const mixed = [...strange, ...found.toReversed()];
    assert.deepEqual(
      resumePoint({ trustedNext, found: mixed, frontDropped: false, journal: kept }),
      clean,
    );
  }));
});

Deno.test("the message before the point to go on at is told", () => {
  const kept = journal(1, 100);
  const { next, last, skip } = resumePoint({
    trustedNext: 10,
    found: messages(kept, [10, 11, 12, 14]),
    frontDropped: false,
    journal: kept,
  });
  assert.equal(next, 13);
  assert.equal(last?.streamSequence, 12);
  assert.deepEqual([...skip.keys()], [14]);
});

Deno.test("where records stand out of order, the one that stands last says how far the stream goes", () => {
  const kept = journal(1, 20);
  // 5 and 6 were missing, and were sent again behind the others.
  const places = [[3, 13], [4, 14], [7, 15], [8, 16], [5, 17], [6, 18]] as const;
  const found = places.map(([sequence, place]) => messageOf(present, sequence, place));
  const point = resumePoint({ trustedNext: 3, found, frontDropped: false, journal: kept });
  assert.equal(point.next, 9);
  assert.deepEqual([point.last?.sequence, point.last?.streamSequence], [6, 18]);
});

Deno.test("an empty stream gets everything that is kept", () => {
  for (const frontDropped of [false, true]) {
    const kept = journal(57, 100);
    const point = resumePoint({ trustedNext: null, found: [], frontDropped, journal: kept });
    assert.deepEqual([point.next, point.last, point.skip.size], [57, null, 0]);
  }
});

Deno.test("a stream that holds later numbers than the journal is told, and they are not reused", () => {
  const kept = journal(1, 100);
  const found = [
    ...messages(kept, range(90, 100)),
    ...[101, 105].map((sequence) => messageOf(present, sequence, 99)),
  ];
  for (const trustedNext of [null, 95]) {
    const { next, streamAhead, skip } = resumePoint({
      trustedNext,
      found,
      frontDropped: false,
      journal: kept,
    });
    assert.deepEqual([next, streamAhead, skip.size], [106, 105, 0]);
  }
});

Deno.test("later numbers of an epoch that is over are no reason to jump ahead", () => {
  const kept = journal(1, 100, 95);
  const lost = range(95, 120).map((sequence) => messageOf(older, sequence, sequence));
  const found = [...messages(kept, range(1, 94)), ...lost];
  const { next, streamAhead } = resumePoint({
    trustedNext: null,
    found,
    frontDropped: false,
    journal: kept,
  });
  assert.deepEqual([next, streamAhead], [95, null]);
});

Deno.test("what a stream has dropped at its front is not sent again, holes behind it are", () => {
  const kept = journal(1, 1000);
  const found = messages(kept, [...range(900, 950), ...range(953, 960)]);
  const resume = (frontDropped: boolean): number =>
    resumePoint({ trustedNext: null, found, frontDropped, journal: kept }).next;
  assert.equal(resume(true), 951);
  assert.equal(resume(false), 960 - maxInFlight + 1);
});

Deno.test("a cursor that is far behind finds its way through hundreds of thousands of messages", () => {
  const kept = journal(1, 300_000);
  const found = messages(kept, range(2, 299_999));
  for (const trustedNext of [2, null]) {
    const point = resumePoint({ trustedNext, found, frontDropped: true, journal: kept });
    assert.equal(point.next, 300_000);
  }
});

Deno.test("a hole that a full stream left is filled, also where the stream has dropped its front", () => {
  const kept = journal(1, 20);
  const found = messages(kept, [6, 9]);
  const point = (next: number | null): ResumePoint =>
    resumePoint({
      trustedNext: null,
      refuted: next === null ? null : { sequence: next - 1, epoch: present },
      found,
      frontDropped: true,
      journal: kept,
    });
  assert.deepEqual([point(2).next, [...point(2).skip.keys()]], [1, [6, 9]]);
  assert.deepEqual(
    [point(7).next, [...point(7).skip.keys()]],
    [7, [9]],
    "what was dropped stays so",
  );
  assert.equal(point(null).next, 7);
});

Deno.test("what was stored again behind newer ones, and lost with the end, is sent again also where the front has gone", () => {
  const kept = journal(1, 1000);
  const resume = (sequences: readonly number[], lostLate: number | null): number =>
    resumePoint({
      trustedNext: null,
      refuted: { sequence: 1000, epoch: present },
      lostLate,
      found: messages(kept, sequences),
      frontDropped: true,
      journal: kept,
    }).next;
  // 990 to 993 stood behind 1000; of the older ones some are there, or none.
  const newer = range(994, 998);
  assert.equal(resume([...range(980, 989), ...newer], 993), 990);
  assert.equal(resume(newer, 993), 993 - maxInFlight + 1);
  assert.equal(resume(newer, null), 999);
});

Deno.test("what is lost before a cursor is sent again, however much came behind it", () => {
  const kept = journal(1, 2000);
  const found = messages(kept, [...range(1, 90), ...range(101, 1999)]);
  for (const frontDropped of [false, true]) {
    const refuted = { sequence: 100, epoch: present };
    const point = resumePoint({ trustedNext: null, refuted, found, frontDropped, journal: kept });
    assert.deepEqual([point.next, point.skip.size], [91, 1899]);
  }
});

Deno.test("what the journal keeps no more tells what of it is lost", () => {
  const kept = journal(17, 20);
  const found = [...range(3, 13), 18, 19, 20].map((sequence) =>
    messageOf(present, sequence, sequence)
  );
  const refuted = { sequence: 17, epoch: present };
  const point = resumePoint({
    trustedNext: null,
    refuted,
    found,
    frontDropped: true,
    journal: kept,
  });
  assert.deepEqual([point.next, [...point.skip.keys()]], [17, [18, 19, 20]]);
});

Deno.test("behind a cursor that holds, what the stream has dropped since is not sent again", () => {
  const kept = journal(1, 20);
  const point = (neededNext: number, found: readonly number[]): number =>
    resumePoint({
      trustedNext: 5,
      neededNext,
      found: messages(kept, found),
      frontDropped: true,
      journal: kept,
    }).next;
  assert.equal(point(12, []), 12);
  assert.equal(point(12, [9, 10, 11, 12, 13]), 14);
  assert.equal(point(12, [14]), 12, "it was needed");
  assert.equal(point(5, []), 5);
});
