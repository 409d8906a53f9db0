// What can be learnt of a destination without publishing anything: which of its servers let us in,
// and the streams that take its subjects.

import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { ServerOptions } from "./connection.ts";
import { dial } from "./dial.ts";
import { NatsAccount, readStorage } from "./nats_storage.ts";
import { apiFailure, SessionEnd } from "./session_end.ts";
import type { StreamStorage } from "./stream_storage.ts";
import { ensureStream, NoStream } from "./streams.ts";

const apiTimeoutMs = 3000;

export interface ServerSurvey {
  /** Its address. */
  readonly address: string;
  /** `null` where we are not let in. */
  readonly version: string | null;
  readonly failure: SessionEnd | null;
}

export interface SubjectSurvey {
  readonly subject: string;
  /** `null` where none takes it. */
  readonly stream: SurveyedStream | null;
}

export interface SurveyedStream {
  readonly info: StreamInfo;
  readonly storage: StreamStorage;
}

export interface DestinationSurvey {
  readonly servers: readonly ServerSurvey[];
  /** Of the first server that lets us in; none where none does, or it does not tell. */
  readonly subjects: readonly SubjectSurvey[];
  /** Why it does not tell of streams. */
  readonly streamFailure: SessionEnd | null;
}

/** Takes seconds where servers do not answer. Nothing is left open. */
export async function surveyDestination(
  servers: readonly ServerOptions[],
  { subjects, signal }: { readonly subjects: readonly string[]; readonly signal: AbortSignal },
): Promise<DestinationSurvey> {
  const dialled = await Promise.all(servers.map((server) => tryDial(server, signal)));
  const connections = dialled.flatMap((each) => each instanceof SessionEnd ? [] : [each]);
  try {
    const [first] = connections;
    const found = first === undefined
      ? { subjects: [], streamFailure: null }
      : await surveySubjects(first, subjects);
    return {
      servers: dialled.map((each, i): ServerSurvey => {
        const address = servers[i]?.servers ?? "";
        return each instanceof SessionEnd
          ? { address, version: null, failure: each }
          : { address, version: each.info?.version ?? "", failure: null };
      }),
      ...found,
    };
  } finally {
    await Promise.all(connections.map((each) => each.close()));
  }
}

async function tryDial(
  server: ServerOptions,
  signal: AbortSignal,
): Promise<NatsConnection | SessionEnd> {
  try {
    return await dial(server, signal);
  } catch (error) {
    if (!(error instanceof SessionEnd)) throw error;
    if (!signal.aborted) return error;
    return new SessionEnd("disconnected", `connect to ${server.servers}: no answer in time`);
  }
}

async function surveySubjects(
  connection: NatsConnection,
  subjects: readonly string[],
): Promise<Pick<DestinationSurvey, "subjects" | "streamFailure">> {
  const surveys: SubjectSurvey[] = [];
  try {
    const manager = await jetstreamManager(connection, { timeout: apiTimeoutMs, checkAPI: false });
    const account = new NatsAccount(() => manager.getAccountInfo());
    for (const subject of subjects) {
      surveys.push({ subject, stream: await surveyStream(manager, account, subject) });
    }
    return { subjects: surveys, streamFailure: null };
  } catch (error) {
    return { subjects: surveys, streamFailure: apiFailure("ask for its streams", error) };
  }
}

async function surveyStream(
  manager: JetStreamManager,
  account: NatsAccount,
  subject: string,
): Promise<SurveyedStream | null> {
  try {
    const info = await manager.streams.info(await ensureStream(manager, subject, null));
    return { info, storage: readStorage(info, await account.stats()) };
  } catch (error) {
    if (error instanceof NoStream) return null;
    throw error;
  }
}
