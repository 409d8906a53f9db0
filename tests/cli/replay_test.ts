import assert from "node:assert/strict";
import { replayCommand } from "../../src/cli/replay.ts";
import type { ReplayReport } from "../../src/cli/replay_report.ts";
import { verifyCommand } from "../../src/cli/verify.ts";
import type { VerifyReport } from "../../src/cli/verify_report.ts";
import { CommandProcess } from "../support/command_process.ts";
import { KeptSite, subject } from "../support/kept_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import {
  manage,
  messageCount,
  readStream,
  type StoredMessage,
  withConnection,
} from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(natsServer);
const to = "replay.a1";

/** Makes the stream that takes copies. */
function addStream(site: KeptSite, more: Readonly<Record<string, number | string>> = {}): Promise<
  unknown
> {
  return manage(
    site.server.url,
    (manager) => manager.streams.add({ name: "copies", subjects: ["replay.>"], ...more }),
  );
}

function replay(site: KeptSite, ...args: string[]): Promise<RecordingTerminal> {
  return site.run(replayCommand, "--channel", "A1", ...args);
}

async function report(
  site: KeptSite,
  ...args: string[]
): Promise<ReplayReport & { readonly code: number }> {
  const terminal = await replay(site, "--to", to, "--json", ...args);
  return { ...JSON.parse(terminal.outLines.join("\n")), code: terminal.exitCode };
}

function sequences(messages: readonly StoredMessage[]): number[] {
  return messages.map(({ headers }) => Number(headers["Nectar-Sequence"]));
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

async function copies(site: KeptSite): Promise<StoredMessage[]> {
  return await readStream(site.server.url, "copies");
}

test("replay: records of packed, rotated and active files come once, in order, as copies", async () => {
  await using site = await KeptSite.open();
  await addStream(site);
  await site.deliver(200);
  await site.packed();
  const before = site.files("");
  const terminal = await replay(site, "--to", to);
  assert.equal(terminal.exitCode, 0, terminal.errLines.join("\n"));
  assert.deepEqual(terminal.outLines, [
    "1429010002-A1 → nats, replay.a1, stream copies: 200 records replayed",
  ]);
  assert.deepEqual(site.files(""), before, "nothing is written");
  site.feed(30);
  await site.sync();
  assert.equal((await report(site, "--from-sequence", "201")).replayed, 30);
  const found = await copies(site);
  assert.deepEqual(sequences(found), numbers(1, 230));
  const originals = await readStream(site.server.url, "cdr");
  assert.equal(originals.length, 200);
  for (const [i, { payload, headers, id }] of originals.entries()) {
    const copy = found[i];
    assert.deepEqual(Uint8Array.from(copy?.payload ?? []), Uint8Array.from(payload));
    assert.deepEqual(copy?.headers, {
      ...headers,
      "Nats-Msg-Id": `replay/${to}/${id}`,
      "Nectar-Replay-Of": id,
    });
  }
});

test("replay: times and numbers choose, and a dry run tells without asking NATS", async () => {
  await using site = await KeptSite.open();
  await addStream(site);
  const midnight = Date.UTC(2025, 11, 3);
  for (const hour of [8, 9, 10, 11]) {
    site.feed(10, midnight + hour * 3_600_000);
    await site.sync();
  }
  await site.server.stop();
  const dry = await replay(
    site,
    "--dry-run",
    "--since",
    "2025-12-03 09:00",
    "--until",
    "2025-12-03T11:00Z",
  );
  assert.equal(dry.exitCode, 0);
  assert.match(
    dry.outLines.join("\n"),
    /^1429010002-A1: 20 records, 1\.\d kB: 11–30, of 2025-12-03 09:00:00.000 to 2025-12-03 10:00:00.000 UTC$/,
  );
  const { selected, replayed, dry_run } = await report(site, "--dry-run", "--since", "2025-12-03");
  assert.equal(dry_run, true);
  assert.equal(replayed, 0);
  assert.equal(selected.records, 40);
  const none = await replay(site, "--to", to, "--since", "1h");
  assert.equal(none.exitCode, 0);
  assert.deepEqual(none.outLines, ["nothing was published"]);
  assert.match(
    none.errLines.join("\n"),
    /the journal holds 1–40, of 2025-12-03 08:00:00.000 UTC to/,
  );
  await site.server.restart();
  await report(site, "--since", "2025-12-03 09:00", "--until", "2025-12-03 10:00");
  await report(site, "--from-sequence", "35", "--to-sequence", "36");
  assert.deepEqual(sequences(await copies(site)), [...numbers(11, 20), 35, 36]);
});

test("replay: a copy published again is stored once, and told to have been there", async () => {
  await using site = await KeptSite.open();
  await addStream(site);
  site.feed(50);
  await site.sync();
  await report(site, "--to-sequence", "20");
  const again = await report(site);
  assert.deepEqual([again.code, again.replayed, again.already_there], [0, 50, 20]);
  assert.deepEqual(sequences(await copies(site)), numbers(1, 50));
});

test("replay: copies on the records' own subject need a word, and neither delivery nor verify takes them for records", async () => {
  await using site = await KeptSite.open({ stream: { duplicate_window: 100_000_000 } });
  await site.deliver(60);
  const refused = await replay(site, "--to", subject);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.errLines.join("\n"), /records of sink nats go there themselves[^]*--force/);
  const forced = await replay(site, "--to", subject, "--force");
  assert.equal(forced.exitCode, 0, forced.errLines.join("\n"));
  const verified = await site.run(verifyCommand, "--against-stream", "--json");
  const { findings, sinks }: VerifyReport = JSON.parse(verified.outLines.join("\n"));
  assert.equal(findings, 0);
  assert.equal(sinks[0]?.channels[0]?.replayed, 60);
  // Without cursors the sink finds its place by what is in the stream.
  Deno.removeSync(site.join("state", "cursors-nats.json"));
  await site.deliver(10);
  assert.deepEqual(sequences(await readStream(site.server.url, "cdr")), [
    ...numbers(1, 60),
    ...numbers(1, 60),
    ...numbers(61, 70),
  ]);
});

