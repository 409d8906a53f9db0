// A backup of a JetStream stream, made and restored as an operator does with `nats stream backup` and
// `nats stream restore`, while everybody stays connected.

import type { NatsConnection } from "@nats-io/transport-node";

export interface StreamBackup {
  readonly config: unknown;
  readonly state: unknown;
  readonly chunks: readonly Uint8Array[];
}

interface ApiReply {
  readonly error?: { readonly description: string };
  readonly config?: unknown;
  readonly state?: unknown;
  readonly deliver_subject?: string;
}

export async function backUp(connection: NatsConnection, stream: string): Promise<StreamBackup> {
  const inbox = `_INBOX.backup.${crypto.randomUUID()}`;
  const pieces = connection.subscribe(inbox);
  const request = { deliver_subject: inbox, chunk_size: 65_536 };
  const { config, state } = await ask(connection, `SNAPSHOT.${stream}`, request);
  const chunks: Uint8Array[] = [];
  for await (const piece of pieces) {
    if (piece.data.length === 0) break;
    chunks.push(piece.data.slice());
    piece.respond();
  }
  return { config, state, chunks };
}

/** The stream must have been deleted. */
export async function restore(
  connection: NatsConnection,
  stream: string,
  { config, state, chunks }: StreamBackup,
): Promise<void> {
  const { deliver_subject: to = "" } = await ask(connection, `RESTORE.${stream}`, {
    config,
    state,
  });
  for (const chunk of chunks) await connection.request(to, chunk);
  read((await connection.request(to, new Uint8Array(0))).json());
}

async function ask(connection: NatsConnection, api: string, request: unknown): Promise<ApiReply> {
  const subject = `$JS.API.STREAM.${api}`;
  return read((await connection.request(subject, JSON.stringify(request))).json());
}

function read(reply: ApiReply): ApiReply {
  if (reply.error !== undefined) throw new Error(`stream backup: ${reply.error.description}`);
  return reply;
}
