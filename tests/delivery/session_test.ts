import assert from "node:assert/strict";
import { CursorFile } from "../../src/delivery/cursor.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import { Session } from "../../src/delivery/session.ts";
import { SessionEnd } from "../../src/delivery/session_end.ts";
import type { StreamConnection, StreamServer, Ticket } from "../../src/delivery/stream_server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { FedJournal } from "../support/fed_journal.ts";
import { neverRenewed } from "../support/same_identity.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const extent = { created: "then", leadership: "one", firstSequence: 1, lastSequence: 0 };

/** A server whose every answer to a publish comes from the test. */
class HandServer implements StreamServer {
  readonly published: number[] = [];
  readonly renewed = neverRenewed;
  answer: (ticket: Ticket, outcome: Outcome) => void = () => {};
  readonly #ended = Promise.withResolvers<SessionEnd>();

  connect(): Promise<StreamConnection> {
    const unused = (): Promise<never> => Promise.reject(new Error("not used"));
    const stream = {
      name: "cdr",
      extent: () => Promise.resolve(extent),
      glance: () => Promise.resolve(null),
      storage: unused,
      messageId: () => Promise.resolve(null),
      payload: unused,
      each: () => Promise.resolve(),
    };
    return Promise.resolve({
      address: "nats://hand:4222",
      maxPayload: 1024 * 1024,
      ended: this.#ended.promise,
      stream: () => Promise.resolve(stream),
      listen: (settled: typeof this.answer) => void (this.answer = settled),
      publish: (_, { sequence }) => void this.published.push(sequence),
      close: async () => {
        // What is under way is sent first.
        await new Promise((resolve) => setTimeout(resolve, 5));
        this.#ended.resolve(new SessionEnd("disconnected", "closed"));
      },
    });
  }

  acknowledge(sequence: number): void {
    const stored = { kind: "stored", stream: "cdr", duplicate: false } as const;
    this.answer({ feed: 0, sequence }, { ...stored, streamSequence: sequence });
  }
}

/** A session with four records under way, and more to send. */
async function withSession(
  use: (session: Session, server: HandServer) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  await using fed = await FedJournal.open({ folder: folder.path });
  fed.feed(100);
  await fed.journal.sync();
  const server = new HandServer();
  const session = await Session.open({
    server,
    feeds: [{ journal: fed.journal, subject: "ks.cdr.test" }],
    cursors: new CursorFile(systemDisk, folder.join("cursors.json")),
    acknowledged: new Map(),
    wantedStream: null,
    initialWindow: 4,
    clock: systemClock,
    report: () => {},
    signal: new AbortController().signal,
  });
  session.start();
  await waitFor("four to be sent", () => server.published.length === 4);
  await use(session, server);
  await session.close();
}

/** Lets a publisher go on that can. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a session goes on sending as records are acknowledged", async () => {
  await withSession(async (_, server) => {
    server.acknowledge(1);
    await waitFor("the next one", () => server.published.includes(5));
  });
});

Deno.test("a session that has ended sends nothing more, whatever is still acknowledged", async () => {
  await withSession(async (session, server) => {
    const full = { kind: "hold", trouble: "storage_full", message: "maximum messages" } as const;
    server.answer({ feed: 0, sequence: 1 }, full);
    for (const sequence of [2, 3, 4]) server.acknowledge(sequence);
    await turns();
    assert.deepEqual(server.published, [1, 2, 3, 4]);
    assert.equal((await session.ended).trouble, "storage_full");
  });
});

Deno.test("a session that is closed sends nothing more", async () => {
  await withSession(async (session, server) => {
    await session.close();
    await turns();
    assert.deepEqual(server.published, [1, 2, 3, 4]);
  });
});
