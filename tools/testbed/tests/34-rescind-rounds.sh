# SPDX-License-Identifier: GPL-2.0-only
# The host counts the 100 rounds. A round may end before the guest has seen its
# own open succeed, so the guest counts offers, not opens.
title="100 times the device vanishes and returns under load; each packet ends once"
timeout=150

arguments() { printf '%s\n' --device echo --rescind-after 0.05,echo,reoffer=0.01,count=100; }

guest() {
	cat <<'END'
kmcl kmcl_echo count=0 min=8 max=4000 depth=64
offers() { dmesg | grep -c "Unknown GUID: 97683cbb"; }
last() { [ "$(offers)" -ge 101 ]; }
completed() { sed -n 's/^completed //p' $DEBUG/kmcl_echo/stats; }
more() { [ "$(completed)" -gt $((before + 200)) ]; }
describe() {
	cat $DEBUG/kmcl/*/state $DEBUG/kmcl/*/stats $DEBUG/kmcl_echo/stats
	for device in /sys/bus/vmbus/devices/*; do
		echo "device ${device##*/} $(driver_of "${device##*/}" || echo "has no driver")"
	done
}
await 120 last || { describe | put stuck; fail "only $(offers) offers came"; }
before=$(completed)
await 20 more || { describe | put stuck; fail "no traffic after the last round"; }
describe | tr '\n' ' ' | put stats
unload kmcl_echo
dmesg | grep 'kmcl_echo: sent' | put echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	local sent completed failed
	sent=$(figure echo sent)
	completed=$(figure echo completed)
	failed=$(figure echo failed)
	is "sent = completed + failed" "$((completed + failed))" "$sent"
	at_least "packets got through" "$completed" 1000
	at_least "packets were lost with their channel, and said so" "$failed" 1
	is "mismatched" "$(figure echo mismatched)" 0
	is "duplicated" "$(figure stats duplicated)" 0
	is "the device was taken away" "$(device_field echo rescinds)" 100
	is "and opened again" "$(device_field echo opens)" 101
	is "no protocol errors" "$(protocol_errors)" 0
}
