import assert from "node:assert/strict";
import { listenProblem } from "../../../src/source/http/listen_problem.ts";

Deno.test("listenProblem() says what to do about each", () => {
  const address = { host: "192.0.2.7", port: 80 };
  const cases: [Error, string, RegExp][] = [
    [new Deno.errors.AddrInUse("x"), "busy", /ss -ltnp 'sport = :80'/],
    [new Deno.errors.PermissionDenied("x"), "no_permission", /1024.*CAP_NET_BIND_SERVICE/],
    [new Deno.errors.AddrNotAvailable("x"), "missing", /ip address.*listen_host/],
    [new Error("out of files"), "failed", /listen_host and listen_port/],
  ];
  for (const [error, kind, hint] of cases) {
    const problem = listenProblem(error, address);
    assert.equal(problem.kind, kind);
    assert.match(problem.hint, hint);
  }
});

Deno.test("listenProblem() knows what the system throws", () => {
  const thrownBy = (hostname: string, port: number): unknown => {
    try {
      Deno.listen({ hostname, port }).close();
    } catch (error) {
      return error;
    }
    return assert.fail("it could be listened on");
  };
  const missing = listenProblem(thrownBy("192.0.2.7", 20_000), { host: "192.0.2.7", port: 20_000 });
  assert.equal(missing.kind, "missing");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assert.equal(listenProblem(thrownBy("127.0.0.1", port), { host: null, port }).kind, "busy");
});
