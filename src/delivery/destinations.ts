// Where records are to be delivered, from the configuration: one destination a sink.

import type { Config } from "../config/config.ts";
import {
  eventsSubject,
  healthSubject,
  recordSubject,
  streamFor,
  streamForSubject,
  type SubjectParts,
  telemetryStream,
} from "../config/subjects.ts";
import type { Credentials } from "./credentials.ts";
import type { WantedStream } from "./streams.ts";

export interface Destination {
  /** The sink's name, which is that of its section in the configuration. */
  readonly name: string;
  /** Key of its address in the configuration. */
  readonly addressKey: string;
  readonly servers: readonly string[];
  /** What we call ourselves. */
  readonly clientName: string;
  readonly credentials: Credentials;
  /** The subject that a port's records go to. */
  readonly subject: (port: SubjectParts) => string;
  /** The stream to make when there is none. */
  readonly wantedStream: WantedStream | null;
}

export function destinations({ nats, forwarder, app }: Config): Destination[] {
  const clientName = `nectarcollector ${app.instance_id}`;
  const prefix = nats.subject_prefix;
  const local: Destination = {
    name: "nats",
    addressKey: "nats.url",
    servers: nats.url,
    clientName,
    credentials: nats,
    subject: (port) => recordSubject(prefix, port),
    wantedStream: nats.manage_streams ? streamFor(prefix) : null,
  };
  if (!forwarder.enabled) return [local];
  const { remote_url: servers, remote_subject: subject } = forwarder;
  if (servers === undefined || subject === undefined) {
    throw new Error("forward records: no address or subject, which the configuration checks");
  }
  return [local, {
    name: "forwarder",
    addressKey: "forwarder.remote_url",
    servers,
    clientName,
    credentials: forwarder,
    subject: () => subject,
    wantedStream: forwarder.manage_streams ? streamForSubject(subject) : null,
  }];
}

/** A destination of what the box tells of itself. */
export interface TelemetryDestination extends Omit<Destination, "subject"> {
  readonly subject: () => string;
}

/** Where events and heartbeats are to be delivered: to the section `nats`, each by a sink of its own. */
export function telemetryDestinations({ nats, app }: Config): TelemetryDestination[] {
  const { subject_prefix: prefix } = nats;
  const subjects = {
    events: eventsSubject(prefix, app.instance_id),
    health: healthSubject(prefix, app.instance_id),
  };
  return (["events", "health"] as const).map((name) => ({
    name,
    addressKey: "nats.url",
    servers: nats.url,
    clientName: `nectarcollector ${app.instance_id}`,
    credentials: nats,
    subject: () => subjects[name],
    wantedStream: nats.manage_streams ? telemetryStream(name, prefix) : null,
  }));
}

/** Where a sink keeps how far it has come. */
export function cursorPath(statePath: string, sink: string): string {
  return `${statePath}/cursors-${sink}.json`;
}
