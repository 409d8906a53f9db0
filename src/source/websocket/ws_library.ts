// The part of the library `ws` that is used: its codec of frames, which needs no socket. Its own
// connections stand on Node's HTTP client, which under Deno 2.4 does not get through TLS.

/** Reads frames. */
export interface FrameReceiver {
  write(bytes: Uint8Array): boolean;
  on(event: "message", listener: (data: Uint8Array, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Uint8Array) => void): this;
  on(event: "conclude", listener: (code: number, reason: Uint8Array) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
}

/** Writes frames. */
export interface FrameSender {
  send(
    data: string,
    options: { readonly fin: true; readonly binary: false; readonly mask: true },
  ): void;
  ping(data: string, mask: true): void;
  pong(data: Uint8Array, mask: true): void;
  close(code: number, reason: string, mask: true): void;
}

/** What a sender writes to. */
export interface FrameSink {
  cork(): void;
  uncork(): void;
  write(bytes: Uint8Array | string): void;
}

export interface WsLibrary {
  readonly Receiver: new (options: {
    readonly isServer: false;
    readonly allowSynchronousEvents: true;
    readonly skipUTF8Validation: true;
    readonly maxPayload: number;
    readonly maxFragments: number;
    readonly maxBufferedChunks: number;
  }) => FrameReceiver;
  readonly Sender: new (sink: FrameSink) => FrameSender;
}

/** Only those who have such a port pay for it. */
export async function loadWsLibrary(): Promise<WsLibrary> {
  const { Receiver, Sender }: WsLibrary = await import("ws");
  return { Receiver, Sender };
}
