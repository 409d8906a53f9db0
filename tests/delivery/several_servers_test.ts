import assert from "node:assert/strict";
import { IdentitySite } from "../support/identity_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { natsGreeting, RudePeer } from "../support/rude_peer.ts";
import { denoForProxy, TcpProxy } from "../support/tcp_proxy.ts";
import { waitForValue } from "../support/wait_for.ts";

const { test } = requires(natsServer);

requires(natsServer, denoForProxy).test(
  "of several servers any that is there is used, and another one when it goes away",
  async () => {
    await using identity = await IdentitySite.open();
    const { site } = identity;
    using first = await TcpProxy.open({ serverPort: site.server.port });
    using second = await TcpProxy.open({ serverPort: site.server.port });
    first.refuse();
    identity.start({}, [first.url, second.url]);
    await identity.deliver();
    assert.equal(first.accepted, 0);
    await first.accept();
    for (const [used, turns] of [[second, [1, 1]], [first, [1, 2]]] as const) {
      used.cut("end");
      await identity.deliver();
      assert.deepEqual([first.accepted, second.accepted], turns, "the other one has its turn");
    }
    for (const [up, down] of [[first, second], [second, first]] as const) {
      const { accepted } = up;
      await up.accept();
      down.refuse();
      down.cut("reset");
      await identity.deliver();
      assert.equal(up.accepted, accepted + 1);
    }
    second.refuse();
    second.cut("end");
    site.fed.feed(20);
    await waitForValue(
      "both to be told",
      () => site.sink.status.detail,
      (detail) => /refused.*; connect to .*refused/.test(detail),
    );
    await first.accept();
    await site.caughtUp();
    await identity.assertDelivered();
  },
);

test("a server that rejects us and one that is none keep nothing from one that takes us", async () => {
  await using rude = new RudePeer({ hangsUp: "after greeting" });
  await using rejecting = new RudePeer({
    greeting: natsGreeting,
    answer: "-ERR 'Authorization Violation'\r\n",
    hangsUp: "after answer",
  });
  await using identity = await IdentitySite.open('authorization { user: "box", password: "own" }');
  const own = identity.site.server.url.replace("//", "//box:own@");
  const shared = { user: "box", password: "shared" };
  identity.start(shared, [rude.url, rejecting.url, own]);
  await identity.deliver();
  for (let round = 0; round < 3; round++) {
    await identity.site.server.restart();
    await identity.deliver();
  }
  assert.ok(rude.accepted > 0 && rejecting.accepted > 0);
  await identity.assertDelivered();
});
