import assert from "node:assert/strict";
import { NatsTransport } from "../../src/delivery/nats_transport.ts";
import { natsGreeting, RudePeer } from "../support/rude_peer.ts";
import { waitFor } from "../support/wait_for.ts";

Deno.test("what a server said before it hung up is read, however late, and only then it is closed", async () => {
  const farewell = "-ERR 'maximum connections exceeded'\r\n";
  await using peer = new RudePeer({
    greeting: natsGreeting,
    answer: farewell,
    hangsUp: "after answer",
  });
  const transport = new NatsTransport();
  const port = Number(new URL(peer.url).port);
  await transport.connect({ hostname: "127.0.0.1", port, tlsName: "" }, {});
  transport.send(new TextEncoder().encode("PING\r\n"));
  await waitFor("the server to hang up", () => peer.accepted === 1 && peer.open === 0);
  // Its end has come here, too, by then.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  let heard = "";
  for await (const bytes of transport) heard += new TextDecoder().decode(bytes);
  assert.equal(heard, natsGreeting + farewell);
  await transport.closed();
  assert.ok(transport.isClosed);
});
