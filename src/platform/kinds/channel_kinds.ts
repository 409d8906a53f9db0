// Kinds of notice that are about one channel, wherever its bytes come from.

import type { Kinds } from "./kind.ts";

const opening = {
  level: "warning",
  toDo: "what the hint says; it is tried again by itself",
} as const;

export const channelKinds = {
  state_change: {
    level: "info",
    means: "a channel's state is another one; heartbeats have the states, too",
    toDo: "nothing; the event behind it says why",
    details: { from: "the state before", to: "the state now" },
  },
  source_opened: {
    level: "info",
    means: "a port is open",
    toDo: "nothing",
  },
  source_detecting: {
    level: "info",
    means: "as `source_opened`; its speed and framing are being looked for",
    toDo: "nothing",
  },
  source_gone: {
    level: "warning",
    means: "a port's device, or its connection, went away and is waited for",
    toDo: "plug it in; of a connection the message says why it has ended",
  },
  reconnect: {
    level: "info",
    means: "a port that was gone is open again",
    toDo: "nothing",
    details: { reconnects: "how often so far, since the start of the service" },
  },
  source_missing: {
    ...opening,
    means: "there is no such device, or this machine has no such address",
  },
  source_busy: { ...opening, means: "another program uses the device, or the TCP port" },
  source_no_permission: {
    ...opening,
    means: "the service's user may not open the device, or the TCP port",
  },
  source_not_a_terminal: { ...opening, means: "`device` is not a serial port" },
  source_unreachable: { ...opening, means: "the other side of a connection does not answer" },
  source_refused: { ...opening, means: "the other side of a connection does not let us in" },
  source_stalled: {
    level: "warning",
    means: "a feed is connected, and nothing has come for `stall_sec`",
    toDo: "look at the server that sends; it is connected anew by itself",
  },
  source_not_connected: {
    level: "warning",
    means: "a port is listened on, and nobody has connected",
    toDo: "let the equipment send to this box; a firewall may be between",
  },
  source_bad_certificate: {
    ...opening,
    means: "a certificate, theirs or ours, does not do, or a file of TLS cannot be read",
  },
  source_failed: { ...opening, means: "opening or reading failed" },
  sender_replaced: {
    level: "warning",
    means: "another connection began to send, and takes the place of the one that was read",
    toDo: "nothing after a link was lost; two senders need a port each",
  },
  sender_refused: {
    level: "warning",
    means: "somebody connected who does not get on with TLS",
    toDo: "let the sender use TLS, and know the authority that has signed tls.cert_file",
  },
  silence: {
    level: "warning",
    means: "nothing was heard for longer than it should be",
    toDo: "make a call; if nothing comes, look at the cable and the equipment's printer port",
    details: {
      quietSeconds: "how long, seconds",
      limitSeconds: "`silence_alarm_sec`, seconds",
      missedArrivals: "learned: how often something should have come in that time",
      usualArrivalsPerHour: "learned: how often something comes at this hour of the week",
    },
  },
  silence_over: {
    level: "info",
    means: "it is heard again",
    toDo: "nothing",
  },
  silence_learning: {
    level: "info",
    means: "what is usual is learned, for two weeks before silence is told",
    toDo: "nothing",
  },
  silence_forgotten: {
    level: "warning",
    means: "what was learned of a port's habits is damaged, and is learned anew",
    toDo: "nothing; for two weeks nobody tells that the port is silent",
  },
  append_refused: {
    level: "error",
    means: "disk and memory take no more records; reading waits",
    toDo: "make room, or mend the disk: df -h, dmesg",
  },
  append_resumed: {
    level: "info",
    means: "records are taken again",
    toDo: "nothing",
  },
  post_refused: {
    level: "warning",
    means: "a post over HTTP was not taken; told at most once a minute",
    toDo: "what the hint says",
    details: {
      status: "what it was answered with, an HTTP status",
      refused: "posts refused since it was last told, this one included",
    },
  },
  channel_restart: {
    level: "error",
    means: "an error that nobody expected broke a channel; it is opened again, the others go on",
    toDo: "send the log to support: it is a mistake in this program",
    details: {
      error: "what was thrown",
      where: "the place in the program",
      inARow: "how many there were without a while of peace between them",
      restarts: "how many there were since the start of the service",
      pauseMs: "until it is opened again, milliseconds",
    },
  },
  channel_failing: {
    level: "error",
    means: "five such errors in a row; it is tried again and again, and a condition until it runs",
    toDo: "send the log to support; what the equipment sends meanwhile may be lost",
    details: { inARow: "how many there were without a while of peace between them" },
  },
  channel_recovered: {
    level: "info",
    means: "a channel that was failing has run without an error for `max_reconnect_delay_sec`",
    toDo: "nothing",
  },
  channel_not_let_go: {
    level: "warning",
    means:
      "what was left of a broken channel did not end in order; it is opened again all the same",
    toDo: "send the log to support",
  },
  recorded_as_read: {
    level: "error",
    means:
      "bytes that broke a channel each time it started are recorded as they were read, damaged",
    toDo: "send the log to support",
    details: { bytes: "how many" },
  },
  raw_capture_stopped: {
    level: "warning",
    means: "raw capture of a port has stopped; its records are not touched by it",
    toDo: "make room, or mend the disk; it goes on by itself",
  },
  raw_capture_resumed: {
    level: "info",
    means: "raw capture goes on",
    toDo: "nothing",
    details: { bytes: "bytes that are missing in it" },
  },
} as const satisfies Kinds;
