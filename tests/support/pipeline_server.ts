// What a pipeline plan does to a server, its stream and its network; and how all of it is mended.

import type { PipelineCommand, ServerEvent } from "./pipeline_plan.ts";
import type { SimulatedNats } from "./simulated_nats.ts";
import { usualLimits } from "./simulated_stream.ts";

const name = "cdr";
const subjects = ["ks.cdr.>"];
const otherPayload = new TextEncoder().encode("of another box");

type Disturbance = Extract<PipelineCommand, { readonly sink: number }>;

export function disturb(server: SimulatedNats, command: Disturbance): void {
  switch (command.do) {
    case "network":
      return server.change(command.network);
    case "limit stream":
      return streamOf(server)?.limit({ maxMessages: command.maxMessages, discard: "old" });
    case "limit payload":
      if (command.of === "server") server.maxPayload = command.bytes;
      else streamOf(server)?.limit({ maxMessageBytes: command.bytes });
      return;
    case "server":
      return events[command.event](server);
  }
}

/** Everything works again and has room. What is too large for one message stays so. */
export function healServer(server: SimulatedNats): void {
  server.start();
  server.resume();
  speak(server);
  server.acceptsCredentials = true;
  server.change("good");
  const { maxMessages, maxBytes, discard } = usualLimits;
  streamOf(server)?.limit({ maxMessages, maxBytes, discard });
}

const events: Readonly<Record<ServerEvent, (server: SimulatedNats) => void>> = {
  "kill": (server) => server.kill(),
  "cut power": (server) => server.cutPower(),
  "start": (server) => server.start(),
  "kill and start": (server) => {
    server.kill();
    server.start();
  },
  "cut power and start": (server) => {
    server.cutPower();
    server.start();
  },
  "stall": (server) => server.stall(),
  "resume": (server) => server.resume(),
  "fall silent": (server) => void (server.silent = true),
  "speak": speak,
  "sync": (server) => server.sync(),
  "reject credentials": (server) => {
    server.acceptsCredentials = false;
    server.cutConnections();
  },
  "accept credentials": (server) => void (server.acceptsCredentials = true),
  "cut connections": (server) => server.cutConnections(),
  "delete stream": deleteStream,
  "make stream anew": (server) => {
    deleteStream(server);
    server.make({ name, subjects });
  },
  "purge stream": (server) => streamOf(server)?.purge(),
  "elect a leader that lacks messages": (server) => {
    const lost = Math.floor(server.random() * 10);
    if (streamOf(server) !== undefined) server.elect(name, lost);
    if (server.random() < 0.7) othersPublish(server, lost);
  },
  "others publish": (server) => othersPublish(server, 10),
  "leave room for no message": (server) => {
    const stream = streamOf(server);
    stream?.limit({ maxMessages: Math.max(1, stream.messages.length), discard: "new" });
  },
  "leave room for few bytes": (server) => {
    const stream = streamOf(server);
    stream?.limit({ maxBytes: stream.bytes + 700, discard: "new" });
  },
  "heal": healServer,
};

function othersPublish(server: SimulatedNats, count: number): void {
  for (let i = 0; i < count; i++) {
    server.store({ subject: "ks.cdr.test", headers: [], payload: otherPayload }, Infinity);
  }
}

function deleteStream(server: SimulatedNats): void {
  if (streamOf(server) !== undefined) server.delete(name);
}

/** A server that its full disk has silenced has to be started again. */
function speak(server: SimulatedNats): void {
  if (!server.silent) return;
  server.kill();
  server.silent = false;
  server.start();
}

function streamOf(server: SimulatedNats): ReturnType<SimulatedNats["find"]> | undefined {
  return server.streams.find((stream) => stream.name === name);
}
