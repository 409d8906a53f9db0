// Names in NATS, as functions of the configuration: which subject a record, a heartbeat, an event
// or an alert goes to, and which stream keeps the records.

/** What of a port decides on its subject. */
export interface SubjectParts {
  readonly vendor?: string | undefined;
  readonly county?: string | undefined;
  readonly fips_code: string;
}

/** A JetStream stream by name, with the subjects that it keeps. */
export interface StreamNeed {
  readonly name: string;
  readonly subjects: readonly string[];
}

/**
 * `{prefix}.{vendor}.{county}.{fips}`, without the county or without both where they are not
 * configured. A county alone is left out, as the original service did.
 */
export function recordSubject(subjectPrefix: string, port: SubjectParts): string {
  const { vendor, county, fips_code } = port;
  if (vendor === undefined) return `${subjectPrefix}.${fips_code}`;
  if (county === undefined) return `${subjectPrefix}.${vendor}.${fips_code}`;
  return `${subjectPrefix}.${vendor}.${county}.${fips_code}`;
}

/** The prefix up to its first dot: the part of the subject space that a state's boxes share. */
export function stateOf(subjectPrefix: string): string {
  return subjectPrefix.split(".", 1)[0] ?? subjectPrefix;
}

export function healthSubject(subjectPrefix: string, instanceId: string): string {
  return `${stateOf(subjectPrefix)}.health.${subjectSafe(instanceId)}`;
}

export function eventsSubject(subjectPrefix: string, instanceId: string): string {
  return `${stateOf(subjectPrefix)}.events.${subjectSafe(instanceId)}`;
}

export function alertsSubject(subjectPrefix: string, instanceId: string): string {
  return `${stateOf(subjectPrefix)}.alerts.${subjectSafe(instanceId)}`;
}

/**
 * The stream that keeps records below the prefix: `cdr`, which takes all of the state's, where the
 * prefix is `{state}.cdr…`, else one of the prefix's own name.
 */
export function streamFor(subjectPrefix: string): StreamNeed {
  return sharedOr(subjectPrefix, `${subjectPrefix}.>`);
}

/** The stream that keeps records of exactly this subject, by the same rule. */
export function streamForSubject(subject: string): StreamNeed {
  return sharedOr(subject, subject);
}

/**
 * The stream that keeps events or heartbeats: one of that name for all boxes of the state. Where the
 * prefix has no dot it is the one of the records, which takes these subjects, too: JetStream lets no
 * two streams take the same.
 */
export function telemetryStream(kind: "events" | "health", subjectPrefix: string): StreamNeed {
  const state = stateOf(subjectPrefix);
  const records = streamFor(subjectPrefix);
  if (records.subjects.includes(`${state}.>`)) return records;
  return { name: kind, subjects: [`${state}.${kind}.>`] };
}

function sharedOr(path: string, subjects: string): StreamNeed {
  const [state, kind] = path.split(".");
  // Not `*.cdr.>`: newer servers refuse it, because it overlaps with their own subjects.
  if (kind === "cdr") return { name: "cdr", subjects: [`${state}.cdr.>`] };
  // Stream names take neither dots nor slashes.
  return { name: path.replaceAll(/[./\\]/g, "-"), subjects: [subjects] };
}

/**
 * An instance's name is free text: whatever a subject cannot hold becomes `-`. Dots stay, as they
 * did in the original service, unless a token between them would be empty.
 */
function subjectSafe(name: string): string {
  return name
    .replaceAll(/[\s*>\p{Cc}]+/gu, "-")
    .split(".")
    .map((token) => token === "" ? "-" : token)
    .join(".");
}
