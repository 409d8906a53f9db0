// The record at a segment's end whose end has not been read yet, as framers and openings need it.

import type { Fragment, FramerStart } from "../framer/framer.ts";
import type { RecordEnd } from "../record.ts";
import type { ActiveSegment } from "./active_segment.ts";

const LF = 0x0a;

/** Where the framer of a channel stands that appends to `segment`. */
export function positionIn(segment: ActiveSegment): FramerStart {
  const { openBytes, extent: { lastEnd } } = segment;
  return { openBytes, lastEnd, readOpen: () => readOpen(segment) };
}

/** Ends the open record of `segment` where nobody can tell whether a line feed at its end is ours. */
export function cutOff(segment: ActiveSegment, end: RecordEnd): Fragment {
  return { bytes: new Uint8Array(0), end, ownFeed: readOpen(segment).at(-1) === LF };
}

/** Nothing where the disk refuses: then a boundary may be misjudged once, but no byte is lost. */
function readOpen({ openBytes, extent, files }: ActiveSegment): Uint8Array {
  const bytes = new Uint8Array(openBytes ?? 0);
  try {
    return bytes.subarray(0, files.log.readNow(bytes, extent.logBytes - bytes.length));
  } catch {
    return bytes.subarray(0, 0);
  }
}
