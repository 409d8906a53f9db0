// Finds the stream that takes a subject, and makes it when there is none. A stream that is there is
// never altered: it belongs to the operators.

import { JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream";

/** JetStream's code for "no stream matches subject". */
const streamNotFound = 10059;

/** A stream to make when nothing takes the subject yet. */
export interface WantedStream {
  readonly name: string;
  readonly subjects: readonly string[];
}

/** No stream takes a subject, and none could be made. */
export class NoStream extends Error {
  override readonly name = "NoStream";
}

/** The name of the stream that takes `subject`. @throws {NoStream} */
export async function ensureStream(
  manager: JetStreamManager,
  subject: string,
  wanted: WantedStream | null,
): Promise<string> {
  const present = await findStream(manager, subject);
  if (present !== null) return present;
  if (wanted === null) throw new NoStream(`no stream takes subject ${subject}`);
  const refusal = await makeStream(manager, wanted);
  // Even after a refusal there may be one now: another box made it in the same moment.
  const made = await findStream(manager, subject);
  if (made !== null) return made;
  const why = refusal === null ? "it takes other subjects" : refusal.message;
  throw new NoStream(`no stream takes subject ${subject}; making stream ${wanted.name}: ${why}`);
}

/** Why the server would not make the stream, or `null` when it did. */
async function makeStream(
  manager: JetStreamManager,
  { name, subjects }: WantedStream,
): Promise<JetStreamApiError | null> {
  try {
    await manager.streams.add({ name, subjects: [...subjects] });
    return null;
  } catch (error) {
    if (error instanceof JetStreamApiError) return error;
    throw error;
  }
}

async function findStream(manager: JetStreamManager, subject: string): Promise<string | null> {
  try {
    return await manager.streams.find(subject);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === streamNotFound) return null;
    throw error;
  }
}
