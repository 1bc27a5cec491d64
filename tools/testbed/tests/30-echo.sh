# SPDX-License-Identifier: GPL-2.0-only
title="10,000 packets there and back, none lost, doubled or changed"

arguments() { printf '%s\n' --device echo; }

guest() {
	cat <<'END'
kmcl kmcl_echo count=10000 min=8 max=4000 depth=64
cat $DEBUG/kmcl_echo/wait | put echo
for dir in $DEBUG/kmcl/*/; do cat "$dir/stats"; done | put stats
unload kmcl_echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "sent" "$(figure echo sent)" 10000
	is "completed" "$(figure echo completed)" 10000
	is "failed" "$(figure echo failed)" 0
	is "mismatched" "$(figure echo mismatched)" 0
	is "the host saw each packet once" "$(device echo packets)" 10000
	is "the host answered each once" "$(channel echo completions_out)" 10000
	is "no protocol errors" "$(protocol_errors)" 0
}
