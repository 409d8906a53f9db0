// Which rotated segments may go, and which may be packed. Pure: oldest first, and never one that
// some sink still needs.

/** A rotated segment, as far as retention cares. */
export interface RetainedSegment {
  readonly lastSequence: number;
  readonly compressed: boolean;
}

export interface RetentionLimits {
  /** Rotated segments to keep. */
  readonly maxBackups: number;
  readonly compress: boolean;
  /** Every sink has passed the records up to this sequence. */
  readonly releasedSequence: number;
}

/** How many of the oldest segments may be deleted, and which of the others compressed. */
export function planRetention<Segment extends RetainedSegment>(
  segments: readonly Segment[],
  limits: RetentionLimits,
): { readonly remove: readonly Segment[]; readonly compress: readonly Segment[] } {
  const released = (segment: Segment): boolean => segment.lastSequence <= limits.releasedSequence;
  const needed = segments.findIndex((segment) => !released(segment));
  const free = needed < 0 ? segments.length : needed;
  const excess = Math.max(0, segments.length - limits.maxBackups);
  const remove = segments.slice(0, Math.min(free, excess));
  const kept = segments.slice(remove.length);
  const compress = limits.compress
    ? kept.filter((segment) => released(segment) && !segment.compressed)
    : [];
  return { remove, compress };
}
