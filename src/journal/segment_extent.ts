// How far a segment reaches, in records and in bytes.

import type { RecordEnd } from "../record.ts";

/** A record whose end has not been read yet; it stands at the log's end, without an index entry. */
export interface OpenRecord {
  /** Of its header in the log. */
  readonly offset: number;
  readonly timeMs: number;
  /** CRC-32 of what stands in the log. */
  readonly checksum: number;
  /** Some of its bytes arrived damaged; forgotten when the process is killed. */
  readonly damaged: boolean;
}

/** How far a segment's files reach. */
export interface SegmentExtent {
  readonly logBytes: number;
  readonly count: number;
  readonly open: OpenRecord | null;
  readonly lastEnd: RecordEnd | null;
}
