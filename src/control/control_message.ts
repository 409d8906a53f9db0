// What goes over the socket of a running service: one line of JSON each way, a request and its
// answer, and then it is closed.

import * as z from "zod";

/** Longest line, in bytes. */
export const maxLineBytes = 1024 * 1024;

export const requestShape = z.object({
  v: z.literal(1),
  command: z.string(),
  /** The file that whoever asks believes the service to run on; absent when any will do. */
  config: z.string().optional(),
});

export const answerShape = z.discriminatedUnion("ok", [
  z.object({ v: z.literal(1), ok: z.literal(true), result: z.unknown() }),
  z.object({
    v: z.literal(1),
    ok: z.literal(false),
    /** What could not be done: action, colon, value. */
    error: z.string(),
    hint: z.string(),
  }),
]);

export type ControlRequest = Readonly<z.infer<typeof requestShape>>;
export type ControlAnswer = Readonly<z.infer<typeof answerShape>>;

/** The first line that comes, without its end. @throws {Error} when it is too long, or breaks off */
export async function readLine(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  const bytes: number[] = [];
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("read a line: the connection ended before its end");
    const chunk = buffer.subarray(0, count);
    const end = chunk.indexOf(0x0a);
    bytes.push(...end < 0 ? chunk : chunk.subarray(0, end));
    if (end >= 0) return new TextDecoder().decode(Uint8Array.from(bytes));
    if (bytes.length > maxLineBytes) {
      throw new Error(`read a line: more than ${maxLineBytes} bytes`);
    }
  }
}

export async function writeLine(
  connection: Deno.Conn,
  value: ControlRequest | ControlAnswer,
): Promise<void> {
  const line = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < line.length;) at += await connection.write(line.subarray(at));
}
