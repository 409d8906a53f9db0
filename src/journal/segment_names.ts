// What the files of one channel are called. Pure.
//
//   1429010002-A1.log                                    the active segment, for people
//   1429010002-A1.idx                                    its index, for the machine
//   1429010002-A1.next.log, .next.idx                    the coming segment, while rotating
//   1429010002-A1.000000000001.20260131T120000Z.log      rotated: first sequence, time of rotation
//   1429010002-A1.000000000001.20260131T120000Z.log.gz   the same, compressed

/** The two files of a segment, as paths without their endings. */
export interface RotatedName {
  readonly base: string;
  readonly firstSequence: number;
}

const rotatedPattern = /^(\d{12,})\.(\d{8}T\d{6}Z)$/;

/** `2026-01-31T12:00:00.123Z` as `20260131T120000Z`. */
function compactTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** Name of a rotated segment, without ending. */
export function rotatedBase(channel: string, firstSequence: number, timeMs: number): string {
  return `${channel}.${String(firstSequence).padStart(12, "0")}.${compactTime(timeMs)}`;
}

/** The rotated segments among the names of a folder, in order, each once. */
export function rotatedNames(channel: string, names: readonly string[]): RotatedName[] {
  const found = new Map<string, RotatedName>();
  for (const name of names) {
    const base = name.replace(/\.(?:log\.gz|log|idx)$/, "");
    if (base === name || !base.startsWith(`${channel}.`)) continue;
    const match = rotatedPattern.exec(base.slice(channel.length + 1));
    if (match !== null) found.set(base, { base, firstSequence: Number(match[1]) });
  }
  return [...found.values()].sort((a, b) =>
    a.firstSequence - b.firstSequence || (a.base < b.base ? -1 : 1)
  );
}

/** When a segment was rotated, from its path, in milliseconds since 1970; 0 where it does not tell. */
export function rotatedTimeMs(base: string): number {
  const digits = /\.(\d{8}T\d{6})Z$/.exec(base)?.[1];
  if (digits === undefined) return 0;
  const text = digits.replace(/^(....)(..)(..)T(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6Z");
  return Date.parse(text) || 0;
}
