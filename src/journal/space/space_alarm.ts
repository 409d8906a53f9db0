// Tells the people when the disk becomes low, falls below the floor, and recovers: each once. What
// is worse is told at the second look in a row, for in between the journals may have made room
// themselves; what is better at the fifth, so that a disk that goes up and down is told as bad.

import type { NoticeLevel } from "../../platform/kinds/kind.ts";
import type { NoticeKind } from "../../platform/kinds/notice_kinds.ts";
import type { Report } from "../../platform/notice.ts";
import { describeBytes, describeSpace, type SpaceLevel, type SpaceStatus } from "./space_status.ts";

const looksUntilWorse = 2;
const looksUntilBetter = 5;

const severity: Readonly<Record<SpaceLevel, number>> = { enough: 0, low: 1, below_floor: 2 };

interface Wording {
  readonly level: NoticeLevel;
  readonly kind: NoticeKind;
  readonly says: string;
}

const wordings: Readonly<Record<SpaceLevel, Wording>> = {
  enough: { level: "info", kind: "disk_recovered", says: "has enough free space again" },
  low: { level: "warning", kind: "disk_low", says: "is running out of free space" },
  below_floor: {
    level: "error",
    kind: "disk_below_floor",
    says: "is full but for what must stay free",
  },
};

export class SpaceAlarm {
  readonly #path: string;
  readonly #report: Report;
  #told: SpaceLevel = "enough";
  #worse = 0;
  #better = 0;

  constructor(options: { readonly path: string; readonly report: Report }) {
    this.#path = options.path;
    this.#report = options.report;
  }

  /** Takes in what a look found. */
  look(status: SpaceStatus): void {
    const change = severity[status.level] - severity[this.#told];
    this.#worse = change > 0 ? this.#worse + 1 : 0;
    this.#better = change < 0 ? this.#better + 1 : 0;
    if (this.#worse < looksUntilWorse && this.#better < looksUntilBetter) return;
    this.#worse = 0;
    this.#better = 0;
    this.#told = status.level;
    this.#tell(status);
  }

  #tell(status: SpaceStatus): void {
    const { level, kind, says } = wordings[status.level];
    const { totalBytes, freeBytes, floorBytes, journalBytes, fullInMs } = status;
    this.#report({
      level,
      kind,
      message: `the disk of ${this.#path} ${says}: ${describeSpace(status)}; ` +
        `the journals take ${describeBytes(journalBytes)}`,
      ...status.level === "enough" ? {} : { hint: this.#hint(status) },
      details: {
        totalBytes,
        freeBytes,
        floorBytes,
        journalBytes,
        ...fullInMs === null ? {} : { fullInMs: Math.round(fullInMs) },
      },
    });
  }

  #hint({ floorBytes, totalBytes }: SpaceStatus): string {
    if (floorBytes >= totalBytes) {
      return `lower journal.min_free_mb: the disk has ${describeBytes(totalBytes)} in all`;
    }
    const largest = `du -xh -d 3 "$(stat -c %m ${this.#path})" | sort -h | tail -n 20`;
    return `make room on it; the largest folders: ${largest}`;
  }
}
