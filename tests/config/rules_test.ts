import assert from "node:assert/strict";
import { assertProblem, configOf, type Json, problemsOf, sample, serialPort } from "./sample.ts";

const second = { device: "/dev/ttyS2", side_designation: "A2" };

function withPorts(...ports: Json[]): Json {
  return sample({ ports });
}

Deno.test("a file without ports, or without an enabled one, is refused", () => {
  assertProblem({}, "ports", /ports is missing.*at least one of them enabled/);
  assertProblem(withPorts(), "ports", /no port is enabled/);
  assertProblem(withPorts(serialPort({ enabled: false })), "ports", /no port is enabled/);
});

Deno.test("an enabled port has its own FIPS code, or the app's", () => {
  const ports = [serialPort({ fips_code: "" }), serialPort(second)];
  const { ports: settled } = configOf({ app: { fips_code: "1429010009" }, ports });
  assert.deepEqual(settled.map((port) => port.fips_code), ["1429010009", "1429010002"]);
});

Deno.test("an enabled port without any FIPS code names both places for one", () => {
  const file = withPorts(serialPort({ fips_code: undefined }));
  assertProblem(file, "ports[0].fips_code", /ports\[0\]\.fips_code.*app\.fips_code/);
});

Deno.test("a disabled port needs neither FIPS code nor side", () => {
  assert.deepEqual(problemsOf(withPorts(serialPort(), { device: "/dev/ttyS2" })), []);
});

Deno.test("an enabled port needs a side", () => {
  const file = withPorts(serialPort({ side_designation: "" }));
  assertProblem(file, "ports[0].side_designation", /missing.*A1 to A16/);
});

Deno.test("two enabled ports cannot have one side, under whichever name", () => {
  const twin = serialPort({ ...second, side_designation: undefined, a_designation: "A1" });
  assertProblem(
    withPorts(serialPort(), twin),
    "ports[1].a_designation",
    /side A1 is already taken by ports\[0\] \(see line 5\)/,
  );
});

Deno.test("a disabled port may have the side of an enabled one", () => {
  const spare = serialPort({ ...second, side_designation: "A1", enabled: false });
  assert.deepEqual(problemsOf(withPorts(serialPort(), spare)), []);
});

Deno.test("side_designation and its former name cannot both be given", () => {
  const file = withPorts(serialPort({ a_designation: "A1" }));
  assertProblem(file, "ports[0].a_designation", /both given: keep one/);
});

Deno.test("a device belongs to one port only, enabled or not", () => {
  const twin = serialPort({ side_designation: "A2", enabled: false });
  assertProblem(withPorts(serialPort(), twin), "ports[1].device", /\/dev\/ttyS1 is already taken/);
});

Deno.test("a pair of listen_port and path belongs to one port only", () => {
  const web = (more: Json): Json =>
    serialPort({ type: "http", device: "", path: "/cdr", listen_port: 9000, ...more });
  assertProblem(
    withPorts(web({}), web({ side_designation: "A2" })),
    "ports[1].path",
    /path \/cdr on listen_port 9000 is already taken/,
  );
  const other = web({ side_designation: "A2", listen_port: 9001 });
  assert.deepEqual(problemsOf(withPorts(web({}), other)), []);
  // The default counts as if it were written.
  const silent = web({ listen_port: 0 });
  const spoken = web({ listen_port: 8080, side_designation: "A2" });
  assertProblem(withPorts(silent, spoken), "ports[1].path", /listen_port 8080/);
});

Deno.test("an HTTP port that names no TCP port has the web page's", () => {
  const web = (more: Json): Json =>
    serialPort({ type: "http", device: "", path: "/cdr", listen_port: 0, ...more });
  const file = (port: number): Json => ({ ...withPorts(web({})), monitoring: { port } });
  const listenPort = (port: number): unknown => {
    const [http] = configOf(file(port)).ports;
    return http?.type === "http" && http.listen_port;
  };
  assert.deepEqual([listenPort(0), listenPort(9090)], [8080, 9090]);
  const spoken = web({ listen_port: 9090, side_designation: "A2" });
  assertProblem(
    { ...withPorts(web({}), spoken), monitoring: { port: 9090 } },
    "ports[1].path",
    /path \/cdr on listen_port 9090 is already taken/,
  );
});

