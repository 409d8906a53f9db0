import assert from "node:assert/strict";
import { credsAuthenticator } from "@nats-io/transport-node";
import { IdentitySite } from "../support/identity_site.ts";
import { JwtOperator } from "../support/jwt_operator.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);
const dayMs = 86_400_000;

test("a .creds file lets us in until it expires, which is told, and a new one is used at once", async () => {
  const operator = new JwtOperator();
  await using identity = await IdentitySite.open(operator.configuration);
  const { site } = identity;
  identity.put("box.creds", operator.creds({ expiresMs: Date.now() + 2000 }));
  identity.start({ creds_file: identity.path("box.creds") });
  await identity.deliver();
  const soon = await identity.told("credentials_expire");
  assert.match(soon.message, /^nats\.creds_file: the user JWT expires within a day, on 20.* UTC$/);
  await site.state("unauthorized");
  assert.match(site.sink.status.detail, /expired/i);
  await identity.told("credentials_expired");
  site.fed.feed(20);
  identity.put("box.creds", operator.creds({ expiresMs: Date.now() + 100 * dayMs }));
  await site.caughtUp();
  await identity.told("credentials_renewed");
  const authenticator = credsAuthenticator(new TextEncoder().encode(operator.creds()));
  await identity.assertDeliveredTo({ servers: site.server.url, authenticator });
});

test("a .creds file that is changed before it expires is used without losing anything", async () => {
  const operator = new JwtOperator();
  await using identity = await IdentitySite.open(operator.configuration);
  const { site } = identity;
  identity.put("box.creds", operator.creds({ expiresMs: Date.now() + 3000 }));
  identity.start({ creds_file: identity.path("box.creds") });
  await identity.deliver();
  const feeding = setInterval(() => site.fed.feed(5), 5);
  try {
    identity.put("box.creds", operator.creds());
    await identity.told("credentials_changed");
    const expiredMs = performance.now() + 3000;
    await waitFor("the old one to expire", () => performance.now() > expiredMs);
  } finally {
    clearInterval(feeding);
  }
  await site.caughtUp();
  assert.ok(!site.kinds().includes("sink_unauthorized"), "nobody was rejected");
  const authenticator = credsAuthenticator(new TextEncoder().encode(operator.creds()));
  await identity.assertDeliveredTo({ servers: site.server.url, authenticator });
});
