// Whether anybody takes what a serial line says: the driver's count of characters, looked at by the box
// itself ten times a second. A real line does not wait as an emulated one does, so a time in which
// nothing is taken is a time in which a real one loses.

import type { Appliance } from "./appliance.ts";

const samplesFile = "/run/line-watch";

/** What one port's driver did while it was watched. */
export interface LineTaken {
  /** Longest time in which it took nothing. */
  readonly standstillSec: number;
  /** Characters that came when there was no room for them. */
  readonly overruns: number;
}

interface Sample {
  readonly atSec: number;
  readonly received: number;
}

export class LineWatch {
  readonly #box: Appliance;

  private constructor(box: Appliance) {
    this.#box = box;
  }

  /** Watches the first port. */
  static async start(box: Appliance): Promise<LineWatch> {
    const loop = `exec 9<> <(:)
while :; do
  read up idle </proc/uptime
  while read number rest; do [ "$number" = 1: ] && echo "$up $rest"; done </proc/tty/driver/serial
  read -t 0.1 -u 9
done >${samplesFile}`;
    await box.run(`systemd-run --quiet --collect --unit=line-watch bash -c '${loop}'`);
    return new LineWatch(box);
  }

  /** The line must have been busy all the time. */
  async stop(): Promise<LineTaken> {
    await this.#box.run("systemctl stop line-watch");
    const lines = (await this.#box.run(`cat ${samplesFile}`)).split("\n");
    return {
      standstillSec: longestStandstill(lines.map((line): Sample => ({
        atSec: Number(line.split(" ")[0]),
        received: numberAfter(line, "rx"),
      }))),
      overruns: numberAfter(lines.at(-1) ?? "", "oe"),
    };
  }
}

function numberAfter(line: string, name: string): number {
  return Number(new RegExp(` ${name}:(\\d+)`).exec(line)?.[1] ?? 0);
}

/** Only what was seen counts: the whole box stands still at times, and then nobody looks either. */
function longestStandstill(samples: readonly Sample[]): number {
  let longest = 0;
  let [first] = samples;
  for (const sample of samples) {
    if (first === undefined || sample.received !== first.received) first = sample;
    longest = Math.max(longest, sample.atSec - first.atSec);
  }
  return longest;
}
