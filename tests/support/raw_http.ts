// A sender of HTTP requests that says every byte itself, so that it can be slow, break off, or speak
// as no library does.

const decoder = new TextDecoder();

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  /** With names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export class RawSender implements Disposable {
  readonly #connection: Deno.TcpConn;
  #unread = "";
  #isClosed = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawSender> {
    return new RawSender(await Deno.connect({ hostname, port }));
  }

  /** @throws {Error} when the other side has closed */
  async send(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    for (let at = 0; at < bytes.length;) {
      at += await this.#connection.write(bytes.subarray(at));
    }
  }

  /** The next answer, with a length of its own or JSON in one chunk; a 100 without a body. */
  async answer(): Promise<RawAnswer> {
    await this.#readUntil(() => this.#unread.includes("\r\n\r\n"));
    const end = this.#unread.indexOf("\r\n\r\n");
    const [first = "", ...lines] = this.#unread.slice(0, end).split("\r\n");
    this.#unread = this.#unread.slice(end + 4);
    const headers = new Map(lines.map((line) => {
      const [name = "", ...rest] = line.split(":");
      return [name.toLowerCase(), rest.join(":").trim()];
    }));
    const status = Number(first.split(" ")[1]);
    return { status, headers, body: status === 100 ? "" : await this.#body(headers) };
  }

  /** Resolves to whether the other side closes within that time. */
  async closes(withinMs: number): Promise<boolean> {
    const timer = setTimeout(() => this[Symbol.dispose](), withinMs);
    try {
      while (await this.#read());
      return true;
    } catch (error) {
      return error instanceof Deno.errors.ConnectionReset;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Hangs up. */
  [Symbol.dispose](): void {
    if (!this.#isClosed) this.#connection.close();
    this.#isClosed = true;
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<string> {
    const length = headers.get("content-length");
    if (length !== undefined) {
      await this.#readUntil(() => this.#unread.length >= Number(length));
      const body = this.#unread.slice(0, Number(length));
      this.#unread = this.#unread.slice(body.length);
      return body;
    }
    // One chunk is all that is read: behind it the connection may break.
    await this.#readUntil(() => this.#unread.includes("}"));
    return this.#unread.split("\r\n")[1] ?? "";
  }

  async #readUntil(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      if (!await this.#read()) throw new Error(`read an answer: closed behind ${this.#unread}`);
    }
  }

  async #read(): Promise<boolean> {
    const bytes = new Uint8Array(64 * 1024);
    const count = await this.#connection.read(bytes);
    if (count !== null) this.#unread += decoder.decode(bytes.subarray(0, count));
    return count !== null;
  }
}

/** A post with a body of this length. */
export function postHead(path: string, length: number, headers: readonly string[] = []): string {
  const lines = [`POST ${path} HTTP/1.1`, "Host: box", `Content-Length: ${length}`, ...headers];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

export function post(path: string, body: string, headers: readonly string[] = []): string {
  return postHead(path, body.length, headers) + body;
}
