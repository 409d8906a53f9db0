import assert from "node:assert/strict";
import { Libc } from "../../../src/platform/libc.ts";
import { OwnSockets } from "../../../src/platform/own_sockets.ts";
import { SocketCare } from "../../../src/source/tcp/socket_care.ts";
import { openDescriptors } from "../../support/open_descriptors.ts";

/** What the system says of a socket's option. */
function optionOf(fd: number, level: number, name: number): number {
  using library = disposable(Deno.dlopen("libc.so.6", {
    getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  }));
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  assert.equal(
    library.symbols.getsockopt(
      fd,
      level,
      name,
      new Uint8Array(value.buffer),
      new Uint8Array(length.buffer),
    ),
    0,
  );
  return value[0] ?? -1;
}

function disposable<Library extends { close(): void }>(library: Library): Library & Disposable {
  return Object.assign(library, { [Symbol.dispose]: () => library.close() });
}

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(`SocketCare: a silent peer on ${hostname} is asked after 20 s and given up after 40`, async () => {
    using libc = new Libc();
    using listener = Deno.listen({ hostname, port: 0 });
    using conn = await Deno.connect({ hostname, port: (listener.addr as Deno.NetAddr).port });
    using accepted = await listener.accept();
    const before = openDescriptors();
    new SocketCare({ libc }).noticeDeath(conn);
    assert.equal(openDescriptors(), before);
    using sockets = new OwnSockets(libc);
    const [fd = -1, ...others] = sockets.descriptorsOf(conn);
    assert.deepEqual(others, []);
    const [peer = -1] = sockets.descriptorsOf(accepted);
    assert.notEqual(fd, peer);
    const found = [[1, 9], [6, 4], [6, 5], [6, 6], [6, 18]] as const;
    assert.deepEqual(found.map(([level, name]) => optionOf(fd, level, name)), [
      1,
      20,
      5,
      4,
      40_000,
    ]);
    assert.equal(optionOf(peer, 1, 9), 0, "the other end is another socket");
  });
}