test("replay: over core NATS whoever is subscribed gets the copies, without a stream", async () => {
  await using site = await KeptSite.open();
  site.feed(700);
  await site.sync();
  const missing = await replay(site, "--to", to);
  assert.equal(missing.exitCode, 2);
  assert.match(missing.errLines.join("\n"), /no stream takes subject replay\.a1[^]*→ .*--core/);
  await withConnection(site.server.url, async (connection) => {
    const heard: number[] = [];
    connection.subscribe(to, {
      callback: (_, { headers }) => void heard.push(Number(headers?.get("Nectar-Sequence"))),
    });
    await connection.flush();
    const { code, replayed, stream } = await report(site, "--core");
    assert.deepEqual([code, replayed, stream], [0, 700, null]);
    await waitFor("all copies", () => heard.length >= 700);
    assert.deepEqual(heard, numbers(1, 700));
  });
});

test("replay: what cannot be replayed is named, and the rest comes", async () => {
  await using site = await KeptSite.open();
  await addStream(site, { max_msg_size: 500 });
  site.feed(20);
  site.feedText("y".repeat(600));
  site.feed(19);
  await site.sync();
  const active = site.join("log", "1429010002-A1.log");
  const bytes = Deno.readFileSync(active);
  Deno.writeFileSync(active, bytes.with(bytes.length - 3, 0x00));
  const { code, replayed, unreadable, too_large, complete } = await report(site);
  assert.deepEqual({ code, replayed, complete }, { code: 1, replayed: 38, complete: true });
  assert.deepEqual(unreadable, [{ from: 40, to: 40 }]);
  assert.deepEqual(too_large, [{ from: 21, to: 21 }]);
  assert.deepEqual(sequences(await copies(site)), [...numbers(1, 20), ...numbers(22, 39)]);
  const { outLines } = await replay(site, "--to", to);
  assert.match(
    outLines.join("\n"),
    /\n {2}unreadable in the journal: records 40\n {2}larger than .*: records 21$/,
  );
});

test("replay: while records arrive, segments rotate, are packed and deleted, every copy is there that is not told to be gone", async () => {
  await using site = await KeptSite.open({ maxBackups: 5 });
  await addStream(site);
  await site.whileFed(async () => {
    for (let i = 0; i < 3; i++) {
      await manage(site.server.url, (manager) => manager.streams.purge("copies"));
      const { replayed, selected, not_kept, unreadable, trouble } = await report(
        site,
        "--to",
        `${to}.${i}`,
      );
      assert.equal(trouble, null);
      assert.deepEqual(unreadable, []);
      const found = sequences(await copies(site));
      // The oldest go first, and those that go while they are being selected are not selected.
      const kept = numbers(found[0] ?? 0, selected.last_sequence ?? 0)
        .filter((sequence) =>
          !not_kept.some((gone) => sequence >= gone.from && sequence <= gone.to)
        );
      assert.deepEqual(found, kept);
      const gone = not_kept.reduce((sum, { from, to }) => sum + to - from + 1, 0);
      assert.equal(replayed + gone, selected.records);
      assert.equal(found.length, replayed);
    }
  });
});

