// Kinds of notice that are about what the box has: room on the disk, memory.

import type { Kinds } from "./kind.ts";

const room = {
  totalBytes: "size of the disk, bytes",
  freeBytes: "free on it, bytes",
  floorBytes: "to be left free, bytes",
  journalBytes: "what the journals take, bytes",
  fullInMs: "until it is full, at the rate of now, milliseconds",
};

const memory = {
  residentBytes: "in memory now, bytes",
  heapBytes: "of it, what the program's objects take, bytes",
  budgetBytes: "`resources.memory_mb`, bytes",
  restraint: "what is given up: `none`, `queues`, or `features`, which means both",
};

const descriptors = { open: "open now", limit: "may be open" };

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
  memory_high: {
    level: "warning",
    means:
      "the process takes more memory than `resources.memory_mb`: queues become shorter, then " +
      "features are switched off; never capture",
    toDo: "where the box has more, raise `resources.memory_mb`; else send the log to support",
    details: memory,
  },
  memory_recovered: {
    level: "info",
    means: "the process is well below `resources.memory_mb` again",
    toDo: "nothing",
    details: memory,
  },
  descriptors_high: {
    level: "warning",
    means: "of the files and sockets that the process may have open, 80 % are",
    toDo: "see what they are, with the hint's command; raise `LimitNOFILE=` of the unit",
    details: descriptors,
  },
  descriptors_recovered: {
    level: "info",
    means: "fewer than 70 % are open again",
    toDo: "nothing",
    details: descriptors,
  },
  connections_limited: {
    level: "warning",
    means:
      "more connections to an HTTP port than senders of records have; told at most once a minute",
    toDo: "see with the hint's command who opens so many, and why they stay open",
    details: {
      open: "connections that were open",
      limit: "how many stay",
      closed: "connections on which nothing was answered, and which were closed",
    },
  },
  resource_watch_failed: {
    level: "warning",
    means: "what the process takes of memory and descriptors cannot be found out",
    toDo: "send the log to support",
  },
} as const satisfies Kinds;
