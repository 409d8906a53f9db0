// How to reach a NATS server, from the configuration: addresses and proof of identity. Files with
// secrets are read at every dial, so that a changed one is picked up.

import {
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
} from "@nats-io/transport-node";

/** The keys that sections `nats` and `forwarder` share. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
  readonly token?: string | undefined;
  readonly token_file?: string | undefined;
  readonly nkey_seed_file?: string | undefined;
  readonly creds_file?: string | undefined;
  readonly tls?: {
    readonly ca_file?: string | undefined;
    readonly cert_file?: string | undefined;
    readonly key_file?: string | undefined;
  } | undefined;
}

/** @throws {Error} when a file cannot be read */
export function connectionOptions(
  name: string,
  servers: readonly string[],
  credentials: Credentials,
): ConnectionOptions {
  const { user, token, tls } = credentials;
  const options: ConnectionOptions = { name, servers: servers.map(withoutUserInfo) };
  const login = userInfo(servers[0]);
  const password = secret(credentials.password, credentials.password_file) ?? login?.password;
  const userName = user ?? login?.user;
  if (userName !== undefined) options.user = userName;
  if (password !== undefined) options.pass = password;
  const theToken = secret(token, credentials.token_file);
  if (theToken !== undefined) options.token = theToken;
  if (credentials.creds_file !== undefined) {
    options.authenticator = credsAuthenticator(Deno.readFileSync(credentials.creds_file));
  } else if (credentials.nkey_seed_file !== undefined) {
    const seed = Deno.readTextFileSync(credentials.nkey_seed_file).trim();
    options.authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  }
  if (tls !== undefined || servers.some((server) => server.startsWith("tls://"))) {
    options.tls = {
      ...(tls?.ca_file === undefined ? {} : { caFile: tls.ca_file }),
      ...(tls?.cert_file === undefined ? {} : { certFile: tls.cert_file }),
      ...(tls?.key_file === undefined ? {} : { keyFile: tls.key_file }),
    };
  }
  return options;
}

function secret(value: string | undefined, file: string | undefined): string | undefined {
  return file === undefined ? value : Deno.readTextFileSync(file).trim();
}

/** User and password in a URL; the client does not look there. */
function userInfo(
  server: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const url = server === undefined ? null : URL.parse(server);
  if (url === null || url.username === "") return undefined;
  return { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

function withoutUserInfo(server: string): string {
  return server.replace(/^([a-z]+:\/\/)[^/@]*@/, "$1");
}
