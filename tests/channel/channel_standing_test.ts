import assert from "node:assert/strict";
import { ChannelStanding } from "../../src/channel/channel_standing.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { JournalBox } from "../support/journal_box.ts";

async function standing(): Promise<
  { readonly told: Notice[]; readonly standing: ChannelStanding } & AsyncDisposable
> {
  const box = new JournalBox();
  const journal = await box.open();
  const told: Notice[] = [];
  const source = { name: "/dev/ttyS1" };
  return {
    told,
    standing: new ChannelStanding({ journal, source, report: (notice) => told.push(notice) }),
    async [Symbol.asyncDispose]() {
      await journal.close();
      box[Symbol.dispose]();
    },
  };
}

function changes(told: readonly Notice[]): string[] {
  return told.filter(({ kind }) => kind === "state_change")
    .map(({ details }) => `${details?.["from"]} → ${details?.["to"]}`);
}

Deno.test("every change of state is told once, with the state before, and nothing else is one", async () => {
  await using bench = await standing();
  const { standing: it, told } = bench;
  it.unavailable({ kind: "missing", message: "no such device", hint: "plug it in" });
  it.unavailable({ kind: "busy", message: "in use", hint: "end that process" });
  it.opened("9600 8N1");
  it.opened("9600 8N1, RTS/CTS");
  it.signal(false);
  it.signal(false);
  it.signal(true);
  it.detecting("listening at 9600 8N1");
  it.closed("device gone");
  it.signal(false);
  it.stopped();
  assert.deepEqual(changes(told), [
    "starting → reconnecting",
    "reconnecting → running",
    "running → no_signal",
    "no_signal → running",
    "running → detecting",
    "detecting → reconnecting",
    "reconnecting → stopped",
  ]);
  assert.ok(told.every(({ level, kind }) => kind !== "state_change" || level === "info"));
});

Deno.test("a device that comes back is a reconnect, counted; one that was missing at first is opened", async () => {
  await using bench = await standing();
  const { standing: it, told } = bench;
  it.unavailable({ kind: "missing", message: "no such device", hint: "plug it in" });
  it.opened("9600 8N1");
  it.closed("device gone");
  it.unavailable({ kind: "missing", message: "no such device", hint: "plug it in" });
  it.detecting("listening at 9600 8N1");
  it.opened("9600 8N1");
  it.closed("device gone");
  it.opened("9600 8N1");
  const kinds = told.map(({ kind }) => kind).filter((kind) => kind !== "state_change");
  assert.deepEqual(kinds, [
    "source_missing",
    "source_opened",
    "source_gone",
    "source_missing",
    "reconnect",
    "source_opened",
    "source_gone",
    "reconnect",
  ]);
  const counts = told.filter(({ kind }) => kind === "reconnect").map(({ details }) => details);
  assert.deepEqual(counts, [{ reconnects: 1 }, { reconnects: 2 }]);
});
