// Why a session ended or could not begin.

import { errorText } from "../platform/notice.ts";
import type { Trouble } from "./outcome.ts";
import { NoStream } from "./streams.ts";

export class SessionEnd extends Error {
  override readonly name = "SessionEnd";

  /** What to do about it, where more is known than the trouble tells. */
  readonly hint: string | undefined;

  constructor(
    readonly trouble: Trouble,
    message: string,
    options: { readonly cause?: unknown; readonly hint?: string | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }
}

/** What an error of the JetStream API means for a session. */
export function apiFailure(action: string, error: unknown): SessionEnd {
  if (error instanceof SessionEnd) return error;
  if (error instanceof NoStream) {
    return new SessionEnd("no_stream", error.message, { cause: error });
  }
  // The client does not export these errors' classes.
  const name = error instanceof Error ? error.name : "";
  const isGone = name === "JetStreamNotEnabled" || name === "StreamNotFoundError";
  const message = `${action}: ${errorText(error)}`;
  return new SessionEnd(isGone ? "no_stream" : "stalled", message, { cause: error });
}
