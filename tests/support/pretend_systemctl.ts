// What stands for systemctl in an `OverlayMachine`: it starts the unit's command as the unit's user,
// without rights and with the folders that systemd would make, and knows whether it runs.

export const pretendSystemctl = `#!/bin/sh
unit=/etc/systemd/system/nectarcollector.service
[ -e $unit ] || unit=/usr/lib/systemd/system/nectarcollector.service
state=/run/pretend
mkdir -p $state
case $1 in --root=*) shift ;; esac
echo "$1" >> $state/log
pid=$(cat $state/pid 2>/dev/null)
[ -d "/proc/\${pid:-none}" ] || pid=0

case $1 in
  show)
    active=active
    [ $pid != 0 ] || active=inactive
    printf 'ActiveState=%s\\nMainPID=%s\\nNRestarts=0\\nNeedDaemonReload=no\\n' $active $pid
    ;;
  is-enabled) [ -e $state/enabled ] ;;
  enable) touch $state/enabled ;;
  disable) rm -f $state/enabled ;;
  stop | restart)
    if [ $pid != 0 ]; then
      kill $pid
      while [ -d /proc/$pid ]; do sleep 0.05; done
    fi
    [ $1 = restart ] || exit 0
    mkdir -p /run/nectarcollector
    chown nectarcollector:nectarcollector /run/nectarcollector
    groups=$(sed -n 's/^SupplementaryGroups=//p' $unit /etc/systemd/system/nectarcollector.service.d/*.conf 2>/dev/null | paste -sd,)
    RUNTIME_DIRECTORY=/run/nectarcollector setsid setpriv --reuid=nectarcollector \\
      --regid=nectarcollector --groups="$groups" --no-new-privs --bounding-set=-all \\
      $(sed -n 's/^ExecStart=//p' $unit) < /dev/null > $state/said 2>&1 &
    echo $! > $state/pid
    ;;
esac
`;
