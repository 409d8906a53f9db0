// What answers the requests for one path, and learns whether they can come at all.

import type { SourceProblem } from "../source.ts";

/** Who sent a request. */
export interface RemoteAddress {
  /** Without the prefix of an IPv4 address that is written as an IPv6 one. */
  readonly ip: string;
  readonly port: number;
}

export interface HttpRoute {
  /** Exactly as it stands in the requests, such as `/cdr`. */
  readonly path: string;
  /** Never rejects. */
  answer(request: Request, remote: RemoteAddress): Promise<Response>;
  /** Requests can come now. `detail` says where, for people. */
  opened(detail: string): void;
  /** They cannot any more, for now; `detail` says why. */
  closed(detail: string): void;
  /** The address cannot be listened on now; tried again. Called when the reason changes. */
  unavailable(problem: SourceProblem): void;
}
