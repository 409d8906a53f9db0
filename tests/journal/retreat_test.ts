import assert from "node:assert/strict";
import { ActiveSegment } from "../../src/journal/active_segment.ts";
import { MemoryTail } from "../../src/journal/memory_tail.ts";
import { retreat } from "../../src/journal/retreat.ts";
import { Rotation } from "../../src/journal/rotation.ts";
import { RecordHeader } from "../../src/record.ts";
import { bytesOf, channel, name, timeMs } from "../support/journal_box.ts";
import { folder, makeDisk } from "../support/simulated_contents.ts";

Deno.test("a rotation from which memory has taken over renames nothing any more", async () => {
  const disk = makeDisk(1, { folders: [folder, "/run/tail"], memory: ["/run/"] });
  const { conditions } = disk;
  const epoch = "1".repeat(32);
  const recordHeader = new RecordHeader(channel);
  const common = { disk, folder, channel: name, recordHeader, wallMs: timeMs };
  const base = `${folder}/${name}`;
  const former = ActiveSegment.begin({ ...common, base, header: { firstSequence: 1, epoch } });
  former.append([{ bytes: bytesOf("one"), end: "line_feed" }], timeMs);
  const header = { firstSequence: 2, epoch };
  const rotation = new Rotation({ ...common, header, former, formerIsHere: true });
  conditions.syncs = "when told";
  const settled = rotation.settle();
  while (!rotation.comingIsNamed) {
    conditions.completeSyncs();
    await null;
  }
  while (conditions.waitingSyncs === 0) await null;
  const tail = new MemoryTail({ ...common, folder: "/run/tail", feedsInside: false });
  retreat({ tail, wallMs: timeMs, active: rotation.coming, rotation, fallback: null });
  const files = disk.list(folder);
  assert.ok(files.includes(`${name}.next.log`));
  conditions.syncs = "at once";
  conditions.completeSyncs();
  await settled;
  assert.deepEqual(disk.list(folder), files);
});
