import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import type { StreamConfig } from "@nats-io/jetstream";
import { systemClock } from "../../src/platform/clock.ts";
import { NatsServer, type NatsServerOptions } from "../../src/simulate/nats_server.ts";
import { Authority } from "../support/certificates.ts";
import { DoctorBox, lineOf } from "../support/doctor_box.ts";
import { JwtOperator } from "../support/jwt_operator.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires, root } from "../support/requirements.ts";
import { natsGreeting, RudePeer } from "../support/rude_peer.ts";
import { manage, withConnection } from "../support/stream_contents.ts";

const { test } = requires(natsServer);
const { test: asRoot } = requires(root);

const dayMs = 86_400_000;
const prefix = { subject_prefix: "ut.cdr" };
const record = "ut.cdr.1429010002";

/** A server whose store is in the box. */
async function serverIn(
  box: DoctorBox,
  options: Partial<NatsServerOptions> = {},
): Promise<NatsServer> {
  const storeFolder = box.path("/nats");
  return await NatsServer.start({ program: natsProgram, storeFolder, ...options });
}

async function lines(box: DoctorBox, subject = "nats"): Promise<string[]> {
  return (await box.findings(subject)).map(lineOf);
}

Deno.test("doctor: a server that cannot be reached is an error, and a name that is not known", async () => {
  using box = new DoctorBox();
  box.configure([], { nats: { ...prefix, url: "nats://127.0.0.1:1,nats://no-such-host.invalid" } });
  const [refused = "", unknown = ""] = await lines(box);
  assert.equal(
    refused,
    "error nats: connect to nats://127.0.0.1:1: connection refused: nothing listens there because " +
      "records wait in the journal → is nats-server running, and is its address in the " +
      "configuration right? (nats.url)",
  );
  assert.match(unknown, /^error nats: connect to nats:\/\/no-such-host.invalid.*name is not known/);
});

test("doctor: a server that lets us in is well, and the others then a warning", async () => {
  using box = new DoctorBox();
  await using server = await serverIn(box);
  box.configure([], { nats: { ...prefix, url: ["nats://127.0.0.1:1", server.url] } });
  const [first = "", second = "", ...streams] = await lines(box);
  assert.match(first, /^warning .*refused.* because another server is used meanwhile →/);
  assert.match(second, /^ok nats: nats-server \d+\.\d+\S* at nats:\/\/127.0.0.1:\d+ lets us in$/);
  assert.deepEqual(streams, [
    `ok nats: no stream takes ${record} yet: the service makes cdr for it`,
    "ok nats: no stream takes ut.events.box yet: the service makes events for it",
    "ok nats: no stream takes ut.health.box yet: the service makes health for it",
  ]);
  assert.deepEqual(
    await manage(server.url, async (manager) => await manager.streams.names().next()),
    [],
    "none was made",
  );
});

test("doctor: a stream that is missing, and that nobody makes, is an error", async () => {
  using box = new DoctorBox();
  await using server = await serverIn(box);
  box.configure([], { nats: { ...prefix, url: server.url, manage_streams: false } });
  assert.equal(
    (await lines(box))[1],
    `error nats: no stream takes ${record} because manage_streams is off, so the service makes ` +
      `none; records wait in the journal → nats stream add --subjects='${record}' --storage=file ` +
      "--discard=new --defaults",
  );
});

test("doctor: streams with which records are lost are told, each with what mends it", async () => {
  using box = new DoctorBox();
  await using server = await serverIn(box);
  box.configure([], { nats: { ...prefix, url: server.url } });
  const withStream = async (config: Partial<StreamConfig>, messages = 0): Promise<string[]> => {
    await manage(server.url, async (manager) => {
      await manager.streams.delete("cdr").catch(() => {});
      await manager.streams.add({ name: "cdr", subjects: ["ut.cdr.>"], ...config });
    });
    await withConnection(server.url, async (connection) => {
      for (let i = 0; i < messages; i++) await connection.request(record, "x");
    });
    return (await lines(box)).filter((line) => line.includes("stream cdr"));
  };
  assert.deepEqual(await withStream({}, 2), ["ok nats: stream cdr: 2 messages, 0 % full"]);
  assert.match(
    (await withStream({ no_ack: true })).join(),
    /^error nats: stream cdr acknowledges nothing because .* → nats stream edit cdr --ack$/,
  );
  assert.match(
    (await withStream({ storage: "memory" as StreamConfig["storage"] })).join(),
    /^warning nats: stream cdr is in memory because .*--storage=file$/,
  );
  assert.match(
    (await withStream({ retention: "workqueue" as StreamConfig["retention"] })).join(),
    /^warning nats: stream cdr lets go of records that were read \(retention workqueue\)/,
  );
  assert.match(
    (await withStream({ max_msgs: 1000 })).join(),
    /^warning nats: nats: stream cdr drops its oldest .* max_msgs 1000 → .* --discard=new/,
  );
  const full = { max_msgs: 10, discard: "new" as StreamConfig["discard"] };
  assert.match((await withStream(full, 9)).join(), /^warning nats: nats: stream cdr is 90 % full/);
  assert.match((await withStream(full, 10)).join(), /^error nats: nats: stream cdr is 100 % full/);
});

