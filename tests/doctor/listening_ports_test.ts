import assert from "node:assert/strict";
import { DoctorBox, lineOf } from "../support/doctor_box.ts";
import { freePort } from "../support/free_port.ts";

async function lines(box: DoctorBox): Promise<string[]> {
  return (await box.findings("tcp port")).map(lineOf);
}

Deno.test("doctor: a TCP port that another program listens on is an error while the service does not run", async () => {
  using box = new DoctorBox();
  const port = freePort();
  const listening = { type: "http", path: "/cdr", listen_port: port, listen_host: "127.0.0.1" };
  box.configurePorts([listening, { ...listening, path: "/ali" }]);
  assert.deepEqual(await lines(box), [`ok tcp port ${port}: free, on 127.0.0.1`]);
  using _other = Deno.listen({ hostname: "127.0.0.1", port });
  assert.deepEqual(await lines(box), [
    `error tcp port ${port}: another program listens on it because the service could not take what ` +
    `is sent to it → see which: sudo ss -ltnp 'sport = :${port}'`,
  ]);
});

Deno.test("doctor: an address to listen on that this machine has not is an error", async () => {
  using box = new DoctorBox();
  const port = freePort();
  box.configurePorts([{ type: "tcp", listen_port: port, listen_host: "192.0.2.7" }]);
  assert.match(
    (await lines(box)).join(),
    /^error .*: nobody can listen on 192\.0\.2\.7:.*ip address/,
  );
});

Deno.test("doctor: a TCP port below 1024 is an error where the service is not root", async () => {
  using box = new DoctorBox();
  box.install();
  box.configurePorts([{ type: "tcp", listen_port: 514 }]);
  assert.deepEqual(await lines(box), [
    "error tcp port 514: the user nectarcollector may not listen on it because ports below 1024 are " +
    'for root alone → name one from 1024 on as "listen_port", and let the sender use that',
  ]);
  box.put("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80\n");
  assert.match((await lines(box)).join(), /^(ok|error) tcp port 514: (free|another)/);
});
