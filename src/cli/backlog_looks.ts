// What waits for each sink in each channel at one moment, from journals and cursors on the disk.

import type { Config } from "../config/config.ts";
import { type BacklogLook, lookAtBacklog } from "../delivery/backlog.ts";
import { cursorPath, destinations } from "../delivery/destinations.ts";
import { readCursors } from "../delivery/stream_audit.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { type KeptChannel, orCannotLook } from "./kept_channels.ts";

/**
 * The cursors first: what they have passed is in the journal.
 * @throws {CannotLook}
 */
export function lookAtAll(config: Config, kept: readonly KeptChannel[]): BacklogLook[] {
  const statePath = config.journal.state_path;
  return destinations(config).flatMap(({ name: sink }) => {
    const path = cursorPath(statePath, sink);
    const cursors = orCannotLook(path, () => readCursors(systemDisk, path));
    const atMs = systemClock.monotonicMs();
    return kept.map(({ journal }) =>
      orCannotLook(config.logging.base_path, () => {
        journal.look();
        return lookAtBacklog(journal, { cursors, sink, atMs });
      })
    );
  });
}
