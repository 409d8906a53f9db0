import assert from "node:assert/strict";
import { IdentitySite } from "../support/identity_site.ts";
import { Authority, type Identity } from "../support/certificates.ts";
import { natsServer } from "../support/nats_program.ts";
import { type Requirement, requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);

/** Older ones show no certificate on a connection that begins without TLS, as NATS's do. */
const showsCertificates: Requirement = {
  name: "a later Deno than 2.4",
  isMet: () => !Deno.version.deno.startsWith("2.4."),
  isOfDeno: true,
};
/** Tests that show a certificate of ours. */
const mutual = { test: again(requires(natsServer, showsCertificates).test) };

const hourMs = 3_600_000;
const hosts = ["localhost", "127.0.0.1"];

/** A site whose server has a certificate, and whose sink knows the authority. */
class TlsSite implements AsyncDisposable {
  readonly authority = new Authority();
  readonly identity: IdentitySite;

  static async open(): Promise<TlsSite> {
    return new TlsSite(await IdentitySite.open());
  }

  private constructor(identity: IdentitySite) {
    this.identity = identity;
    identity.put("ca.pem", this.authority.certificate);
  }

  /** The server has this certificate from now on, also on connections that are there. */
  async serve(
    { certificate, key }: Identity,
    { mutual = false }: { readonly mutual?: boolean } = {},
  ): Promise<void> {
    const { identity } = this;
    identity.put("server.pem", certificate);
    identity.put("server.key", key);
    const verify = mutual ? `ca_file: "${identity.path("ca.pem")}", verify: true` : "";
    await identity.demand(`tls {
      cert_file: "${identity.path("server.pem")}"
      key_file: "${identity.path("server.key")}"
      ${verify}
    }`);
  }

  /** Puts our own certificate and key in place, one after the other. */
  show({ certificate, key }: Identity): void {
    this.identity.put("box.pem", certificate);
    this.identity.put("box.key", key);
  }

