# SPDX-License-Identifier: GPL-2.0-only
title="echo with external data: the host reads, and writes, the guest's pages"
READ=d3000000-0000-4000-8000-000000000001
WRITE=d3000000-0000-4000-8000-000000000002

arguments() { printf '%s\n' --device "echo,instance=$READ" --device "echo,instance=$WRITE,gpa-write=on"; }

guest() {
	printf 'READ=%s WRITE=%s\n' "$READ" "$WRITE"
	cat <<'END'
run() {
	load kmcl_echo count=1000 min=8 max=512 depth=16 external=20000 "$2" "$3"
	cat $DEBUG/kmcl_echo/wait | put "$1"
	unload kmcl_echo
}
kmcl
run read instance=$READ gpa_write=0
run write instance=$WRITE gpa_write=1
unload kmcl_vmbus
unload kmcl
END
}

# judge NAME INSTANCE
judge() {
	is "$1: sent" "$(figure "$1" sent)" 1000
	is "$1: completed" "$(figure "$1" completed)" 1000
	is "$1: failed" "$(figure "$1" failed)" 0
	is "$1: mismatched" "$(figure "$1" mismatched)" 0
	is "$1: the host saw each packet once" "$(device "$2" gpa_packets)" 1000
	is "$1: and all of its data" "$(device "$2" gpa_bytes)" 20000000
	is "$1: none of it was bad" "$(device "$2" gpa_bad)" 0
}

check() {
	judge read "$READ"
	judge write "$WRITE"
	is "no protocol errors" "$(protocol_errors)" 0
}
