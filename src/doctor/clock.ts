// Whether somebody keeps the box's clock right: every record carries its time.

import type { Machine } from "./machine.ts";
import { type Finding, unseen, well } from "./finding.ts";

const subject = "clock";

/** More than a record's time may be off. */
const muchMs = 1000;

/** Two clocks may differ by so much, with the way of an answer. */
const differenceMs = 5000;

/** What may keep a clock right, as systemd calls it. */
const keepers = ["systemd-timesyncd", "chrony", "chronyd", "ntpd", "ntp", "ntpsec"];

export function examineClock(machine: Machine): Finding[] {
  const time = machine.kernelTime();
  if (time === null) {
    return [unseen(subject, "the kernel does not tell whether it is synchronised", machine)];
  }
  if (!time.isSynchronised) {
    return [{
      level: "warning",
      subject,
      message: "nobody keeps it right: the kernel calls it not synchronised",
      cause: "records carry the time that it shows, and it drifts, seconds a day",
      hint: hintFor(machine),
    }];
  }
  const off = `it is off by ${Math.ceil(time.maxErrorMs)} ms at most`;
  if (time.maxErrorMs < muchMs) return [well(subject, `synchronised; ${off}`)];
  return [{
    level: "warning",
    subject,
    message: `synchronised, but not lately; ${off}`,
    cause: "the time servers have not answered for hours",
    hint: hintFor(machine),
  }];
}

/** Of the time that a NATS server has told; `NaN` where it told none. */
export function differenceFindings(server: string, behindMs: number): Finding[] {
  if (!(Math.abs(behindMs) > differenceMs)) return [];
  const seconds = Math.round(Math.abs(behindMs) / 1000);
  return [{
    level: "warning",
    subject,
    message: `it is ${seconds} seconds ${behindMs > 0 ? "behind" : "ahead of"} the server's`,
    cause: `one of the two is wrong: this box, or the server of ${server}`,
    hint: "see whether this one is kept right: timedatectl",
  }];
}

function hintFor(machine: Machine): string {
  const keeper = keepers.find((name) =>
    machine.list("/etc/systemd/system/multi-user.target.wants").includes(`${name}.service`) ||
    machine.list("/etc/systemd/system/sysinit.target.wants").includes(`${name}.service`)
  );
  if (keeper === undefined) return "sudo apt-get install systemd-timesyncd";
  if (keeper.startsWith("chrony")) return "see which servers it has: chronyc sources";
  return keeper === "systemd-timesyncd"
    ? "see which server it has: timedatectl timesync-status"
    : "see which servers it has: ntpq -p";
}
