// Files that the last owner, or a failed attempt to open them, may have left unsynced.

import type { AppendFile, Disk } from "../platform/disk.ts";
import type { JournalFolder } from "./interrupted_rotation.ts";
import { copyBytes, SegmentFiles } from "./segment_files.ts";
import { rotatedNames } from "./segment_names.ts";

/** Copies the files that were being written last: a failed sync may have left them clean and unwritten. */
export function writeAgain({ disk, folder, channel }: JournalFolder): void {
  const newest = rotatedNames(channel, disk.list(folder)).at(-1)?.base ?? channel;
  for (const base of [newest, channel]) {
    for (const ending of [".log", ".idx"]) {
      const path = `${folder}/${base}${ending}`;
      const bytes = disk.size(path);
      if (bytes === null) continue;
      const temporary = `${path}.tmp`;
      if (disk.size(temporary) !== null) disk.remove(temporary);
      const source = disk.append(path);
      try {
        copyAll(source, bytes, disk, temporary);
      } finally {
        source.close();
      }
      disk.rename(temporary, path);
    }
  }
  disk.syncFolderNow(folder);
}

function copyAll(source: AppendFile, bytes: number, disk: Disk, to: string): void {
  const target = disk.append(to);
  try {
    copyBytes(source, target, { from: 0, to: bytes });
    target.syncNow();
  } finally {
    target.close();
  }
}

/** A kill may have come between the switch to the next segment and the sync of this one. */
export function makeDurable(disk: Disk, base: string): void {
  const files = new SegmentFiles(disk, base);
  try {
    files.syncNow();
  } finally {
    files.close();
  }
}
