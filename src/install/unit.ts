// The service's unit: hardened as far as a program with V8 and serial ports can be. `systemd-analyze
// security` gives it 1.5. systemd/nectarcollector.service is this, for the usual executable.

/**
 * Megabytes that the service may have. With sixteen busy ports it has 100, and the files it writes
 * count, too: a limit near that would slow its writing down. Who reaches this one has a leak, and
 * starting anew costs no record; without a limit the kernel may choose the NATS server.
 */
export const memoryMaxMb = 1024;

/** The unit for the executable at that path. */
export function unitText(executable: string): string {
  return `# NectarCollector: captures call records. Site settings belong into a drop-in of their own:
#   systemctl edit nectarcollector
[Unit]
Description=NectarCollector, captures call records of a 911 centre
# It stops before these, so that they still take what came last. It waits for none of them.
After=network.target nats-server.service
RequiresMountsFor=/etc/nectarcollector /var/lib/nectarcollector /var/log/nectarcollector
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=60
# It holds the ports open while the service is started anew: what the line says meanwhile is kept.
FileDescriptorStoreMax=64
ExecStart=${executable} --config /etc/nectarcollector/config.json
# By a shell: a small system has no /bin/kill.
ExecReload=/bin/sh -c "kill -HUP \$MAINPID"
# Files of many ports may have to be mended first, on a slow disk.
TimeoutStartSec=15min
TimeoutStopSec=40
Restart=always
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=60
# Exit code 2: the configuration has problems, and trying again mends none.
RestartPreventExitStatus=2
OOMScoreAdjust=-500
# A flood of connections must not take what the journals need before it is noticed.
LimitNOFILE=65536
# All threads share what one of them has freed.
Environment=MALLOC_ARENA_MAX=1
# Only a leak gets so far. No MemoryHigh, which would slow down capture instead of ending a leak.
MemoryMax=${memoryMaxMb}M
# Of these threads it has 40; the runtime may begin 512 for files that are slow.
TasksMax=1024

User=nectarcollector
Group=nectarcollector
SupplementaryGroups=dialout
UMask=0027
ConfigurationDirectory=nectarcollector
ConfigurationDirectoryMode=0750
StateDirectory=nectarcollector
StateDirectoryMode=0750
LogsDirectory=nectarcollector
LogsDirectoryMode=0750
RuntimeDirectory=nectarcollector
RuntimeDirectoryMode=0750
# Records that the disk did not take wait here.
RuntimeDirectoryPreserve=yes

# The ports. Their classes are looked up when the service starts: see modules-load.d.
DevicePolicy=closed
DeviceAllow=char-ttyS rw
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-ttyAMA rw

# No PrivateDevices, which hides the ports; no MemoryDenyWriteExecute, which stops V8; no
# ProcSubset, which hides the boot's id.
CapabilityBoundingSet=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateIPC=yes
PrivateUsers=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
}
