// Puts the stages of an HTTP port together, from its configuration.

import { readFileSync } from "node:fs";
import type { EnabledPort } from "../config/config.ts";
import type { Journal } from "../journal/journal.ts";
import { RecordHeader } from "../record.ts";
import { HttpAccess } from "../source/http/http_access.ts";
import { HttpSource, type PostTimes } from "../source/http/http_source.ts";
import { keyedIdentity, RecentPosts } from "../source/http/recent_posts.ts";
import type { ChannelContext } from "./channel_context.ts";
import { openParts } from "./channel_parts.ts";
import { type OpenedChannel, openedRecordChannel } from "./opened_channel.ts";
import { RecordChannel } from "./record_channel.ts";

export type HttpPortConfig = Extract<EnabledPort, { type: "http" }>;

/** How far the journal is read back for posts that may be sent again. */
const recalled = { records: 1000, bytes: 8 * 2 ** 20, atOnce: 50 };

/** Opens the port's journal and builds its channel. `times` are the usual ones by default. */
export async function openHttpChannel(
  port: HttpPortConfig,
  context: ChannelContext,
  times?: PostTimes,
): Promise<OpenedChannel> {
  const { listeners, clock } = context;
  const device = `:${port.listen_port}${port.path}`;
  const { name, journal, silence, guard, report } = await openParts(port, device, context);
  const header = new RecordHeader({ fips: port.fips_code, side: port.side_designation });
  const source = new HttpSource({
    channel: name,
    listeners,
    address: { host: port.listen_host ?? null, port: port.listen_port },
    path: port.path,
    access: new HttpAccess({
      allowFrom: port.allow_from,
      username: port.username,
      password: port.password,
      passwordFile: port.password_file,
      readText: (path) => readFileSync(path, "utf8"),
    }),
    recent: await recentPosts(journal, header),
    clock,
    report,
    times,
  });
  const room = context.tailBudget;
  const channel = new RecordChannel({ journal, source, clock, silence, guard, report, room });
  return openedRecordChannel(channel);
}

/**
 * What was posted before the last stop: the newest records, as far as they can be read now and were
 * kept in one piece.
 */
async function recentPosts(journal: Journal, header: RecordHeader): Promise<RecentPosts> {
  const recent = new RecentPosts();
  const found: string[][] = [];
  using reader = journal.reader();
  let bytes = 0;
  let last = journal.syncedSequence;
  const first = Math.max(journal.oldestSequence, last - recalled.records + 1);
  try {
    while (last >= first && bytes < recalled.bytes) {
      const from = Math.max(first, last - recalled.atOnce + 1);
      const page: string[] = [];
      for (let next = from; next <= last;) {
        const limits = { maxRecords: last - next + 1, maxBytes: recalled.bytes };
        const { records, next: behind } = await reader.read(next, limits);
        if (behind === next) break;
        next = behind;
        for (const { line, end } of records) {
          bytes += line.length;
          const identity = end === "message"
            ? keyedIdentity(line.subarray(header.length, -1))
            : null;
          if (identity !== null) page.push(identity);
        }
      }
      found.unshift(page);
      last = from - 1;
    }
  } catch {
    // What cannot be read is told when it is delivered; here it only costs that a resend is known.
  }
  for (const identity of found.flat()) recent.remember(identity, Promise.resolve());
  return recent;
}
