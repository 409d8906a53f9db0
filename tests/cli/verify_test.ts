import assert from "node:assert/strict";
import { verifyCommand } from "../../src/cli/verify.ts";
import type { FindingReport, VerifyReport } from "../../src/cli/verify_report.ts";
import { InstanceLock } from "../../src/platform/instance_lock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { CommandProcess } from "../support/command_process.ts";
import { KeptSite } from "../support/kept_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { manage, readStream, type StoredMessage } from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(natsServer);

function verify(site: KeptSite, ...args: string[]): Promise<RecordingTerminal> {
  return site.run(verifyCommand, "--against-stream", ...args);
}

async function report(site: KeptSite): Promise<VerifyReport & { readonly code: number }> {
  const terminal = await verify(site, "--json");
  return { ...JSON.parse(terminal.outLines.join("\n")), code: terminal.exitCode };
}

/** What was found, in the shortest form: `missing 17`. */
function found({ sinks }: VerifyReport): string[] {
  return sinks.flatMap(({ channels }) => channels)
    .flatMap(({ first_findings }) => first_findings)
    .map(({ kind, sequence }: FindingReport) => `${kind} ${sequence}`);
}

function only({ sinks }: VerifyReport): VerifyReport["sinks"][0]["channels"][0] {
  const channel = sinks[0]?.channels[0];
  assert.ok(channel !== undefined);
  return channel;
}

function messageOf(messages: readonly StoredMessage[], sequence: number): StoredMessage {
  const message = messages.find(({ headers }) => headers["Nectar-Sequence"] === `${sequence}`);
  assert.ok(message !== undefined);
  return message;
}