test("replay: 50,000 records, broken off once and cut once, go on where it is told", async () => {
  await using site = await KeptSite.open({ segmentBytes: 1024 * 1024 });
  await addStream(site);
  const count = 50_000;
  site.feed(count);
  await site.sync();
  const process = (from: string): CommandProcess =>
    new CommandProcess("replay", [
      ...["--channel", "A1", "--to", to, "--from-sequence", from, "--json"],
      ...["--config", site.join("config.json")],
    ]);
  const breakOff = async (
    from: number,
    action: (command: CommandProcess) => void,
  ): Promise<number> => {
    await using command = process(`${from}`);
    const before = await messageCount(site.server.url, "copies");
    await waitFor(
      "some copies",
      async () => await messageCount(site.server.url, "copies") > before + 1000,
    );
    action(command);
    const { code, out, err } = await command.end();
    assert.equal(code, 2, err);
    const { next_sequence: next, replayed }: ReplayReport = JSON.parse(out);
    assert.match(err, new RegExp(`--from-sequence ${next} goes on`));
    assert.ok(
      next !== null && next < count && next === from + replayed,
      `${from} ${replayed} ${next}`,
    );
    return next;
  };
  const first = await breakOff(1, (command) => command.signal("SIGINT"));
  const second = await breakOff(first, () => site.server.kill());
  await site.server.restart();
  await using command = process(`${second}`);
  const { code, err } = await command.end();
  assert.equal(code, 0, err);
  assert.deepEqual(sequences(await copies(site)), numbers(1, count));
});

test("replay: Ctrl-C ends it at once, also while the server does not answer", async () => {
  await using site = await KeptSite.open();
  await addStream(site);
  site.feed(10);
  await site.sync();
  await site.server.pause();
  await using command = new CommandProcess("replay", [
    ...["--channel", "A1", "--to", to, "--config", site.join("config.json")],
  ]);
  await command.says(/10 records/);
  command.signal("SIGINT");
  const { code, err } = await command.end();
  site.server.resume();
  assert.equal(code, 2, err);
  assert.match(err, /broken off; --from-sequence 1 goes on/);
});

test("replay: what was asked for wrongly, or cannot be had, is told with what to do", async () => {
  await using site = await KeptSite.open();
  const trouble = async (...args: string[]): Promise<string> => {
    const terminal = await site.run(replayCommand, ...args);
    assert.equal(terminal.exitCode, 2, terminal.outLines.join("\n"));
    return terminal.errLines.join("\n");
  };
  const a1 = ["--channel", "A1"];
  assert.match(await trouble("--to", to), /no channel is named\n {2}→ add --channel/);
  assert.match(await trouble("--channel", "B7", "--to", to), /no such channel\n {2}→ captured/);
  assert.match(await trouble(...a1), /no subject is named\n {2}→ .*--dry-run/);
  for (const wrong of ["replay.>", "a..b", "a b", "*"]) {
    assert.match(await trouble(...a1, "--to", wrong), /no subject to publish to\n {2}→ words/);
  }
  assert.match(await trouble(...a1, "--to", "$JS.API.STREAM.PURGE.cdr"), /the server's own/);
  const times = ["--since", "1h", "--until", "2h"];
  assert.match(await trouble(...a1, "--to", to, ...times), /--until must be later than --since/);
  const sequence = ["--from-sequence", "5", "--to-sequence", "4"];
  assert.match(await trouble(...a1, "--to", to, ...sequence), /--to-sequence must not be less/);
  assert.match(
    await trouble(...a1, "--to", to, "--sink", "forwarder"),
    /--sink forwarder: no such sink is enabled\n {2}→ enabled sinks: nats/,
  );
  site.feed(1);
  await site.sync();
  await site.server.stop();
  assert.match(
    await trouble(...a1, "--to", to),
    /nats at nats:[^]*→ is nats-server running.*nats\.url/,
  );
});
