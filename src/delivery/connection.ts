// How to reach the servers of a sink: for each its address and our proof of identity, as the NATS
// client wants them. Pure.

import {
  type ConnectionOptions,
  jwtAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
} from "@nats-io/transport-node";
import type { Credentials, Proof } from "./credentials.ts";

/** One server, as the client wants it. */
export type ServerOptions = ConnectionOptions & { readonly servers: string };

/** User and password in a URL are for that server alone, and go before those for all. */
export function serverOptions(
  name: string,
  server: string,
  credentials: Credentials,
  proof: Proof,
): ServerOptions {
  const { tls } = credentials;
  const wantsTls = tls !== undefined || server.startsWith("tls://");
  return {
    name,
    servers: withoutUserInfo(server),
    ...(userInfo(server) ?? login(credentials, proof)),
    ...authenticator(proof),
    ...(wantsTls ? { tls: tlsOptions(proof) } : {}),
  };
}

type Login = Pick<ConnectionOptions, "user" | "pass" | "token">;

function login({ user, password, token }: Credentials, proof: Proof): Login {
  const pass = proof.password ?? password;
  const theToken = proof.token ?? token;
  return {
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(theToken === undefined ? {} : { token: theToken }),
  };
}

function authenticator({ seed, jwt }: Proof): Pick<ConnectionOptions, "authenticator"> {
  if (seed === undefined) return {};
  const bytes = new TextEncoder().encode(seed);
  return {
    authenticator: jwt === undefined ? nkeyAuthenticator(bytes) : jwtAuthenticator(jwt, bytes),
  };
}

function tlsOptions({ ca, certificate, privateKey }: Proof): TlsOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(privateKey === undefined ? {} : { key: privateKey }),
  };
}

/** The client does not look there. A name without a password is a token. */
function userInfo(server: string): Login | null {
  const url = URL.parse(server);
  if (url === null || url.username === "") return null;
  const user = decodeURIComponent(url.username);
  return url.password === "" ? { token: user } : { user, pass: decodeURIComponent(url.password) };
}

function withoutUserInfo(server: string): string {
  return server.replace(/^([a-z]+:\/\/)[^/@]*@/, "$1");
}