test("doctor: a server without JetStream for us, and one that does not let us in, is an error", async () => {
  using box = new DoctorBox();
  const users = `accounts: { A: { users: [{ user: box, password: "right" }] } }`;
  await using server = await serverIn(box, { configuration: users });
  box.configure([], { nats: { ...prefix, url: server.url, user: "box", password: "right" } });
  assert.match((await lines(box))[1] ?? "", /^error nats: .*JetStream.* → /i);
  box.configure([], { nats: { ...prefix, url: server.url, user: "box", password: "wrong" } });
  assert.match(
    (await lines(box)).join(),
    /^error nats: connect to .*: Authorization Violation because .* → check user, password, token/,
  );
});

test("doctor: a server whose certificate has expired is an error that says so", async () => {
  using box = new DoctorBox();
  const authority = new Authority();
  const hosts = ["localhost", "127.0.0.1"];
  const { certificate, key } = authority.issue({ name: "hub", hosts, toMs: Date.now() - 60_000 });
  box.put("/etc/ca.pem", authority.certificate);
  box.put("/server.pem", certificate);
  box.put("/server.key", key);
  const tls = `tls { cert_file: "${box.path("/server.pem")}", key_file: "${
    box.path("/server.key")
  }" }`;
  await using server = await serverIn(box, { configuration: tls });
  box.configure([], { nats: { ...prefix, url: server.url, tls: { ca_file: "/etc/ca.pem" } } });
  assert.match(
    (await lines(box)).join(),
    /^error nats: connect to .*: the server's certificate has expired .*set this box's clock/,
  );
});

Deno.test("doctor: credentials that are missing, no good or at their end are told", async () => {
  using box = new DoctorBox();
  const creds = { ...prefix, url: "nats://127.0.0.1:1", creds_file: "/etc/box.creds" };
  box.configure([], { nats: creds });
  assert.match((await lines(box)).join(), /^warning nats: nats.creds_file: .*box\.creds'$/);
  box.put("/etc/box.creds", "nonsense");
  assert.match(
    (await lines(box)).join(),
    /^warning nats: nats.creds_file: there is no user JWT in it$/,
  );
  box.put("/etc/box.creds", new JwtOperator().creds({ expiresMs: Date.now() - dayMs }));
  assert.match(
    (await lines(box))[0] ?? "",
    /^error nats: .*the user JWT has expired.* → put a new one/,
  );
  box.put("/etc/box.creds", new JwtOperator().creds({ expiresMs: Date.now() + 3.5 * dayMs }));
  assert.match((await lines(box))[0] ?? "", /^warning nats: .*the user JWT expires in 3 days/);
});

asRoot("doctor: credentials that the service's user may not read are an error", async () => {
  using box = new DoctorBox();
  box.install();
  box.put("/etc/token", "555");
  chmodSync(box.path("/etc/token"), 0o600);
  box.configure([], { nats: { ...prefix, url: "nats://127.0.0.1:1", token_file: "/etc/token" } });
  assert.equal(
    (await lines(box))[0],
    "error nats: nats.token_file: the user nectarcollector may not read /etc/token because it " +
      "belongs to root, with mode 600 → sudo chgrp nectarcollector /etc/token && " +
      "sudo chmod g+r /etc/token",
  );
});

Deno.test("doctor: a server that never answers is not waited for", async () => {
  using box = new DoctorBox();
  await using peer = new RudePeer({ greeting: natsGreeting });
  box.configure([], { nats: { ...prefix, url: peer.url } });
  // Its time is over at once.
  box.machine = {
    ...box.machine,
    clock: { ...systemClock, delay: (_, signal) => systemClock.delay(100, signal) },
  };
  assert.match((await lines(box)).join(), /^error nats: connect to .*: no answer in time because/);
});

test("doctor: a section that does not check is not tried, and the other one is", async () => {
  using box = new DoctorBox();
  await using server = await serverIn(box);
  const forwarder = { enabled: true, remote_url: server.url, remote_subject: "ut.cdr.fwd" };
  box.configure([], { nats: { ...prefix, url: "http://hub" }, forwarder });
  const { exitCode, outLines } = await box.run();
  assert.equal(exitCode, 2);
  const text = outLines.join("\n");
  assert.match(text, /ok {8}forwarder: nats-server .* lets us in/);
  assert.doesNotMatch(text, / nats: /);
  assert.match(
    text,
    /captures all the same, but without nats\n +→ nectarcollector check --config /,
  );
});
