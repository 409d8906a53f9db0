import assert from "node:assert/strict";
import { Command } from "commander";
import { checkCommand } from "../../src/cli/check.ts";
import { configOption } from "../../src/cli/config_option.ts";
import type { ConfigDisk } from "../../src/config/text_file.ts";
import { Authority } from "../support/certificates.ts";
import { JwtOperator } from "../support/jwt_operator.ts";
import { RecordingTerminal } from "./recording_terminal.ts";

const good = `{
  "app": { "instance_id": "psap-14", "fips_code": "1429010002" },
  "ports": [
    { "device": "/dev/ttyS1", "side_designation": "A1", "vendor": "acme", "enabled": true },
    { "device": "/dev/ttyS2", "side_designation": "A2", "baud_rate": 9600, "data_bits": 7,
      "parity": "even", "use_flow_control": true, "enabled": true, "description": "555-0100",
      "raw_capture": true },
    { "type": "http", "path": "/cdr", "listen_port": 9000, "side_designation": "B1", "enabled": true },
    { "device": "/dev/ttyS9" }
  ],
  "nats": { "url": "nats://me:s3cret@h:4222,nats://t0ken@h2", "subject_prefix": "ut.cdr" },
  "forwarder": { "enabled": true, "remote_url": "tls://me:s3cret@hub", "remote_subject": "ut.cdr.fwd" }
}`;
const bad = '{\n  "ports": [{ "devise": "/dev/ttyS1" }],\n  "nats": { "url": "h" }\n}';

/** Runs `nectarcollector …args` on a disk where each of `files` has its text. */
async function run(
  files: Record<string, string>,
  args: string[],
  inColor = false,
): Promise<RecordingTerminal> {
  const textOf = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Deno.errors.NotFound(path);
    return text;
  };
  const disk: ConfigDisk = {
    stat: async (path) => {
      const size = await Promise.resolve(textOf(path).length);
      return { isDirectory: false, size, mode: 0o644, uid: 0 };
    },
    read: (path) => Promise.resolve(new TextEncoder().encode(textOf(path))),
    owner: () => ({ uid: 0, gid: 0 }),
  };
  const terminal = new RecordingTerminal(inColor);
  const program = new Command("nectarcollector").addOption(configOption());
  program.addCommand(checkCommand(terminal, disk));
  await program.parseAsync(args, { from: "user" });
  return terminal;
}

Deno.test("check prints what would run, on standard output, with exit code 0", async () => {
  const terminal = await run({ "/c.json": good }, ["check", "--config", "/c.json"]);
  assert.equal(terminal.exitCode, 0);
  assert.deepEqual(terminal.errLines, []);
  assert.equal(
    terminal.outLines.join("\n"),
    `instance    psap-14 (NectarCollector)
config      /c.json

A1 1429010002
  source    /dev/ttyS1
  line      speed and frame are found from what the line sends, RTS/CTS once characters are lost
  subject   ut.cdr.acme.1429010002
  log       /var/log/nectarcollector/1429010002-A1.log

A2 1429010002  555-0100
  source    /dev/ttyS2
  line      9600 baud, 7E1, RTS/CTS flow control
  subject   ut.cdr.1429010002
  log       /var/log/nectarcollector/1429010002-A2.log
  raw       /var/log/nectarcollector/raw/1429010002-A2.raw, at most 100 MB

B1 1429010002
  source    http port 9000, path /cdr
  subject   ut.cdr.1429010002
  log       /var/log/nectarcollector/1429010002-B1.log

disabled    ports[3], /dev/ttyS9
journals    /var/log/nectarcollector
state       /var/lib/nectarcollector
NATS        nats://me:***@h:4222, nats://***@h2, stream cdr (ut.cdr.>)
forwarder   tls://me:***@hub, subject ut.cdr.fwd

3 channels, no problems`,
  );
});

Deno.test("check prints all problems on standard error and counts them, with exit code 2", async () => {
  const terminal = await run({ "/c.json": bad }, ["check", "--config", "/c.json"]);
  assert.equal(terminal.exitCode, 2);
  assert.deepEqual(terminal.outLines, []);
  const places = terminal.errLines.map((line) => /^\/c\.json:\d+:\d+/.exec(line)?.[0] ?? line);
  assert.deepEqual(places, [
    "/c.json:2:12",
    "/c.json:2:13",
    "/c.json:2:15",
    "/c.json:3:20",
    "4 problems in /c.json; nothing was started",
  ]);
  assert.match(terminal.errLines[2] ?? "", /did you mean "device"\?\n.*\n {16}\^$/);
});

Deno.test("check counts one problem as one", async () => {
  const terminal = await run({ "/c.json": "" }, ["check", "--config", "/c.json"]);
  assert.equal(terminal.errLines.at(-1), "1 problem in /c.json; nothing was started");
});

