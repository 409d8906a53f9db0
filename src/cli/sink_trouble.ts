// Why a command could not do with a sink what it was asked for, in the words that the service's own
// log has, with what to do about it.

import type { Destination } from "../delivery/destinations.ts";
import { SessionEnd } from "../delivery/session_end.ts";
import { troubleHints } from "../delivery/outcome.ts";
import { NoStream } from "../delivery/streams.ts";
import { errorText } from "../platform/notice.ts";
import { asCannotLook, CannotLook } from "./kept_channels.ts";
import { withoutPassword } from "./summary.ts";
import type { Terminal } from "./terminal.ts";

/** `noStreamHint` is what to do where no stream takes the subject. */
export function sinkTrouble(
  error: unknown,
  { name, addressKey, servers }: Destination,
  noStreamHint: string,
): CannotLook {
  if (error instanceof CannotLook) return error;
  const at = servers.map(withoutPassword).join(", ");
  const message = `${name} at ${at}: ${errorText(error)}`;
  const isOff = error instanceof Error && error.name === "JetStreamNotEnabled";
  const isNoStream = error instanceof SessionEnd && error.trouble === "no_stream";
  if (error instanceof NoStream || isOff || isNoStream) {
    return new CannotLook(message, noStreamHint, error);
  }
  if (error instanceof SessionEnd) {
    const where = error.trouble === "disconnected" ? ` (${addressKey})` : "";
    return new CannotLook(message, `${error.hint ?? troubleHints[error.trouble]}${where}`, error);
  }
  const isDisk = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotFound;
  if (isDisk) return asCannotLook("journal and cursors", error);
  return new CannotLook(message, troubleHints.stalled, error);
}

export function tellTrouble(
  { message, hint }: Pick<CannotLook, "message" | "hint">,
  terminal: Terminal,
): void {
  terminal.err(`error: ${message}`);
  terminal.err(`  → ${hint}`);
}
