// Kinds of notice that are about delivery: sinks, their streams, and who we are to them.

import type { Kinds } from "./kind.ts";

const end = { key: "section and key of the file", expires_ms: "milliseconds since 1970" };
const full = { stream: "its name", percent: "how full it is" };
const records = { from: "first sequence", to: "last sequence, included" };

export const deliveryKinds = {
  sink_restart: {
    level: "error",
    means: "an error that nobody expected broke a sink; it is begun anew, records wait meanwhile",
    toDo: "send the log to support: it is a mistake in this program",
  },
  sink_connected: {
    level: "info",
    means: "records are being delivered",
    toDo: "nothing",
  },
  sink_disconnected: {
    level: "warning",
    means: "the server cannot be reached; records wait in the journal",
    toDo: "start nats-server, or correct its address; or what the hint says",
  },
  sink_no_stream: {
    level: "warning",
    means: "the server has no stream for the records; they wait in the journal",
    toDo: "switch JetStream on in nats-server, or make a stream that takes the subject",
  },
  sink_storage_full: {
    level: "warning",
    means: "the stream, or its server, is full; records wait in the journal",
    toDo: "raise the stream's limits, or its server's max_file_store, or free its disk",
  },
  sink_unauthorized: {
    level: "warning",
    means: "the server rejects us; records wait in the journal",
    toDo: "check user, password, token or credentials file, and the user's permissions",
  },
  sink_stalled: {
    level: "warning",
    means: "the server is there but does not answer; records wait in the journal",
    toDo: "look at the server's log and its disk",
  },
  stream_lost_records: {
    level: "warning",
    means: "the stream lost records that it had acknowledged; they are sent again",
    toDo: "let the server sync at once (`sync_interval: always`)",
    details: records,
  },
  stream_drops_old: {
    level: "warning",
    means: "the stream drops its oldest records silently when it is full",
    toDo: "where that is not meant: nats stream edit STREAM --discard=new",
    details: { stream: "its name" },
  },
  stream_storage_warning: {
    level: "warning",
    means: "the stream is 80 % full",
    toDo: "raise its limits, or let it keep less",
    details: full,
  },
  stream_storage_critical: {
    level: ["error", "warning"],
    means: "the stream is 95 % full",
    toDo: "raise its limits, or let it keep less",
    details: full,
  },
  stream_storage_recovered: {
    level: "info",
    means: "the stream has room again",
    toDo: "nothing",
    details: full,
  },
  rejected_record: {
    level: "error",
    means: "the server will never take this record; it is set aside, and the rest goes on",
    toDo: "raise max_payload or max_msg_size on the server for the next; it stands in the journal",
    details: { sequence: "of the record" },
  },
  records_passed_over: {
    level: "error",
    means: "records cannot be read from the disk and are not delivered",
    toDo: "look at the disk: dmesg, smartctl",
    details: records,
  },
  cursor_not_saved: {
    level: "warning",
    means: "how far delivery has come could not be written; the stream is asked after a restart",
    toDo: "make room, or mend the disk, of journal.state_path",
  },
  credentials_changed: {
    level: "info",
    means: "a file of credentials has changed: connecting anew with what is in it",
    toDo: "nothing",
  },
  credentials_unusable: {
    level: "warning",
    means: "a file of credentials is missing or not whole; what was read before stays in use",
    toDo: "put the whole file in place",
  },
  credentials_expire: {
    level: "warning",
    means: "a JWT or certificate ends within 30 days, 7 days, or a day",
    toDo: "put a new one in the file",
    details: end,
  },
  credentials_expired: {
    level: "error",
    means: "a JWT or certificate has expired",
    toDo: "put a new one in the file",
    details: end,
  },
  credentials_renewed: {
    level: "info",
    means: "a JWT or certificate that was ending is valid for longer now",
    toDo: "nothing",
    details: end,
  },
} as const satisfies Kinds;
