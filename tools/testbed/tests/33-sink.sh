# SPDX-License-Identifier: GPL-2.0-only
title="10,000 packets from the host, completed inline, later, and in reverse order"
variants="inline deferred reverse"

arguments() { printf '%s\n' --device source,count=10000,min=16,max=4000; }

guest() {
	cat <<'END'
kmcl kmcl_sink count=10000 complete=$variant
cat $DEBUG/kmcl_sink/wait | put sink
unload kmcl_sink
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "received" "$(figure sink received)" 10000
	is "completed" "$(figure sink completed)" 10000
	is "bad" "$(figure sink bad)" 0
	is "the host sent" "$(device source sent)" 10000
	is "the host got a completion for each" "$(device source completed)" 10000
	is "none twice" "$(device source duplicate)" 0
	is "none for what was not sent" "$(device source unknown)" 0
	is "none with a wrong payload" "$(device source mismatched)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
