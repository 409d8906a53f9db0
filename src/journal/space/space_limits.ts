// How much room the journals leave and take, in bytes: from what is configured and how large the
// file system is. Pure.

import type { Config } from "../../config/config.ts";

const bytesPerMb = 1024 * 1024;

/** What a floor that nobody configured is at least, as long as the file system is not tiny. */
const usualFloorBytes = 256 * bytesPerMb;

/** The section `journal` of the configuration, as far as room goes. */
export type SpaceSettings = Pick<
  Config["journal"],
  "min_free_mb" | "max_total_mb" | "memory_tail_mb"
>;

export interface SpaceLimits {
  /** Free space that is to be left on the file system; 0 for none. */
  readonly floorBytes: number;
  /** What all journals may take together; `undefined` where that is not limited. */
  readonly maxTotalBytes: number | undefined;
  /** Memory for records that the disk does not take, shared by all channels. */
  readonly memoryTailBytes: number;
}

/** The limits on a file system of `totalBytes`, 0 where its size is not known. */
export function spaceLimits(settings: SpaceSettings, totalBytes: number): SpaceLimits {
  const { min_free_mb, max_total_mb, memory_tail_mb } = settings;
  const floorBytes = min_free_mb === undefined
    ? defaultFloorBytes(totalBytes)
    : min_free_mb * bytesPerMb;
  return {
    // Some file systems, of networks mostly, state no size: of what is free there nothing is known.
    floorBytes: totalBytes === 0 ? 0 : Math.round(floorBytes),
    maxTotalBytes: max_total_mb === undefined ? undefined : Math.round(max_total_mb * bytesPerMb),
    memoryTailBytes: Math.round(memory_tail_mb * bytesPerMb),
  };
}

/**
 * How far above the floor free space has to rise, once it was below, to count as above again:
 * else every record that is written just there would tip it over and back.
 */
export function floorMarginBytes(floorBytes: number): number {
  return Math.min(8 * bytesPerMb, Math.floor(floorBytes / 8));
}

/**
 * 2 % of the file system, at least 256 MB, and never more than a quarter of it: on a tiny one the
 * floor would else leave no room at all.
 */
function defaultFloorBytes(totalBytes: number): number {
  return Math.min(Math.max(usualFloorBytes, totalBytes * 0.02), totalBytes / 4);
}
