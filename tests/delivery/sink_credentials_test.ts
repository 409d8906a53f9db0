import assert from "node:assert/strict";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);

/** Who gives no name reads along. */
const users = `
  accounts {
    site {
      jetstream: enabled
      users [
        { user: "box", password: "right" }
        { user: "mute", password: "right", permissions { publish { deny: "ks.>" } } }
        { user: "reader", password: "right" }
      ]
    }
  }
  no_auth_user: reader`;

test("a wrong password is told as unauthorized, the process lives, and the right one goes on", async () => {
  await using site = await DeliverySite.open({ server: { configuration: users } });
  let pass = "wrong";
  let attempts = 0;
  site.connection = () => {
    attempts += 1;
    return { servers: site.server.url, user: "box", pass };
  };
  site.fed.feed(50);
  site.startSink();
  await site.state("unauthorized");
  await waitFor("ten attempts", () => attempts >= 10);
  assert.equal(site.kinds().filter((kind) => kind === "sink_unauthorized").length, 1);
  assert.deepEqual(site.strays.messages.filter((message) => !message.includes("ECONNRESET")), []);
  pass = "right";
  await site.caughtUp();
  await site.assertDelivered();
});

test("a user who may not publish is told as unauthorized, until he may", async () => {
  await using site = await DeliverySite.open({ server: { configuration: users } });
  let user = "mute";
  site.connection = () => ({ servers: site.server.url, user, pass: "right" });
  site.fed.feed(50);
  site.startSink();
  await site.state("unauthorized");
  user = "box";
  await site.caughtUp();
  await site.assertDelivered();
});

test("a connection that cannot even be described is told, and tried again", async () => {
  await using site = await DeliverySite.open();
  const good = site.connection;
  site.connection = () => {
    throw new Error("read box.creds: no such file");
  };
  site.fed.feed(5);
  site.startSink();
  await site.state("unauthorized");
  assert.equal(site.sink.status.detail, "read box.creds: no such file");
  site.connection = good;
  await site.caughtUp();
  await site.assertDelivered();
});
