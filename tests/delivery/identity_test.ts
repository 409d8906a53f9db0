import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { nkeys } from "@nats-io/nats-core/internal";
import type { Credentials } from "../../src/delivery/credentials.ts";
import { Identity } from "../../src/delivery/identity.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { HandClock } from "../support/hand_clock.ts";
import { IdentitySite } from "../support/identity_site.ts";
import { JwtOperator } from "../support/jwt_operator.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);
const dayMs = 86_400_000;

/** A way to prove who one is, of which there are an old and a new one. */
interface Way {
  readonly name: string;
  /** What the server demands. */
  readonly demands: readonly [string, string];
  /** What the file holds. */
  readonly contents: readonly [string, string];
  readonly credentials: (file: string) => Credentials;
}

const [oldUser, newUser] = [nkeys.createUser(), nkeys.createUser()];
const seed = (user: typeof oldUser): string => new TextDecoder().decode(user.getSeed());

const ways: readonly Way[] = [
  {
    name: "a password in a file",
    demands: [
      'authorization { user: "box", password: "old" }',
      'authorization { user: "box", password: "new" }',
    ],
    contents: ["old\n", "new\n"],
    credentials: (file) => ({ user: "box", password_file: file }),
  },
  {
    name: "a token in a file",
    demands: ['authorization { token: "old" }', 'authorization { token: "new" }'],
    contents: ["old\n", "new\n"],
    credentials: (file) => ({ token_file: file }),
  },
  {
    name: "an NKey seed",
    demands: [
      `authorization { users [{ nkey: ${oldUser.getPublicKey()} }] }`,
      `authorization { users [{ nkey: ${newUser.getPublicKey()} }] }`,
    ],
    contents: [`${seed(oldUser)}\n`, `# the new one\n${seed(newUser)}\n`],
    credentials: (file) => ({ nkey_seed_file: file }),
  },
];

for (const { name, demands, contents, credentials } of ways) {
  test(`${name} lets us in; thrown out we wait, and a new one lets us in again`, async () => {
    await using identity = await IdentitySite.open(demands[0]);
    const { site } = identity;
    identity.put("proof", contents[0]);
    identity.start(credentials(identity.path("proof")));
    await identity.deliver();
    await identity.demand(demands[1]);
    await site.state("unauthorized");
    site.fed.feed(20);
    identity.put("proof", contents[1]);
    await site.caughtUp();
    await identity.assertDelivered();
  });
}

for (
  const credentials of [{ user: "box", password: "right" }, { token: "right" }] as Credentials[]
) {
  const demanded = Object.entries(credentials).map(([key, value]) => `${key}: ${value}`).join(", ");
  test(`${demanded} in the configuration lets us in, others do not`, async () => {
    await using identity = await IdentitySite.open(`authorization { ${demanded} }`);
    const wrong = {
      ...credentials,
      ...("token" in credentials ? { token: "no" } : { password: "no" }),
    };
    identity.start(wrong);
    await identity.site.state("unauthorized");
    assert.match(identity.site.sink.status.detail, /: Authorization Violation$/);
    await identity.site.stopSink();
    identity.start(credentials);
    await identity.deliver();
    await identity.assertDelivered();
  });
}

test("a file that is missing, or cannot be read, is named, and used when it is there", async () => {
  await using identity = await IdentitySite.open('authorization { token: "right" }');
  const { site } = identity;
  const file = identity.path("token");
  site.fed.feed(20);
  identity.start({ token_file: file });
  await site.state("unauthorized");
  assert.match(site.sink.status.detail, /^nats\.token_file: .*no such file.*token'$/);
  mkdirSync(file);
  await waitFor("the folder to be told", () => /EISDIR|directory/.test(site.sink.status.detail));
  rmdirSync(file);
  identity.put("token", "right\n");
  await site.caughtUp();
  await identity.assertDelivered();
});

test("what is half-written is not used, said once, and what was good before stays in use", async () => {
  const demands = `authorization { users [{ nkey: ${oldUser.getPublicKey()} }, ` +
    `{ nkey: ${newUser.getPublicKey()} }] }`;
  await using identity = await IdentitySite.open(demands);
  const { site } = identity;
  identity.put("seed", seed(oldUser));
  identity.start({ nkey_seed_file: identity.path("seed") });
  await identity.deliver();
  writeFileSync(identity.path("seed"), seed(newUser).slice(0, 30));
  const warning = await identity.told("credentials_unusable");
  assert.match(warning.message, /^nats\.nkey_seed_file: .*; what was read before stays in use$/);
  site.fed.feed(20);
  await site.server.restart();
  await site.caughtUp();
  assert.equal(site.kinds().filter((kind) => kind === "credentials_unusable").length, 1);
  writeFileSync(identity.path("seed"), seed(newUser));
  await identity.told("credentials_changed");
  await identity.deliver();
  await identity.assertDelivered();
});

Deno.test("that a proof ends is told while it is in use, without another dial", async () => {
  using folder = new TemporaryFolder();
  const clock = new HandClock();
  const notices: Notice[] = [];
  const path = folder.join("box.creds");
  writeFileSync(path, new JwtOperator().creds({ expiresMs: 31 * dayMs }));
  const identity = new Identity({
    destination: {
      name: "nats",
      addressKey: "nats.url",
      servers: ["nats://hub"],
      clientName: "box",
      credentials: { creds_file: path },
    },
    clock,
    report: (notice) => notices.push(notice),
  });
  await identity.servers();
  const stop = new AbortController();
  const watching = identity.renewed(stop.signal);
  assert.equal(notices.length, 0);
  await clock.advance(2 * dayMs);
  await waitFor("a notice", () => notices.length > 0);
  assert.match(notices[0]?.message ?? "", /^nats\.creds_file: the user JWT expires in 29 days/);
  stop.abort();
  assert.equal(await watching, false);
});
