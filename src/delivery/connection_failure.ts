// Why no connection came about, or why one has ended, in words that say where to look. Pure. The texts that are looked for
// are those of nats-server, Deno (rustls) and Node.

import {
  AuthorizationError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { errorText } from "../platform/notice.ts";
import type { Trouble } from "./outcome.ts";
import { SessionEnd } from "./session_end.ts";

interface Reading {
  readonly trouble: Trouble;
  /** `$1` is what the pattern found. */
  readonly message: string;
  readonly hint?: string;
}

const readings: readonly (readonly [RegExp, Reading])[] = [
  [/certificate expired.*\((.*) ago\)|CertificateExpired|CERT_HAS_EXPIRED/, {
    trouble: "disconnected",
    message: "the server's certificate has expired",
    hint: "put a new certificate on the server; if it is good, set this box's clock",
  }],
  [/certificate not valid yet|NotValidYet|CERT_NOT_YET_VALID/, {
    trouble: "disconnected",
    message: "the server's certificate is not valid yet",
    hint: "set the clock of this box, or the server's when it made the certificate",
  }],
  [/not valid for name.* only valid for (.*)$|altnames: (.*)$/i, {
    trouble: "disconnected",
    message: "the server's certificate is for another name: $1",
    hint: "use a name that is in the certificate, or put one with this name on the server",
  }],
  [/UnknownIssuer|unable to verify|self.signed|issuer certificate/i, {
    trouble: "disconnected",
    message: "the server's certificate is signed by an authority that is not known here",
    hint: "name the authority's certificate in tls.ca_file",
  }],
  [/invalid peer certificate: (.*)$/, {
    trouble: "disconnected",
    message: "the server's certificate is not good: $1",
    hint: "put another certificate on the server",
  }],
  [/fatal alert: (\w*(?:Certificate|UnknownCA|AccessDenied)\w*)/i, {
    trouble: "unauthorized",
    message: "the server does not take our certificate ($1)",
    hint: "put one in tls.cert_file and tls.key_file that is valid and signed by an authority " +
      "that the server knows",
  }],
  [/(Deno \S+) cannot show our certificate/, {
    trouble: "unauthorized",
    message: "the server wants our certificate, which this program cannot show on $1",
    hint: "compile it with a later Deno, or prove who we are with a creds_file",
  }],
  [/does not support 'tls'/, {
    trouble: "disconnected",
    message: "the server does not offer TLS, which the configuration demands",
    hint: "switch TLS on in nats-server, or use nats:// and leave tls out",
  }],
  [/ECONNREFUSED/, {
    trouble: "disconnected",
    message: "connection refused: nothing listens there",
  }],
  [/ENOTFOUND|EAI_AGAIN|EAI_NONAME|failed to lookup/, {
    trouble: "disconnected",
    message: "the name is not known",
    hint: "is the name right, and does this box's DNS answer?",
  }],
  // The client's own words when the other side gave no reason; a refusal has its code.
  [/ECONNRESET|EPIPE|EBADF|^connection refused$/, {
    trouble: "disconnected",
    message: "the other side closed the connection",
  }],
];

/** Whether a server has refused our proof of identity. */
function isRejection(error: unknown): boolean {
  return error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError;
}

/** `what` is what did not come about, or has come to its end. */
export function connectionFailure(what: string, error: unknown): SessionEnd {
  const { trouble, message, hint } = reading(error);
  return new SessionEnd(trouble, `${what}: ${message}`, { cause: error, hint });
}

function reading(error: unknown): Reading {
  // The other side has closed the connection, and said nothing.
  const text = errorText(error ?? "EPIPE");
  if (isRejection(error)) return { trouble: "unauthorized", message: text };
  if (error instanceof TimeoutError) {
    return { trouble: "disconnected", message: "it greets and does not answer our login" };
  }
  const code = error instanceof Error && "code" in error ? ` ${error.code}` : "";
  for (const [pattern, found] of readings) {
    const match = pattern.exec(text + code);
    if (match === null) continue;
    const detail = (match.slice(1).find((group) => group !== undefined) ?? "")
      .replaceAll(/(?:DnsName|IpAddress)\(([^)]*)\)/g, "$1");
    return { ...found, message: found.message.replace("$1", () => detail) };
  }
  return { trouble: "disconnected", message: text };
}
