// What the box has before anything of ours is installed: a NATS server with JetStream, a network to
// the host, and the programs that install.sh needs.

import type { ImageAdditions } from "../support/machine_image.ts";

export const natsPort = 4222;

export const applianceImage: ImageAdditions = {
  packages: ["curl", "nats-server", "openssl"],
  files: {
    "etc/nats-server.conf": `listen: 0.0.0.0:${natsPort}
jetstream { store_dir: /var/lib/nats }
`,
    "etc/systemd/system/nats-server.service.d/store.conf": `[Service]
StateDirectory=nats
Restart=always
`,
    "etc/systemd/network/10-host.network": `[Match]
Name=en* eth*

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
`,
  },
  links: {
    "etc/systemd/system/multi-user.target.wants/systemd-networkd.service":
      "/lib/systemd/system/systemd-networkd.service",
  },
};
