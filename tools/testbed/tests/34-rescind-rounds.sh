# SPDX-License-Identifier: GPL-2.0-only
title="100 times the device vanishes and returns under load; each packet ends once"
timeout=150

arguments() { printf '%s\n' --device echo --rescind-after 0.05,echo,reoffer=0.01,count=100; }

guest() {
	cat <<'END'
kmcl kmcl_echo count=0 min=8 max=4000 depth=64
opened() { grep -q "^opened 101$" $DEBUG/kmcl/*/stats; }
await 120 opened || fail "only $(grep '^opened' $DEBUG/kmcl/*/stats)"
cat $DEBUG/kmcl/*/stats | tr '\n' ' ' | put stats
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
	is "the device was taken away" "$(device_field echo rescinds)" 100
	is "and opened again" "$(device_field echo opens)" 101
	is "no protocol errors" "$(protocol_errors)" 0
}
