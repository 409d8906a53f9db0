// Kinds of notice that are about a serial line: its signals, its settings, its quality.

import type { Kinds } from "./kind.ts";

const cable = "look at cable, earthing and line settings";
const share = { bad: "characters that arrived damaged", all: "of so many" };

export const lineKinds = {
  signal_lost: {
    level: "warning",
    means: "the modem lines that were on went off: the cable is pulled, or the equipment is off",
    toDo: "look whether the cable is plugged in at both ends and the equipment is switched on",
    details: { lines: "names of the lines" },
  },
  signal_detected: {
    level: "info",
    means: "modem lines are on, or characters arrive, after `signal_lost`",
    toDo: "nothing",
    details: { lines: "names of the lines that are on" },
  },
  line_changed: {
    level: "info",
    means: "a modem line changed its level",
    toDo: "nothing",
    details: { line: "its name", level: "`on` or `off`" },
  },
  baud_detected: {
    level: "info",
    means: "speed and framing were found",
    toDo: "nothing",
    details: {
      baudRate: "bits a second",
      framing: "such as `8N1`",
      confidence: "how sure it is, 0 to 1",
      evidenceBytes: "from so many bytes",
    },
  },
  line_tried: {
    level: "debug",
    means: "while looking for speed and framing, another one is tried",
    toDo: "nothing",
  },
  line_lost: {
    level: "warning",
    means: "what arrives no longer fits the settings that were found; they are looked for anew",
    toDo: "nothing",
  },
  line_mismatch: {
    level: "warning",
    means: "the line looks otherwise than it is configured; the configuration holds",
    toDo: "correct the port's settings, or set `baud_rate` to 0",
  },
  line_mismatch_over: {
    level: "info",
    means: "the line is as configured",
    toDo: "nothing",
  },
  speed_refused: {
    level: "error",
    means: "the port cannot be set to that speed",
    toDo: "correct `baud_rate`, or use an adapter that can be set so",
    details: { asked: "bits a second", taken: "bits a second that it stays at" },
  },
  flow_control_used: {
    level: "info",
    means: "characters were lost, so RTS/CTS is used from now on",
    toDo: 'nothing; `"use_flow_control": false` keeps it from being used',
  },
  line_noisy: {
    level: "warning",
    means: "many of the last characters arrived damaged",
    toDo: cable,
    details: share,
  },
  line_clean: {
    level: "info",
    means: "the line is clean again",
    toDo: "nothing",
    details: share,
  },
  overrun: {
    level: "error",
    means: "characters were lost in the port's hardware or in the kernel, before anybody read them",
    toDo: "see what keeps the machine busy: top",
    details: {
      overrun: "characters lost in the hardware",
      bufferOverrun: "times that the kernel's buffer was full",
    },
  },
  line_errors: {
    level: "warning",
    means: "the driver has counted errors on the line",
    toDo: cable,
    details: {
      framing: "characters with a wrong stop bit",
      parity: "characters with a wrong parity bit",
      break: "breaks",
    },
  },
} as const satisfies Kinds;