Deno.test("check --json prints the same for programs, without passwords", async () => {
  const terminal = await run({ "/c.json": good }, ["check", "--json", "--config", "/c.json"]);
  const text = terminal.outLines.join("\n");
  assert.doesNotMatch(text, /s3cret|t0ken/);
  const summary = JSON.parse(text);
  assert.equal(terminal.exitCode, 0);
  assert.deepEqual([summary.version, summary.ok, summary.instance], [1, true, "psap-14"]);
  assert.equal(summary.channels.length, 3);
  assert.equal(summary.channels[0].subject, "ut.cdr.acme.1429010002");
  assert.deepEqual(summary.disabled, [{ port: "ports[3]", source: "/dev/ttyS9" }]);
});

Deno.test("check --json prints problems as data, with exit code 2", async () => {
  const terminal = await run({ "/c.json": bad }, ["check", "--json", "--config", "/c.json"]);
  assert.equal(terminal.exitCode, 2);
  assert.deepEqual(terminal.errLines, []);
  const report = JSON.parse(terminal.outLines.join("\n"));
  assert.equal(report.ok, false);
  assert.equal(report.problems.length, 4);
  assert.equal(report.problems[3].path, "nats.url[0]");
});

Deno.test("the file may be named before or after the command, and has a default", async () => {
  const here = "/etc/nectarcollector/config.json";
  assert.equal((await run({ [here]: good }, ["check"])).exitCode, 0);
  assert.equal((await run({ "/c.json": good }, ["check", "-c", "/c.json"])).exitCode, 0);
  assert.equal((await run({ "/c.json": good }, ["--config", "/c.json", "check"])).exitCode, 0);
  const absent = await run({}, ["check"]);
  assert.match(absent.errLines[0] ?? "", /^\/etc\/nectarcollector\/config\.json: there is no such/);
});

Deno.test("colours are used only where they are wanted", async () => {
  const args = ["check", "--config", "/c.json"];
  const escape = "\x1b[";
  assert.ok((await run({ "/c.json": bad }, args, true)).errLines.join("").includes(escape));
  assert.ok(!(await run({ "/c.json": bad }, args, false)).errLines.join("").includes(escape));
  assert.ok((await run({ "/c.json": good }, args, true)).outLines.join("").includes(escape));
  assert.ok(!(await run({ "/c.json": good }, args, false)).outLines.join("").includes(escape));
});

Deno.test("check says when the service would capture all the same, with exit code 2", async () => {
  const file = good.replace('"subject_prefix"', '"prefix"').replace("tls://", "http://");
  const args = ["check", "--config", "/c.json"];
  const terminal = await run({ "/c.json": file }, args);
  assert.equal(terminal.exitCode, 2);
  assert.deepEqual(terminal.errLines.slice(-2), [
    "2 problems in /c.json; nothing was started",
    "the service captures all the same, but without nats and forwarder",
  ]);
  const asJson = await run({ "/c.json": file }, [...args, "--json"]);
  assert.equal(asJson.exitCode, 2);
  const report = JSON.parse(asJson.outLines.join("\n"));
  assert.deepEqual([report.ok, report.captures_without], [false, ["nats", "forwarder"]]);
  const refused = await run({ "/c.json": bad }, [...args, "--json"]);
  assert.equal(JSON.parse(refused.outLines.join("\n")).captures_without, null);
});

Deno.test("check warns of credentials that cannot be used or soon expire, with exit code 0", async () => {
  const file = good
    .replace('"subject_prefix"', '"creds_file": "/etc/box.creds", "subject_prefix"')
    .replace('"remote_subject"', '"tls": { "ca_file": "/etc/ca.pem" }, "remote_subject"');
  const soon = new Authority({ name: "us", toMs: Date.now() + 3.5 * 86_400_000 }).certificate;
  const files = { "/c.json": file, "/etc/ca.pem": soon };
  const terminal = await run(files, ["check", "--config", "/c.json"]);
  assert.equal(terminal.exitCode, 0);
  assert.equal(terminal.errLines.length, 2);
  assert.match(terminal.errLines[0] ?? "", /^warning: nats\.creds_file: .*box\.creds$/);
  assert.match(
    terminal.errLines[1] ?? "",
    /^warning: forwarder\.tls\.ca_file: the certificate CN=us expires in 3 days, on 2/,
  );
  const asJson = await run(files, ["check", "--json", "--config", "/c.json"]);
  assert.equal(JSON.parse(asJson.outLines.join("\n")).warnings.length, 2);
  const whole = { ...files, "/etc/box.creds": new JwtOperator().creds() };
  const better = await run(whole, ["check", "--config", "/c.json"]);
  assert.equal(better.errLines.length, 1);
});