function underAnotherEpoch(message: StoredMessage | undefined): StoredMessage {
  assert.ok(message !== undefined);
  const id = message.id.replace(/\/[0-9a-f]+\//, `/${"0".repeat(32)}/`);
  return { ...message, headers: { ...message.headers, "Nats-Msg-Id": id } };
}

function deleteMessage(site: KeptSite, sequence: number): Promise<boolean> {
  return manage(site.server.url, (manager) => manager.streams.deleteMessage("cdr", sequence));
}

test("verify: a clean site has no findings, packed segments and waiting records included", async () => {
  await using site = await KeptSite.open({ sides: ["A1", "A2"] });
  await site.deliver(200);
  await site.packed();
  assert.ok(site.files(".log.gz").length > 4);
  const before = site.files("");
  assert.equal((await verify(site)).exitCode, 0);
  assert.deepEqual(site.files(""), before, "nothing is written");
  site.feed(7);
  await site.sync();
  const terminal = await verify(site);
  assert.equal(terminal.exitCode, 0, terminal.errLines.join("\n"));
  assert.deepEqual(terminal.outLines, [
    "1429010002-A1 → nats, stream cdr: 200 records compared, from 1 on; all well; 7 not yet delivered",
    "1429010002-A2 → nats, stream cdr: 200 records compared, from 1 on; all well; 7 not yet delivered",
    "",
    "nothing found",
  ]);
});

test("verify: a hole, duplicates, an altered record and a swapped order are named exactly", async () => {
  await using site = await KeptSite.open();
  await site.deliver(120);
  await site.packed();
  const altered = 40;
  const swapped = 60;
  const wrongMark = 90;
  await site.rewrite((messages) =>
    messages.map((message, i) => {
      if (i + 1 === altered) {
        return { ...message, payload: message.payload.with(50, 0x21) };
      }
      if (i + 1 === wrongMark) {
        return { ...message, headers: { ...message.headers, "Nectar-Mark": "partial; idle" } };
      }
      if (i + 1 === swapped) return messageOf(messages, swapped + 1);
      if (i + 1 === swapped + 1) return messageOf(messages, swapped);
      return message;
    })
  );
  await deleteMessage(site, 20);
  const messages = await readStream(site.server.url, "cdr");
  const { "Nats-Msg-Id": _, ...withoutId } = messageOf(messages, 70).headers;
  await site.publish({ payload: messageOf(messages, 70).payload, headers: withoutId });
  await site.publish({ payload: messageOf(messages, 80).payload, headers: {} });
  await site.publish(messageOf(messages, 81));
  const result = await report(site);
  assert.equal(result.code, 1);
  assert.deepEqual(found(result), [
    `different ${altered}`,
    `out_of_order ${swapped}`,
    `different ${wrongMark}`,
    "duplicate 70",
    "duplicate 80",
    "duplicate 81",
    "missing 20",
  ]);
  const { compared, first_findings: [first] } = only(result);
  assert.equal(compared, 119);
  assert.equal(first?.id, messageOf(messages, altered).id);
  assert.equal(first?.time, "2025-12-03 15:04:05.123");
  assert.match(first?.what ?? "", /differ from byte 51 on/);
  const lines = (await verify(site)).outLines;
  assert.match(lines[0] ?? "", /1 missing, 3 duplicate, 1 out of order, 2 different/);
  assert.ok(lines.some((line) => line.includes("missing:  record 20")), lines.join("\n"));
  assert.equal(lines.at(-1), "7 findings");
});

test("verify: deleted first and last messages are missing, where the stream has no limits", async () => {
  await using site = await KeptSite.open();
  await site.deliver(30);
  for (const sequence of [1, 30]) await deleteMessage(site, sequence);
  assert.deepEqual(found(await report(site)), ["missing 1", "missing 30"]);
});

test("verify: what a stream's limits have dropped is counted apart, holes behind it are not", async () => {
  await using site = await KeptSite.open({ stream: { max_msgs: 50 } });
  await site.deliver(80);
  await deleteMessage(site, 60);
  const result = await report(site);
  assert.deepEqual(found(result), ["missing 60"]);
  assert.equal(only(result).dropped_by_stream, 30);
});

test("verify: messages older than the journal are normal, younger ones are not", async () => {
  await using site = await KeptSite.open({ maxBackups: 2 });
  await site.deliver(200);
  await waitFor("retention", () => site.files(".idx").length <= 3);
  const oldest = site.journals[0]?.oldestSequence ?? 0;
  assert.ok(oldest > 1);
  const result = await report(site);
  assert.equal(result.code, 0);
  assert.equal(only(result).from, oldest);
  assert.equal(only(result).older_in_stream, oldest - 1);
  const messages = await readStream(site.server.url, "cdr");
  const { headers, payload, id } = messageOf(messages, 200);
  await site.publish({
    payload,
    headers: { ...headers, "Nats-Msg-Id": id.replace(/200$/, "201") },
  });
  await site.publish({ payload, headers: { "Nats-Msg-Id": "a stranger's" } });
  assert.deepEqual(found(await report(site)), ["not_in_journal 201", "duplicate 200"]);
});

test("verify: a former journal's messages before ours are normal", async () => {
  await using site = await KeptSite.open();
  await site.deliver(20);
  await site.rewrite((messages) => [
    ...messages.slice(0, 5).map((message) => ({
      ...underAnotherEpoch(message),
      payload: message.payload.with(50, 0x21),
    })),
    ...messages,
  ]);
  const result = await report(site);
  assert.deepEqual(found(result), []);
  assert.equal(only(result).older_in_stream, 5);
});

test("verify: a record that stands in the stream under another id is found by its bytes", async () => {
  await using site = await KeptSite.open();
  await site.deliver(20);
  await site.rewrite((messages) =>
    messages.map((message, i) => i === 6 ? underAnotherEpoch(message) : message)
  );
  assert.deepEqual(found(await report(site)), ["different 7"]);
  await site.rewrite((messages) => [underAnotherEpoch(messages[0]), ...messages]);
  assert.deepEqual(found(await report(site)), ["different 1", "duplicate 1", "different 7"]);
});

test("verify: a record that the journal itself cannot read back is named, and no other", async () => {
  await using site = await KeptSite.open();
  await site.deliver(40);
  await site.packed();
  const active = site.join("log", "1429010002-A1.log");
  const bytes = Deno.readFileSync(active);
  const last = site.journals[0]?.lastSequence ?? 0;
  Deno.writeFileSync(active, bytes.with(bytes.length - 3, 0x00));
  const result = await report(site);
  assert.deepEqual(found(result), [`unreadable ${last}`]);
  await deleteMessage(site, last);
  assert.deepEqual(found(await report(site)), [`unreadable ${last}`], "not missing, too");
});

test("verify: nothing is found while records arrive, segments rotate and are packed", async () => {
  await using site = await KeptSite.open({ maxBackups: 100_000 });
  await site.whileFed(async () => {
    let compared = 0;
    for (let i = 0; i < 10; i++) {
      const result = await report(site);
      assert.deepEqual(found(result), []);
      assert.equal(result.code, 0);
      assert.ok(only(result).compared >= compared);
      compared = only(result).compared;
    }
    assert.ok(compared > 0);
  });
});

test("verify: a process of its own finds nothing beside one that locks the folders and deletes old segments", async () => {
  await using site = await KeptSite.open({ maxBackups: 5 });
  using libc = new Libc();
  using _log = new InstanceLock(libc, site.join("log"));
  using _state = new InstanceLock(libc, site.join("state"));
  await site.whileFed(async () => {
    for (let i = 0; i < 4; i++) {
      const args = ["--against-stream", "--config", site.join("config.json")];
      await using command = new CommandProcess("verify", args);
      const { code, out, err } = await command.end();
      assert.equal(code, 0, out + err);
      assert.match(out, /A1 → nats, stream cdr: \d+ records compared, from \d+ on; all well/);
    }
  });
});

test("verify: Ctrl-C ends it cleanly, and says that not all was compared", async () => {
  await using site = await KeptSite.open();
  await site.deliver(10);
  // A server that does not answer draws it out.
  await site.server.pause();
  const args = ["--against-stream", "--config", site.join("config.json")];
  await using command = new CommandProcess("verify", args);
  await command.says(/Ctrl-C ends it/);
  command.signal("SIGINT");
  const { code, out, err } = await command.end();
  site.server.resume();
  assert.equal(code, 2, err);
  assert.match(err, /broken off/);
  assert.match(out, /nothing was compared/);
});

test("verify: what keeps it from comparing is told with what to do", async () => {
  await using site = await KeptSite.open();
  const trouble = async (...args: string[]): Promise<string> => {
    const terminal = await verify(site, ...args);
    assert.equal(terminal.exitCode, 2, terminal.outLines.join("\n"));
    return terminal.errLines.join("\n");
  };
  assert.match(
    await trouble(),
    /no stream takes subject ks\.cdr\.1429010002[^]*→ .*the service makes it/,
  );
  assert.match(await trouble("--channel", "B7"), /no such channel[^]*→ captured channels are A1/);
  await site.server.stop();
  assert.match(
    await trouble(),
    /nats at nats:\/\/127\.0\.0\.1[^]*→ is nats-server running.*nats\.url/,
  );
  Deno.renameSync(site.join("log"), site.join("elsewhere"));
  assert.match(await trouble(), /read .*log: [^]*→ nothing was ever captured there/);
  Deno.renameSync(site.join("elsewhere"), site.join("log"));
  const terminal = await site.run(verifyCommand);
  assert.equal(terminal.exitCode, 2);
  assert.match(terminal.errLines.join(), /verify --against-stream/);
});
