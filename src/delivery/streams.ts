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

/** The name of the stream that takes `subject`, or `null` when there is none and none may be made. */
export async function ensureStream(
  manager: JetStreamManager,
  subject: string,
  wanted: WantedStream | null,
): Promise<string | null> {
  const present = await findStream(manager, subject);
  if (present !== null || wanted === null) return present;
  try {
    await manager.streams.add({ name: wanted.name, subjects: [...wanted.subjects] });
  } catch (error) {
    // Another box may have made it in the same moment; else the next look says that it is missing.
    if (!(error instanceof JetStreamApiError)) throw error;
  }
  return await findStream(manager, subject);
}

async function findStream(manager: JetStreamManager, subject: string): Promise<string | null> {
  try {
    return await manager.streams.find(subject);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === streamNotFound) return null;
    throw error;
  }
}
