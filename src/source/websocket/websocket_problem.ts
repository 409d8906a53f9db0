// Why a WebSocket feed cannot be read, in a technician's words, with what to do about it.

import type { SourceProblem } from "../source.ts";
import { tcpProblem } from "../tcp/tcp_problem.ts";
import { UpgradeRefused } from "./upgrade.ts";

/** `name` is the feed's. */
export function websocketProblem(name: string, error: unknown): SourceProblem {
  const what = `connect to ${name}`;
  if (!(error instanceof UpgradeRefused)) return tcpProblem(what, error);
  return { kind: "refused", message: `${what}: ${error.message}`, hint: hintFor(error.status) };
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) {
    return "give what it knows us by: username and password_file, token_file, or a header";
  }
  if (status === 404) return "correct the path in url";
  if (status >= 300 && status < 400) return "write the address that it names as url";
  if (status >= 500) return "look at the server; it is tried again by itself";
  return "is url that of a WebSocket server, and wss:// where it speaks TLS?";
}
