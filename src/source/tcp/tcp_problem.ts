// Why a feed cannot be read, in a technician's words, with what to do about it. The texts that are
// looked for are those of Deno, Linux and rustls.

import { errorText } from "../../platform/notice.ts";
import type { SourceProblem } from "../source.ts";
import { TlsFileError } from "../tls_files.ts";
import { OutOfTime } from "./time_limit.ts";

type Reading = Pick<SourceProblem, "kind" | "hint"> & { readonly says: string };

const wrongAddress = 'is the equipment on, and are "host" and "port" those it listens on?';

const readings: readonly (readonly [RegExp, Reading])[] = [
  [/ECONNREFUSED|Connection refused/, {
    kind: "unreachable",
    says: "connection refused: nothing listens there",
    hint: `${wrongAddress} Some equipment takes one connection at a time: end the other one`,
  }],
  [/ENOTFOUND|EAI_AGAIN|EAI_NONAME|failed to lookup/, {
    kind: "unreachable",
    says: "the name is not known",
    hint: "is the name right, and does this box's DNS answer? An address needs no name: 10.1.2.3",
  }],
  [/EHOSTUNREACH|ENETUNREACH|No route to host|Network is unreachable/, {
    kind: "unreachable",
    says: "there is no way to it through the network",
    hint: "look at the network cable, the address and the route: ip address, ip route",
  }],
  [/ECONNRESET|EPIPE|Connection reset|UnexpectedEof|unexpected end of file|tls handshake eof/, {
    kind: "unreachable",
    says: "the other side closed the connection at once",
    hint: "does it allow this box's address, and does it speak TLS if tls is configured?",
  }],
  [/certificate.*expired|CertificateExpired/i, {
    kind: "bad_certificate",
    says: "its certificate has expired",
    hint: "put a new certificate there; if it is good, set this box's clock",
  }],
  [/not valid yet|NotValidYet/, {
    kind: "bad_certificate",
    says: "its certificate is not valid yet",
    hint: "set the clock of this box, or of the equipment",
  }],
  [/not valid for name/, {
    kind: "bad_certificate",
    says: "its certificate is for another name",
    hint: "name one of those in the certificate as tls.server_name",
  }],
  [/UnknownIssuer|self.signed/i, {
    kind: "bad_certificate",
    says: "its certificate is signed by an authority that is not known here",
    hint: "name the authority's certificate in tls.ca_file",
  }],
  [/fatal alert: \w*(Certificate|UnknownCA|AccessDenied)/i, {
    kind: "bad_certificate",
    says: "it does not take our certificate",
    hint: "put one in tls.cert_file and tls.key_file that is signed by an authority it knows",
  }],
  [/corrupt message|InvalidContentType/, {
    kind: "failed",
    says: "it does not speak TLS",
    hint: "leave tls out, or switch TLS on there",
  }],
  [/EADDRINUSE|Address already in use/, {
    kind: "busy",
    says: "another program listens there",
    hint: "see which: sudo ss -tlnp; end it, or choose another listen_port",
  }],
  [/EADDRNOTAVAIL|Cannot assign requested address/, {
    kind: "failed",
    says: "this box does not have that address",
    hint: "correct listen_host, or leave it out to listen on all addresses; see them: ip address",
  }],
  [/EACCES|Permission denied/, {
    kind: "no_permission",
    says: "no permission",
    hint: "choose a listen_port from 1024 on, or give the service CAP_NET_BIND_SERVICE",
  }],
];

/** `what` did not come about: `connect to …`, `listen on …`. */
export function tcpProblem(what: string, error: unknown): SourceProblem {
  const text = errorText(error);
  if (error instanceof TlsFileError) {
    const hint = "mend the path or the file; it is read again at the next attempt";
    return { kind: "bad_certificate", message: `${what}: ${text}`, hint };
  }
  if (error instanceof OutOfTime) {
    return { kind: "unreachable", message: `${what}: ${text}`, hint: wrongAddress };
  }
  const code = error instanceof Error && "code" in error ? ` ${String(error.code)}` : "";
  const name = error instanceof Error ? ` ${error.name}` : "";
  const found = readings.find(([pattern]) => pattern.test(text + code + name));
  if (found === undefined) {
    const hint = "send the log to support, if it does not pass";
    return { kind: "failed", message: `${what}: ${text}`, hint };
  }
  const [, { kind, says, hint }] = found;
  return { kind, message: `${what}: ${says}`, hint };
}
