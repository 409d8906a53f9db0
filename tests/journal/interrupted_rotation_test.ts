// What a power cut has left of a coming segment that was never synced is not taken for the journal's.

import assert from "node:assert/strict";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, headerText, JournalBox, name, texts } from "../support/journal_box.ts";

const coming = `${name}.next`;

/** What a kill leaves of a rotation that was about to rename a file with this ending. */
async function killedBefore(renamed: string): Promise<JournalBox> {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using dying = await box.open({ disk, maxSegmentBytes: 90 });
  feed(dying, "one\ntwo\n");
  await dying.sync();
  const copies: JournalBox[] = [];
  disk.before = ({ what, path }) => {
    if (what === "rename" && path.endsWith(renamed) && copies.length === 0) copies.push(box.copy());
  };
  feed(dying, "three\n");
  await dying.sync();
  const [copy] = copies;
  assert.ok(copy !== undefined, `${renamed} was renamed`);
  return copy;
}

/** The coming segment's bytes are set aside, and the journal goes on with what was synced. */
async function assertSetAside(left: JournalBox, bytes: Uint8Array): Promise<void> {
  await using heir = await left.open({ boot: "second boot" });
  assert.equal(left.complaints()[0], "stray_bytes");
  assert.deepEqual(left.bytes(`${coming}.log.quarantine`), bytes);
  assert.deepEqual(await texts(heir), ["one", "two"]);
}

Deno.test("a coming log that its index does not know is set aside", async () => {
  using left = await killedBefore(`${name}.log`);
  const zeroes = new Uint8Array(left.bytes(`${coming}.log`).length);
  left.write(`${coming}.log`, zeroes);
  await assertSetAside(left, zeroes);
});

Deno.test("a coming log whose index has lost its beginning is set aside while the old one has its names", async () => {
  using left = await killedBefore(`${name}.log`);
  left.write(`${coming}.idx`, new Uint8Array(0));
  await assertSetAside(left, left.bytes(`${coming}.log`));
});

Deno.test("a coming log that repeats the old one, and whose index has lost its beginning, is set aside", async () => {
  using left = await killedBefore(`${coming}.log`);
  const old = left.bytes(`${left.rotated()[0]}.log`);
  const twice = old.subarray(headerText.length + "one\n".length);
  left.write(`${coming}.log`, twice);
  left.write(`${coming}.idx`, new Uint8Array(0));
  await assertSetAside(left, twice);
});
