import assert from "node:assert/strict";
import { nkeys } from "@nats-io/nats-core/internal";
import {
  credentialFiles,
  type CredentialKey,
  expiries,
  readProof,
} from "../../src/delivery/credentials.ts";
import { Authority } from "../support/certificates.ts";
import { JwtOperator } from "../support/jwt_operator.ts";

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 0, 1);
const authority = new Authority({ name: "us", toMs: nowMs + 9 * dayMs });
const box = authority.issue({ name: "box", toMs: nowMs + 5 * dayMs });
const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
const creds = new JwtOperator().creds({ expiresMs: nowMs });

function read(contents: Partial<Record<CredentialKey, string>>): ReturnType<typeof readProof> {
  const entries = Object.entries(contents) as [CredentialKey, string][];
  return readProof(new Map(entries));
}

Deno.test("each file that is named is read, and no other", () => {
  const tls = { ca_file: "/etc/ca.pem", cert_file: undefined };
  assert.deepEqual(credentialFiles({ user: "box", password_file: "/etc/pw", tls }), [
    { key: "password_file", path: "/etc/pw" },
    { key: "tls.ca_file", path: "/etc/ca.pem" },
  ]);
});

Deno.test("passwords, tokens and seeds are taken without the line's end around them", () => {
  assert.deepEqual(read({ password_file: "secret \n", token_file: "\ttoken\r\n" }), {
    password: "secret",
    token: "token",
  });
  assert.equal(read({ nkey_seed_file: `# ours\n${seed}\n` }).seed, seed);
  const proof = read({ creds_file: creds });
  assert.match(proof.jwt ?? "", /^ey.*\..*\./);
  assert.match(proof.seed ?? "", /^SU/);
});

const damaged: readonly (readonly [string, Partial<Record<CredentialKey, string>>, RegExp])[] = [
  ["an empty file", { password_file: "\n" }, /^password_file: the file is empty$/],
  ["half a seed", { nkey_seed_file: seed.slice(0, 40) }, /^nkey_seed_file: there is no user's/],
  [
    "a seed with a typo",
    // Not in its last character, of which not all bits count.
    { nkey_seed_file: seed.replace(/(?<=^.{20})./, (c) => c === "A" ? "B" : "A") },
    /^nkey/,
  ],
  ["creds without a JWT", { creds_file: seed }, /^creds_file: there is no user JWT in it$/],
  ["creds cut in the JWT", { creds_file: creds.slice(0, 90) }, /^creds_file: there is no user JWT/],
  ["creds cut in the seed", { creds_file: creds.slice(0, -90) }, /^creds_file: there is no user's/],
  ["no certificate", { "tls.ca_file": "hello" }, /^tls\.ca_file: there is no certificate/],
  [
    "half a certificate",
    { "tls.ca_file": authority.certificate + box.certificate.slice(0, 300) },
    /^tls\.ca_file: it ends in the middle of a certificate$/,
  ],
  ["no key", { "tls.key_file": box.certificate }, /^tls\.key_file: /],
  [
    "the key of another",
    { "tls.cert_file": box.certificate, "tls.key_file": authority.issue({ name: "x" }).key },
    /^tls\.key_file: it is not the key of the certificate in tls\.cert_file$/,
  ],
];

for (const [name, contents, told] of damaged) {
  Deno.test(`${name} proves nothing, and the reason names the key`, () => {
    assert.throws(() => read(contents), { message: told });
  });
}

Deno.test("no file cut at any place is taken for a whole one with something else in it", () => {
  const whole = read({ creds_file: creds });
  for (let length = 0; length < creds.length; length++) {
    try {
      assert.deepEqual(read({ creds_file: creds.slice(0, length) }), whole);
    } catch (error) {
      assert.match(error instanceof Error ? error.message : "", /^creds_file: /);
    }
  }
});

Deno.test("the ends of JWT, certificate and authority are found; of two authorities the later", () => {
  const later = new Authority({ name: "us, again", toMs: nowMs + 99 * dayMs });
  const proof = read({
    creds_file: creds,
    "tls.cert_file": box.certificate + authority.certificate,
    "tls.key_file": box.key,
    "tls.ca_file": later.certificate + authority.certificate,
  });
  assert.deepEqual(expiries(proof), [
    { key: "creds_file", what: "the user JWT", expiresMs: nowMs },
    { key: "tls.cert_file", what: "the certificate CN=box", expiresMs: nowMs + 5 * dayMs },
    { key: "tls.ca_file", what: "the certificate CN=us, again", expiresMs: nowMs + 99 * dayMs },
  ]);
  assert.deepEqual(expiries(read({ creds_file: new JwtOperator().creds() })), []);
});
