// A NATS operator with one account, made for a test: it signs users, as `nsc` does, for as long as is
// wanted. The form of the JWTs is that of https://github.com/nats-io/jwt, version 2.

import { Buffer } from "node:buffer";
import { nkeys } from "@nats-io/nats-core/internal";

type KeyPair = ReturnType<typeof nkeys.createUser>;

const unlimited = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};
const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

export class JwtOperator {
  readonly #operator = nkeys.createOperator();
  readonly #account = nkeys.createAccount();
  readonly #system = nkeys.createAccount();

  /** Lines for the configuration of a server that trusts this operator. */
  get configuration(): string {
    const system = this.#system.getPublicKey();
    const accounts = [
      [this.#account.getPublicKey(), { ...unlimited, ...jetStream }],
      [system, unlimited],
    ] as const;
    const preloaded = accounts.map(([account, limits]) =>
      `${account}: ${this.#sign(this.#operator, account, { type: "account", limits })}`
    );
    const operator = { type: "operator", system_account: system };
    return `
      operator: ${this.#sign(this.#operator, this.#operator.getPublicKey(), operator)}
      system_account: ${system}
      resolver: MEMORY
      resolver_preload: { ${preloaded.join("\n")} }`;
  }

  /** The contents of a `.creds` file of a new user. */
  creds(options: {
    /** @default {never} */
    readonly expiresMs?: number;
  } = {}): string {
    const user = nkeys.createUser();
    const claims = { type: "user", subs: -1, data: -1, payload: -1 };
    const jwt = this.#sign(this.#account, user.getPublicKey(), claims, options.expiresMs);
    const seed = new TextDecoder().decode(user.getSeed());
    return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
      `************************* IMPORTANT *************************\n` +
      `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  }

  #sign(signer: KeyPair, subject: string, nats: object, expiresMs?: number): string {
    const claims = {
      jti: crypto.randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      iss: signer.getPublicKey(),
      sub: subject,
      name: "test",
      ...(expiresMs === undefined ? {} : { exp: Math.floor(expiresMs / 1000) }),
      nats: { ...nats, version: 2 },
    };
    const parts = [{ typ: "JWT", alg: "ed25519-nkey" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const signed = parts.join(".");
    const signature = signer.sign(new TextEncoder().encode(signed));
    return `${signed}.${Buffer.from(signature).toString("base64url")}`;
  }
}
