// What is known of the disk of the journals, how serious it is, and how to say it. Pure.

import { describeDuration } from "../../platform/duration.ts";
import { floorMarginBytes } from "./space_limits.ts";

/** `low`: near the floor or there within a day. */
export type SpaceLevel = "enough" | "low" | "below_floor";

/** The figures of the last look that the file system answered; all 0 before the first. */
export interface SpaceStatus {
  readonly level: SpaceLevel;
  /** Free space fell below the floor and has not risen clear of it again. */
  readonly belowFloor: boolean;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Free space that is to be left; 0 for none. */
  readonly floorBytes: number;
  /** What all journals take. */
  readonly journalBytes: number;
  /** Milliseconds until the floor is reached as things go; `null` when free space does not shrink. */
  readonly fullInMs: number | null;
  /** Milliseconds since the figures were taken; `null` before the first look. */
  readonly ageMs: number | null;
  /** Why there are no newer figures; `null` when there are. */
  readonly problem: string | null;
}

const dayMs = 86_400_000;

type Room = Pick<SpaceStatus, "totalBytes" | "freeBytes" | "floorBytes" | "fullInMs">;

/** The level, given the one before: it takes more to leave a level than it took to get there. */
export function spaceLevel(before: SpaceLevel, room: Room): SpaceLevel {
  const { totalBytes, freeBytes, floorBytes, fullInMs } = room;
  const margin = floorMarginBytes(floorBytes);
  if (freeBytes < floorBytes + (before === "below_floor" ? margin : 0)) return "below_floor";
  // Who wants no floor still wants to hear of a full disk.
  const nearBytes = floorBytes === 0 ? totalBytes / 100 : 2 * floorBytes;
  const [lowBytes, lowMs] = before === "enough"
    ? [nearBytes, dayMs]
    : [nearBytes + 2 * margin, 2 * dayMs];
  const near = freeBytes < lowBytes || fullInMs !== null && fullInMs < lowMs;
  return near ? "low" : "enough";
}

/** Such as `12.4 GB free of 29 GB, floor 594 MB, full in 41 days`. */
export function describeSpace(status: SpaceStatus): string {
  const { freeBytes, totalBytes, floorBytes, fullInMs, belowFloor, ageMs, problem } = status;
  const noNews = problem === null ? [] : [problem];
  if (ageMs === null) return ["free space not known", ...noNews].join(": ");
  const floor = describeBytes(floorBytes);
  const above = floorBytes === 0 ? "no floor" : `floor ${floor}`;
  const below = `${freeBytes < floorBytes ? "below" : "just above"} the floor of ${floor}`;
  return [
    `${describeBytes(freeBytes)} free of ${describeBytes(totalBytes)}`,
    belowFloor ? below : above,
    ...fullInMs === null || belowFloor ? [] : [`full in ${describeDuration(fullInMs)}`],
    ...noNews.map((why) => `${describeDuration(ageMs)} ago: ${why}`),
  ].join(", ");
}

/** In the largest unit that gives a number from 1 on, as `df -h` counts them: `594 MB`. */
export function describeBytes(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = units.shift();
  for (; value >= 1024 && units.length > 0; unit = units.shift()) value /= 1024;
  // Downwards: nobody is told of more room than there is.
  const shown = value < 100 ? Math.floor(value * 10) / 10 : Math.floor(value);
  return `${shown} ${unit}`;
}
