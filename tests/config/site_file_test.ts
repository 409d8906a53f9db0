// A file as the original service left it on a box: every key of every port written out, with the
// empty values that its language gives to what nobody set. Names and numbers are invented.

import assert from "node:assert/strict";
import { enabledPorts } from "../../src/config/config.ts";
import { configOf, problemsOf } from "./sample.ts";

const siteFile = `{
  "_comment": "Example County 911, call 555-0142 before changing anything",
  "app": { "name": "NectarCollector", "instance_id": "psap-example-01", "fips_code": "1429010002" },
  "ports": [
    {
      "_comment": "Phone switch, back of rack 2",
      "type": "serial", "device": "/dev/ttyS1", "path": "", "listen_port": 0,
      "a_designation": "A1", "fips_code": "1429010002", "vendor": "examplephone",
      "county": "example", "baud_rate": 0, "data_bits": 8, "parity": "none", "stop_bits": 1,
      "use_flow_control": null, "enabled": true, "description": "Switch, 555-0100"
    },
    {
      "type": "", "device": "/dev/ttyS2", "path": "", "listen_port": 0,
      "side_designation": "A2", "fips_code": "", "vendor": "", "county": "",
      "baud_rate": 9600, "data_bits": 7, "parity": "even", "stop_bits": 2,
      "use_flow_control": false, "enabled": true, "description": ""
    },
    {
      "type": "http", "device": "", "path": "/cdr/post", "listen_port": 8090,
      "side_designation": "B1", "fips_code": "1429010003", "vendor": "examplecall",
      "county": "", "baud_rate": 9600, "data_bits": 8, "parity": "none", "stop_bits": 1,
      "enabled": true, "description": "Call handling posts XML"
    },
    {
      "type": "serial", "device": "/dev/ttyS3", "side_designation": "", "fips_code": "",
      "baud_rate": 0, "data_bits": 0, "parity": "", "stop_bits": 0, "enabled": false
    }
  ],
  "detection": { "baud_rates": [9600, 19200], "detection_timeout_sec": 0, "min_bytes_for_valid": 0 },
  "nats": {
    "url": "nats://localhost:4222", "subject_prefix": "exstate.cdr",
    "max_reconnects": -1, "reconnect_wait_sec": 0
  },
  "logging": {
    "base_path": "", "max_size_mb": 0, "max_backups": 0, "compress": true, "level": ""
  },
  "monitoring": { "port": 0, "username": "honey", "password": "555-0199" },
  "recovery": {
    "reconnect_delay_sec": 0, "max_reconnect_delay_sec": 0, "exponential_backoff": true
  },
  "forwarder": {
    "enabled": true, "remote_url": "tls://hub.example.org:4222",
    "remote_subject": "exstate.cdr.forwarded", "remote_creds": "/etc/nectarcollector/hub.creds"
  }
}`;

Deno.test("a site file of the original service loads unchanged", () => {
  assert.deepEqual(problemsOf(siteFile), []);
});

Deno.test("former names of a site file arrive under their present names", () => {
  const config = configOf(siteFile);
  assert.equal(config.ports[0]?.side_designation, "A1");
  assert.ok(!("a_designation" in (config.ports[0] ?? {})));
  assert.equal(config.forwarder.creds_file, "/etc/nectarcollector/hub.creds");
  assert.ok(!("remote_creds" in config.forwarder));
});

Deno.test("an empty FIPS code of a port is the app's", () => {
  const fips = enabledPorts(configOf(siteFile)).map((port) => port.fips_code);
  assert.deepEqual(fips, ["1429010002", "1429010002", "1429010003"]);
});

Deno.test("empty values of a site file are the defaults", () => {
  const config = configOf(siteFile);
  assert.equal(config.detection.detection_timeout_sec, 2);
  assert.equal(config.detection.min_bytes_for_valid, 50);
  assert.equal(config.nats.reconnect_wait_sec, 5);
  assert.equal(config.nats.max_reconnects, -1);
  assert.equal(config.logging.base_path, "/var/log/nectarcollector");
  assert.equal(config.logging.max_size_mb, 50);
  assert.equal(config.logging.max_backups, 10);
  assert.equal(config.logging.level, "info");
  assert.equal(config.monitoring.port, 8080);
  assert.equal(config.recovery.reconnect_delay_sec, 1);
  assert.equal(config.recovery.max_reconnect_delay_sec, 60);
  const [detected, set, , spare] = config.ports;
  assert.ok(detected?.type === "serial" && set?.type === "serial" && spare?.type === "serial");
  assert.equal(detected.use_flow_control, undefined);
  assert.equal(set.use_flow_control, false);
  assert.deepEqual([set.baud_rate, set.data_bits, set.parity, set.stop_bits], [9600, 7, "even", 2]);
  assert.deepEqual([spare.data_bits, spare.parity, spare.stop_bits], [8, "none", 1]);
});
