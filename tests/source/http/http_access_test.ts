import assert from "node:assert/strict";
import { type AccessOptions, HttpAccess } from "../../../src/source/http/http_access.ts";

/** What a post from `ip` with these credentials is answered with; `null` when it may pass. */
function statusOf(
  options: Partial<AccessOptions>,
  { ip = "192.0.2.7", credentials }: { readonly ip?: string; readonly credentials?: string } = {},
): number | null {
  const access = new HttpAccess({ readText: () => "", ...options });
  const headers = credentials === undefined ? {} : {
    authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))}`,
  };
  const request = new Request("http://box/cdr", { method: "POST", headers });
  return access.refusal(request, { ip, port: 5000 })?.status ?? null;
}

Deno.test("HttpAccess: without limits everybody may post", () => {
  assert.equal(statusOf({}), null);
  assert.equal(statusOf({}, { ip: "2001:db8::1", credentials: "any:body" }), null);
});

Deno.test("HttpAccess: only who is in allow_from may post, IPv4 and IPv6", () => {
  const allowFrom = ["192.0.2.0/25", "198.51.100.9", "2001:db8::/33", "2001:db8:8000::5"];
  const cases: [string, number | null][] = [
    ["192.0.2.127", null],
    ["192.0.2.128", 403],
    ["198.51.100.9", null],
    ["198.51.100.10", 403],
    ["2001:db8:7fff::1", null],
    ["2001:db8:8000::1", 403],
    ["2001:db8:8000::5", null],
    ["127.0.0.1", 403],
  ];
  for (const [ip, status] of cases) assert.equal(statusOf({ allowFrom }, { ip }), status, ip);
});

Deno.test("HttpAccess: name and password must both be right, colons and other letters included", () => {
  const wanted = { username: "Zoë", password: "a:b:ü" };
  assert.equal(statusOf(wanted, { credentials: "Zoë:a:b:ü" }), null);
  for (const credentials of ["Zoë:a:b", "Zoe:a:b:ü", "Zoë:", ":", "", "Zoë:a:b:ü ", "Zoë"]) {
    assert.equal(statusOf(wanted, { credentials }), 401, credentials);
  }
  assert.equal(statusOf(wanted), 401);
  const request = new Request("http://box/", {
    headers: { authorization: "Bearer Zoë".slice(0, 9) },
  });
  const access = new HttpAccess({ readText: () => "", ...wanted });
  const refusal = access.refusal(request, { ip: "192.0.2.7", port: 1 });
  assert.match(refusal?.headers?.["www-authenticate"] ?? "", /^Basic realm=/);
});

Deno.test("HttpAccess: a password from a file counts from when it is changed; without it nobody passes", () => {
  let file: string | null = "first\n";
  const options = {
    username: "box",
    passwordFile: "/etc/box.password",
    readText: (path: string): string => {
      assert.equal(path, "/etc/box.password");
      if (file === null) throw new Error("no such file");
      return file;
    },
  };
  assert.equal(statusOf(options, { credentials: "box:first" }), null);
  file = "second";
  assert.equal(statusOf(options, { credentials: "box:first" }), 401);
  assert.equal(statusOf(options, { credentials: "box:second" }), null);
  file = null;
  assert.equal(statusOf(options, { credentials: "box:second" }), 503);
});
