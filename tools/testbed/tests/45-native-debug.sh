# SPDX-License-Identifier: GPL-2.0-only
# Cases of test 41 on a kernel that checks: DMA_API_DEBUG sees a mapping that is left behind, or
# taken down twice, on every way that a packet with external data can end over the real hv_vmbus.
. "$TESTBED/tests/41-native.sh"
title="external data and requests on a kernel that checks the DMA API, locks and objects"
kernels=6.12-debug
cpu_counts=2
timeout=600
memory=640

guest() {
	cat <<'END'
kmcl
checks external groups=external
checks requests groups=request,rescind
unload kmcl_vmbus
unload kmcl
END
}

check() {
	cases external
	cases requests
	is "one packet went to a source, which takes none: a case sends it" "$(protocol_errors)" 1
}
