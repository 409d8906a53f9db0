// What is told of a stream's storage, to the log and by commands. Pure.

import type { Notice } from "../platform/notice.ts";
import { silentLimits, type StorageUse, type StreamStorage } from "./stream_storage.ts";

/** A stream that drops its oldest records without a word; `null` of one that does not. */
export function silentLimitsNotice(sink: string, storage: StreamStorage): Notice | null {
  const { stream } = storage;
  const limits = silentLimits(storage).join(", ");
  if (limits === "") return null;
  return {
    level: "warning",
    kind: "stream_drops_old",
    message: `${sink}: stream ${stream} drops its oldest records silently at its limits: ${limits}`,
    hint: `where that is not meant: nats stream edit ${stream} --discard=new, and records wait ` +
      "in the journal instead",
    details: { stream },
  };
}

/** How full it is, at its present level. */
export function fullnessNotice(
  sink: string,
  { stream, share, level, limit, dropsOldest }: StorageUse,
): Notice {
  const percent = Math.floor(share * 100);
  const details = { stream, percent };
  const what = `${sink}: stream ${stream} is ${percent} % full`;
  if (level === "ok") {
    return { level: "info", kind: "stream_storage_recovered", message: `${what} only`, details };
  }
  const message = `${what} (${limit}); ` +
    (dropsOldest
      ? "its oldest records go silently when it is full"
      : "records wait in the journal when it is full");
  const hint = limit === "account"
    ? "raise the account's JetStream limits, or delete what is not needed"
    : `raise it: nats stream edit ${stream}, or let it keep less: --max-age`;
  return level === "warning"
    ? { level: "warning", kind: "stream_storage_warning", message, hint, details }
    : {
      level: dropsOldest ? "warning" : "error",
      kind: "stream_storage_critical",
      message,
      hint,
      details,
    };
}