Deno.test("an HTTP port asks for a user name and a password, or for neither", () => {
  const web = (more: Json): Json =>
    withPorts(serialPort({ type: "http", device: "", path: "/cdr", ...more }));
  assert.deepEqual(problemsOf(web({ username: "box", password_file: "/etc/box" })), []);
  assertProblem(web({ username: "box" }), "ports[0].password_file", /password_file is missing/);
  assertProblem(web({ password: "s" }), "ports[0].username", /username is missing/);
  assertProblem(
    web({ username: "box", password: "s", password_file: "/etc/box" }),
    "ports[0].password_file",
    /keep one of them/,
  );
});

Deno.test("a tcp port either connects or listens", () => {
  const feed = (more: Json): Json => withPorts(serialPort({ type: "tcp", device: "", ...more }));
  assertProblem(feed({}), "ports[0]", /either host and port, to connect, or listen_port/);
  assertProblem(feed({ host: "h", port: 1, listen_port: 2 }), "ports[0]", /both are given/);
  assertProblem(feed({ host: "h" }), "ports[0].port", /missing/);
  assertProblem(feed({ port: 1 }), "ports[0].host", /missing/);
});

Deno.test("two tcp ports cannot listen on one port", () => {
  const feed = (side: string): Json =>
    serialPort({ type: "tcp", device: "", listen_port: 2000, side_designation: side });
  assertProblem(withPorts(feed("A1"), feed("A2")), "ports[1].listen_port", /2000 is already taken/);
});

Deno.test("tcp ports may listen on one port of different addresses", () => {
  const feed = (side: string, listen_host: string): Json =>
    serialPort({
      type: "tcp",
      device: "",
      listen_port: 2000,
      listen_host,
      side_designation: side,
    });
  assert.deepEqual(problemsOf(withPorts(feed("A1", "10.0.0.1"), feed("A2", "10.0.0.2"))), []);
  assertProblem(
    withPorts(feed("A1", "10.0.0.1"), feed("A2", "10.0.0.1")),
    "ports[1].listen_port",
    /listen_port 2000 of 10.0.0.1 is already taken/,
  );
});

Deno.test("TLS of a tcp port has the files that its direction needs", () => {
  const own = { cert_file: "/c", key_file: "/k" };
  const out = (tls: Json): Json =>
    withPorts(serialPort({ type: "tcp", device: "", host: "h", port: 1, tls }));
  const into = (tls: Json): Json =>
    withPorts(serialPort({ type: "tcp", device: "", listen_port: 1, tls }));
  for (const tls of [{}, { ca_file: "/a" }, own, { ...own, ca_file: "/a" }, { server_name: "n" }]) {
    assert.deepEqual(problemsOf(out(tls)), []);
  }
  assert.deepEqual(problemsOf(into(own)), []);
  assertProblem(
    out({ cert_file: "/c" }),
    "ports[0].tls",
    /both cert_file and key_file, or neither/,
  );
  assertProblem(out({ ...own, server_name: "n" }), "ports[0].tls", /write that name as host/);
  assertProblem(into({}), "ports[0].tls", /needs cert_file and key_file/);
  assertProblem(into({ ...own, ca_file: "/a" }), "ports[0].tls", /cert_file and key_file only/);
});

