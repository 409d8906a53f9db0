// Kinds of notice that are about what the box has: room on the disk, memory.

import type { Kinds } from "./kind.ts";

const room = {
  totalBytes: "size of the disk, bytes",
  freeBytes: "free on it, bytes",
  floorBytes: "to be left free, bytes",
  journalBytes: "what the journals take, bytes",
  fullInMs: "until it is full, at the rate of now, milliseconds",
};

export const resourceKinds = {
  disk_low: {
    level: "warning",
    means: "the disk is running out of free space",
    toDo: "make room; the hint has the command that finds the largest folders",
    details: room,
  },
  disk_below_floor: {
    level: "error",
    means: "the disk has no more room for records: they wait in memory",
    toDo: "make room; the hint has the command that finds the largest folders",
    details: room,
  },
  disk_recovered: {
    level: "info",
    means: "the disk has enough free space again",
    toDo: "nothing",
    details: room,
  },
  disk_watch_failed: {
    level: "warning",
    means: "how much space is free cannot be found out",
    toDo: "check the disk: dmesg, df -h, mount",
  },
  disk_refuses: {
    level: "error",
    means: "the disk takes no records: they wait in memory",
    toDo: "make room, or mend the disk: df -h, dmesg, mount; it is tried again by itself",
  },
  disk_takes_records: {
    level: "info",
    means: "the disk takes records again; what was in memory is on it",
    toDo: "nothing",
  },
  memory_refuses: {
    level: "error",
    means: "the memory file system in which records wait cannot be read; what it holds waits",
    toDo: "look at it: df -h /run /dev/shm",
  },
} as const satisfies Kinds;