  /** Starts a sink that shows what was put. */
  start(): void {
    const [ca_file, cert_file, key_file] = ["ca.pem", "box.pem", "box.key"].map((name) =>
      this.identity.path(name)
    );
    this.identity.start({ tls: { ca_file, cert_file, key_file } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.identity[Symbol.asyncDispose]();
  }
}

/** What is wrong with a server's certificate, and what is told about it. */
const faults: readonly {
  readonly name: string;
  readonly certificate: (authority: Authority) => Identity;
  readonly told: RegExp;
  readonly hint: RegExp;
}[] = [
  {
    name: "has expired",
    certificate: (authority) =>
      authority.issue({ name: "hub", hosts, toMs: Date.now() - hourMs / 2 }),
    told: /: the server's certificate has expired$/,
    hint: /^put a new certificate on the server/,
  },
  {
    name: "is not valid yet",
    certificate: (authority) =>
      authority.issue({ name: "hub", hosts, fromMs: Date.now() + hourMs }),
    told: /: the server's certificate is not valid yet$/,
    hint: /^set the clock/,
  },
  {
    name: "is for another name",
    certificate: (authority) => authority.issue({ name: "hub", hosts: ["hub.example.org"] }),
    told: /: the server's certificate is for another name: "hub\.example\.org"$/,
    hint: /^use a name that is in the certificate/,
  },
  {
    name: "is signed by a stranger",
    certificate: () => new Authority({ name: "a stranger" }).issue({ name: "hub", hosts }),
    told: /: the server's certificate is signed by an authority that is not known here$/,
    hint: /tls\.ca_file/,
  },
];

test("a server's certificate that is no good is told with what to do, and healed by a new one", async () => {
  await using tls = await TlsSite.open();
  const { identity, authority } = tls;
  const { site } = identity;
  const good = (): Identity => authority.issue({ name: "hub", hosts });
  await tls.serve(good());
  identity.start({ tls: { ca_file: identity.path("ca.pem") } });
  await identity.deliver();
  for (const { name, certificate, told, hint } of faults) {
    await tls.serve(certificate(authority));
    await site.server.restart();
    await waitForValue(
      `"${name}" to be told`,
      () => site.sink.status.detail,
      (detail) => told.test(detail),
    );
    assert.equal(site.sink.status.state, "disconnected");
    const { message, hint: toldHint } = await identity.told("sink_disconnected");
    assert.match(message, /; records wait in the journal$/);
    assert.match(toldHint ?? "", hint);
    const { syncedSequence } = site.fed.journal;
    site.fed.feed(20);
    await waitFor(
      "capture to go on",
      () => site.fed.journal.syncedSequence === syncedSequence + 20,
    );
    await tls.serve(good());
    await site.caughtUp();
  }
  assert.deepEqual(site.strays.messages, []);
  await identity.assertDelivered();
});

test("a server that offers no TLS gets nothing where TLS is demanded", async () => {
  await using identity = await IdentitySite.open();
  identity.site.fed.feed(5);
  identity.start({}, [identity.site.server.url.replace("nats:", "tls:")]);
  await identity.site.state("disconnected");
  assert.match(
    identity.site.sink.status.detail,
    /: the server does not offer TLS, which the configuration demands$/,
  );
});

mutual.test(
  "a certificate of ours lets us in; one that is no good is told, and healed by a new one",
  async () => {
    await using tls = await TlsSite.open();
    const { identity, authority } = tls;
    const { site } = identity;
    await tls.serve(authority.issue({ name: "hub", hosts }), { mutual: true });
    tls.show(authority.issue({ name: "box" }));
    tls.start();
    await identity.deliver();
    const bad = [
      new Authority({ name: "a stranger" }).issue({ name: "box" }),
      authority.issue({ name: "box", toMs: Date.now() - 1000 }),
    ];
    for (const shown of bad) {
      tls.show(shown);
      await site.state("unauthorized");
      assert.match(site.sink.status.detail, /: the server does not take our certificate/);
      site.fed.feed(20);
      tls.show(authority.issue({ name: "box" }));
      await site.state("delivering");
    }
    await identity.told("credentials_expired");
    await identity.assertDelivered();
  },
);

mutual.test(
  "a certificate whose key comes later is not shown before, and nothing is lost meanwhile",
  async () => {
    await using tls = await TlsSite.open();
    const { identity, authority } = tls;
    const { site } = identity;
    await tls.serve(authority.issue({ name: "hub", hosts }), { mutual: true });
    tls.show(authority.issue({ name: "box", toMs: Date.now() + 48 * hourMs }));
    tls.start();
    await identity.deliver();
    const soon = await identity.told("credentials_expire");
    assert.match(
      soon.message,
      /^nats\.tls\.cert_file: the certificate CN=box expires in 1 day, on/,
    );
    const feeding = setInterval(() => site.fed.feed(5), 5);
    try {
      const fresh = authority.issue({ name: "box" });
      identity.put("box.pem", fresh.certificate);
      const warning = await identity.told("credentials_unusable");
      assert.match(warning.message, /it is not the key of the certificate/);
      identity.put("box.key", fresh.key);
      await identity.told("credentials_changed");
      await identity.told("credentials_renewed");
    } finally {
      clearInterval(feeding);
    }
    await site.caughtUp();
    assert.ok(!site.kinds().includes("sink_unauthorized"), "nobody was rejected");
    await identity.assertDelivered();
  },
);

if (!showsCertificates.isMet()) {
  test("a server that wants our certificate is told as what this Deno cannot do", async () => {
    await using tls = await TlsSite.open();
    const { identity, authority } = tls;
    await tls.serve(authority.issue({ name: "hub", hosts }), { mutual: true });
    tls.show(authority.issue({ name: "box" }));
    tls.start();
    await identity.site.state("unauthorized");
    assert.match(identity.site.sink.status.detail, /which this program cannot show on Deno 2\.4/);
  });
}
