// Kinds of notice that are about the service and the box as a whole.

import type { Kinds } from "./kind.ts";

export const serviceKinds = {
  service_start: {
    level: "info",
    means: "the ports are being read",
    toDo: "nothing",
  },
  stopping: {
    level: "info",
    means: "it was told to stop",
    toDo: "nothing",
  },
  service_stop: {
    level: "info",
    means: "it has stopped; a hub often hears of it only after the next start",
    toDo: "nothing",
  },
  systemd_not_told: {
    level: "warning",
    means: "systemd did not take what it was told: it may start the service anew for silence",
    toDo: "send the log to support",
  },
  stop_given_up: {
    level: "error",
    means: "a stop took longer than 30 s and was given up; nothing that was synced is lost by that",
    toDo: "send the log to support",
  },
  unclean_shutdown: {
    level: "warning",
    means: "the last run ended without a stop: killed, or the power went",
    toDo: "nothing; if it comes again, look at dmesg and at the power supply",
    details: {
      pid: "number of the process of that run",
      startedMs: "when that run began, milliseconds since 1970",
      aliveMs: "when it was last known alive, to the minute, milliseconds since 1970",
    },
  },
  clock_step: {
    level: "warning",
    means: "the box's clock was set, or the box has slept; records keep the time that it showed, " +
      "their sequence says in which order they came",
    toDo: "nothing after a start without a battery for the clock; else look after the time " +
      "server: timedatectl",
    details: {
      stepMs: "by how much, milliseconds; below 0 it was set back",
      direction: "`forward` or `back`",
    },
  },
  hangup: {
    level: "info",
    means: "SIGHUP came: the configuration and credentials are read anew",
    toDo: "nothing",
  },
  config_reloaded: {
    level: "info",
    means: "the configuration was read anew and taken: what has changed, or that nothing has",
    toDo: "restart the service where the message says that a key takes effect only then",
    details: { needRestart: "keys that take effect at the next start, with commas between them" },
  },
  config_refused: {
    level: "error",
    means: "the configuration was read anew and does not check: nothing has changed; a condition",
    toDo: "nectarcollector check --config FILE, mend, reload",
    details: { problems: "how many problems it has" },
  },
  control_refused: {
    level: "warning",
    means: "commands cannot ask the running service, for its socket cannot be made",
    toDo: "look at the runtime folder and its owner; SIGHUP reloads all the same",
  },
  start_failed: {
    level: "error",
    means: "the service could not start",
    toDo: "mend the cause that it names",
  },
  already_running: {
    level: "error",
    means: "another nectarcollector uses the same folders",
    toDo: "stop it first, or give this one other folders",
  },
  folder_refused: {
    level: "error",
    means: "a folder cannot be used; records wait in memory",
    toDo: "make the folder, and let the service's user read and write it",
  },
  section_broken: {
    level: "error",
    means: "a section of the configuration does not check; the service runs without it",
    toDo: "nectarcollector check --config FILE, mend, nectarcollector reload",
    details: {
      section: "name of the section",
      problems: "how many problems it has",
    },
  },
  error: {
    level: "error",
    means: "an error that nobody expected was caught; capture goes on",
    toDo: "send the log to support",
    details: {
      error: "what was thrown",
      where: "the place in the program",
      count: "how many there were since the start of the service",
    },
  },
  events_lost: {
    level: "error",
    means: "events could not even be written, because disk and memory refused",
    toDo: "make room, or mend the disk",
    details: { events: "how many" },
  },
  heartbeat_failed: {
    level: "error",
    means: "a heartbeat could not be written; the operational log only",
    toDo: "send the log to support",
  },
  telemetry_refused: {
    level: "warning",
    means: "the journal of events or of heartbeats cannot be opened; the operational log only",
    toDo: "make room, or mend the disk, and restart",
  },
  state_not_saved: {
    level: "warning",
    means: "something that is to be known after a restart could not be written",
    toDo: "make room, or mend the disk, of journal.state_path",
  },
} as const satisfies Kinds;
