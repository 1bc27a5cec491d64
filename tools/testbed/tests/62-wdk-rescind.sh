# SPDX-License-Identifier: GPL-2.0-only
title="a Windows driver: the device vanishes and returns under load; each packet ends once"
timeout=240

arguments() { printf '%s\n' --device echo --rescind-after 0.05,echo,reoffer=0.01,count=50; }

guest() {
	cat <<'END'
kmcl
load kmcl_wdk
load wdk_echo parameters="Count=0,Max=4000,Depth=64"
offers() { dmesg | grep -c "Unknown GUID: 97683cbb"; }
last() { [ "$(offers)" -ge 51 ]; }
completed() { sed -n 's/^completions_received //p' $DEBUG/kmcl/wdk_echo/stats; }
more() { [ "$(completed)" -gt $((before + 200)) ]; }
await 120 last || fail "only $(offers) offers came"
before=$(completed)
await 20 more || fail "no traffic after the last round"
unload wdk_echo
dmesg | grep 'wdk_echo: ' | put log
dmesg | grep 'wdk_echo: sent' | put echo
unload kmcl_wdk
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "sent = completed + failed" "$(($(figure echo completed) + $(figure echo failed)))" "$(figure echo sent)"
	at_least "packets got through" "$(figure echo completed)" 500
	at_least "packets were lost with their channel, and said so" "$(figure echo failed)" 1
	is "mismatched" "$(figure echo mismatched)" 0
	is "nothing was duplicated or refused" "$(file log | wc -l)" 1
	is "the device was taken away" "$(device_field echo rescinds)" 50
	is "no protocol errors" "$(protocol_errors)" 0
}
