# SPDX-License-Identifier: GPL-2.0-only
# 512 packets of up to 16,000 bytes do not fit a ring: they queue in the guest
# and follow in order as the host makes space.
title="more packets in flight than the ring holds"

arguments() { printf '%s\n' --device echo; }

guest() {
	cat <<'END'
kmcl kmcl_echo count=3000 min=1000 max=16000 depth=512
cat $DEBUG/kmcl_echo/wait | put echo
cat $DEBUG/kmcl/*/stats | tr '\n' ' ' | put stats
unload kmcl_echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "completed" "$(figure echo completed)" 3000
	is "failed" "$(figure echo failed)" 0
	is "mismatched" "$(figure echo mismatched)" 0
	at_least "packets were queued" "$(figure stats queued)" 100
	at_least "the ring was full" "$(figure stats ring_full)" 1
	is "the host saw each packet once" "$(device echo packets)" 3000
	is "no protocol errors" "$(protocol_errors)" 0
}
