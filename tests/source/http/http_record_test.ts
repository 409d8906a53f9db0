import assert from "node:assert/strict";
import { readPost, recordHead, requestPath } from "../../../src/source/http/http_record.ts";
import { keyedIdentity, postIdentity, RecentPosts } from "../../../src/source/http/recent_posts.ts";

const remote = { ip: "2001:db8::7", port: 5123 };

function record(url: string, headers: Record<string, string>, body: string): Uint8Array {
  const head = recordHead(new Request(url, { method: "POST", headers }), remote);
  return new Uint8Array([...head, ...new TextEncoder().encode(body)]);
}

Deno.test("recordHead() writes names as the original does, and no secret", () => {
  const headers = {
    "x-site-id": "7",
    authorization: "Basic eDp5",
    "proxy-authorization": "Basic eDp5",
    soapaction: '"Call"',
  };
  assert.equal(
    new TextDecoder().decode(record("http://box:8080/cdr?x=%41&y", headers, "body")),
    'POST /cdr?x=%41&y HTTP/1.1\nSoapaction: "Call"\nX-Site-Id: 7\n' +
      "X-Remote-Addr: [2001:db8::7]:5123\n\nbody",
  );
});

Deno.test("recordHead() keeps every byte of a header", () => {
  const bytes = recordHead(
    new Request("http://box/", { method: "POST", headers: { "x-name": "Zo\xeb\xff" } }),
    remote,
  );
  const at = bytes.indexOf(0xeb);
  assert.deepEqual([...bytes.subarray(at - 2, at + 2)], [0x5a, 0x6f, 0xeb, 0xff]);
});

Deno.test("requestPath() is the path as it was sent", () => {
  for (
    const [url, path] of [["http://h/a//b?c/d", "/a//b"], ["http://h", "/"], ["http://h/", "/"]]
  ) {
    assert.equal(requestPath(new Request(url ?? "")), path);
  }
});

Deno.test("readPost() finds key, target and body again", () => {
  const line = record("http://box/cdr?x", { "idempotency-key": "a b" }, "one\n\ntwo");
  const post = readPost(line);
  assert.deepEqual({ ...post, body: new TextDecoder().decode(post?.body) }, {
    key: "a b",
    target: "/cdr?x",
    body: "one\n\ntwo",
  });
  assert.equal(readPost(record("http://box/", {}, "x"))?.key, null);
  assert.equal(readPost(new TextEncoder().encode("no post")), null);
});

Deno.test("keyedIdentity() is the one that the post had when it came", async () => {
  const body = "one";
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const digest = btoa(String.fromCharCode(...new Uint8Array(sum)));
  const line = record("http://box/cdr", { "idempotency-key": "7" }, body);
  assert.equal(keyedIdentity(line), postIdentity({ key: "7", target: "/cdr", digest }));
  assert.equal(keyedIdentity(record("http://box/cdr", {}, body)), null);
});

Deno.test("RecentPosts: the newest thousand are known, the others forgotten", () => {
  const recent = new RecentPosts();
  for (let i = 0; i <= 1000; i++) recent.remember(`${i}`, Promise.resolve());
  assert.equal(recent.find("0"), undefined);
  assert.ok(recent.find("1") !== undefined);
  recent.remember("1", Promise.resolve());
  recent.remember("new", Promise.resolve());
  assert.ok(recent.find("1") !== undefined);
  assert.equal(recent.find("2"), undefined);
});
