# SPDX-License-Identifier: GPL-2.0-only
title="kmcl works on every version of the protocol"
kernels=6.12-amd64
cpu_counts=1
variants="3.0 4.0 4.1 5.0 5.1 5.2"

arguments() { printf '%s\n' --vmbus-version "$variant" --device echo; }

guest() {
	cat <<'END'
kmcl kmcl_echo count=500 depth=16
cat $DEBUG/kmcl_echo/wait | put echo
unload kmcl_echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "completed" "$(figure echo completed)" 500
	is "failed" "$(figure echo failed)" 0
	is "mismatched" "$(figure echo mismatched)" 0
	is "the host saw each packet once" "$(device echo packets)" 500
	is "no protocol errors" "$(protocol_errors)" 0
}
