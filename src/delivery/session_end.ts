// Why a session ended or could not begin.

import { errorText } from "../platform/notice.ts";
import type { Trouble } from "./outcome.ts";
import { NoStream } from "./streams.ts";

export class SessionEnd extends Error {
  override readonly name = "SessionEnd";

  constructor(readonly trouble: Trouble, message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** What an error of the JetStream API means for a session. */
export function apiFailure(action: string, error: unknown): SessionEnd {
  if (error instanceof SessionEnd) return error;
  if (error instanceof NoStream) return new SessionEnd("no_stream", error.message, error);
  // The client does not export these errors' classes.
  const name = error instanceof Error ? error.name : "";
  const isGone = name === "JetStreamNotEnabled" || name === "StreamNotFoundError";
  return new SessionEnd(isGone ? "no_stream" : "stalled", `${action}: ${errorText(error)}`, error);
}
