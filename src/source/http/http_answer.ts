// What a request is answered with: JSON, that says in an error what went wrong and what to do.

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
 * The same to somebody who still sends and is not listened to any more: the connection breaks behind
 * the answer.
 */
export function cutOffAnswer({ status, error, hint, headers = {} }: Fault): Response {
  const answer = new TextEncoder().encode(JSON.stringify({ error, hint }));
  let isSaid = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!isSaid) {
        isSaid = true;
        return controller.enqueue(answer);
      }
      // Time for the answer to leave.
      await new Promise((resolve) => setTimeout(resolve, 100));
      controller.error(`${error}: the connection is closed`);
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
