// The yardstick of the drain report, a process of its own: the same records by the JetStream client's
// own `js.publish`, 256 in flight. Reads `from count` from standard input for each round, and answers
// with the milliseconds that it took.
//
//   deno run --allow-all tests/bench/client_drain.ts FOLDER URL SUBJECT

import { jetstream } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import { formatMessageId, messageHeaders } from "../../src/delivery/message.ts";
import { KeptJournal } from "../../src/journal/kept_journal.ts";
import { KeptRecords } from "../../src/journal/kept_records.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { JournalRecord } from "../../src/record.ts";
import { channels, statePath } from "./drain_site.ts";

const [folder = "", url = "", subject = ""] = Deno.args;
const inFlight = 256;

const connection = await connect({ servers: url });
const client = jetstream(connection);

let underWay = 0;
let roomMade: () => void = () => {};

async function publish(channel: string, record: JournalRecord): Promise<void> {
  const header = headers();
  for (const [name, value] of messageHeaders(channel, record)) header.set(name, value);
  const msgID = formatMessageId({ channel, ...record });
  underWay += 1;
  await client.publish(subject, record.line, { msgID, headers: header });
  underWay -= 1;
  roomMade();
}

async function room(below: number): Promise<void> {
  while (underWay >= below) await new Promise<void>((resolve) => roomMade = resolve);
}

/** Publishes records of a channel, each when there is room. */
async function drain(channel: string, from: number, count: number): Promise<void> {
  const place = { disk: systemDisk, folder, tailFolders: [], name: channel };
  using journal = new KeptJournal({ ...place, statePath: statePath(folder, channel) });
  await using records = new KeptRecords(journal, systemClock);
  for (let sequence = from; sequence < from + count; sequence++) {
    const record = records.atHand(sequence) ?? await records.read(sequence);
    if (typeof record === "string") throw new Error(`read ${channel} ${sequence}: ${record}`);
    if (underWay >= inFlight) await room(inFlight);
    publish(channel, record);
  }
}

for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const [from = 0, count = 0] = text.trim().split(" ").map(Number);
  const startMs = performance.now();
  for (const channel of channels) await drain(channel, from, count);
  await room(1);
  console.log(performance.now() - startMs);
}
await connection.close();