Deno.test("a websocket port has one way to say who we are, and whole TLS", () => {
  const feed = (more: Json): Json =>
    withPorts(serialPort({ type: "websocket", device: "", url: "wss://h/", ...more }));
  const login = { username: "u", password: "p" };
  for (const keys of [{}, login, { username: "u", password_file: "/p" }, { token: "t" }]) {
    assert.deepEqual(problemsOf(feed(keys)), []);
  }
  assertProblem(feed({ username: "u" }), "ports[0]", /both username and a password, or neither/);
  assertProblem(feed({ ...login, password_file: "/p" }), "ports[0]", /password and password_file/);
  assertProblem(feed({ token: "t", token_file: "/t" }), "ports[0]", /token and token_file/);
  assertProblem(feed({ ...login, token: "t" }), "ports[0]", /a password and a token/);
  assertProblem(feed({ tls: { key_file: "/k" } }), "ports[0].tls", /both cert_file and key_file/);
});

Deno.test("an enabled forwarder needs a server and a subject", () => {
  const all = { enabled: true, remote_url: "nats://h", remote_subject: "x.y" };
  assert.deepEqual(problemsOf(sample({ forwarder: all })), []);
  assert.deepEqual(problemsOf(sample({ forwarder: { enabled: false } })), []);
  for (const key of ["remote_url", "remote_subject"]) {
    const file = sample({ forwarder: { ...all, [key]: "" } });
    assertProblem(file, `forwarder.${key}`, /is missing: .* remote_url .* and remote_subject/);
  }
  const wrong = sample({ forwarder: { ...all, remote_url: "http://h" } });
  assertProblem(wrong, "forwarder.remote_url[0]", /nats:\/\/.*tls:\/\//);
});

Deno.test("remote_creds and creds_file cannot both be given", () => {
  const file = sample({ forwarder: { remote_creds: "/a", creds_file: "/b" } });
  assertProblem(file, "forwarder.remote_creds", /both given/);
});

Deno.test("the longest pause is not shorter than the first, defaults included", () => {
  const recovery = (keys: Json): Json => sample({ recovery: keys });
  assertProblem(
    recovery({ reconnect_delay_sec: 5, max_reconnect_delay_sec: 4 }),
    "recovery.max_reconnect_delay_sec",
    /found 4 and 5/,
  );
  assertProblem(recovery({ reconnect_delay_sec: 61 }), "recovery.reconnect_delay_sec", /60 and 61/);
  assertProblem(
    recovery({ max_reconnect_delay_sec: 0.5 }),
    "recovery.max_reconnect_delay_sec",
    /0\.5 and 1/,
  );
  const equal = { reconnect_delay_sec: 5, max_reconnect_delay_sec: 5 };
  assert.deepEqual(problemsOf(recovery(equal)), []);
});

Deno.test("a secret is given once, and a certificate comes with its key", () => {
  const cases: [string, Json, string][] = [
    ["nats", { password: "a", password_file: "/b" }, "nats.password_file"],
    ["forwarder", { token: "a", token_file: "/b" }, "forwarder.token_file"],
    ["monitoring", { password: "a", password_hash: "b" }, "monitoring.password"],
  ];
  for (const [section, keys, path] of cases) {
    assertProblem(sample({ [section]: keys }), path, /both given/);
  }
  const tls = { cert_file: "/c" };
  assertProblem(sample({ monitoring: { tls } }), "monitoring.tls", /both cert_file and key_file/);
});

Deno.test("rules and limits are reported at once, in the order of the file", () => {
  const file = {
    ports: [
      serialPort({ baud_rate: "fast" }),
      serialPort({ side_designation: "A1", enabled: "yes", fips_code: undefined }),
      7,
    ],
    forwarder: { enabled: true, remote_url: 5 },
    recovery: { reconnect_delay_sec: 61, exponential_backoff: "on" },
    journals: {},
  };
  assert.deepEqual(problemsOf(file).map((problem) => problem.path), [
    "ports[0].baud_rate",
    "ports[1].fips_code",
    "ports[1].device",
    "ports[1].side_designation",
    "ports[1].enabled",
    "ports[2]",
    "forwarder.remote_subject",
    "forwarder.remote_url",
    "recovery.reconnect_delay_sec",
    "recovery.exponential_backoff",
    "journals",
  ]);
});
