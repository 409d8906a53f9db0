// What a request is answered with: JSON, that says in an error what went wrong and what to do.

/** How long what comes is still taken from somebody who was told that it is in vain. */
const lingerMs = 1000;

export interface Fault {
  readonly status: number;
  readonly error: string;
  /** What whoever sends can do. */
  readonly hint: string;
  /** @default {none} */
  readonly headers?: Readonly<Record<string, string>>;
}

export function okAnswer(): Response {
  return jsonAnswer(200, { status: "ok" }, {});
}

export function faultAnswer({ status, error, hint, headers = {} }: Fault): Response {
  return jsonAnswer(status, { error, hint }, headers);
}

/**
 * The same to somebody who may still be sending. `discard` takes what comes for some time, so that the
 * answer can be read, and resolves to whether that was all: if not, the connection is broken.
 */
export function cutOffAnswer(
  { status, error, hint, headers = {} }: Fault,
  discard: (forMs: number) => Promise<boolean>,
): Response {
  const answer = new TextEncoder().encode(JSON.stringify({ error, hint }));
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(answer);
      if (await discard(lingerMs)) controller.close();
      else controller.error(`${error}: the connection is closed`);
    },
  });
  const jsonType = { "content-type": "application/json", connection: "close" };
  return new Response(body, { status, headers: { ...jsonType, ...headers } });
}

function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
