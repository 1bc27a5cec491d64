# SPDX-License-Identifier: GPL-2.0-only
title="echo with external data: the host reads, and writes, the guest's pages"
variants="read write"

arguments() {
	case $variant in
	read) printf '%s\n' --device echo ;;
	write) printf '%s\n' --device echo,gpa-write=on ;;
	esac
}

guest() {
	cat <<'END'
kmcl kmcl_echo count=1000 min=8 max=512 depth=16 external=20000 gpa_write=$([ $variant = write ] && echo 1 || echo 0)
cat $DEBUG/kmcl_echo/wait | put echo
unload kmcl_echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "sent" "$(figure echo sent)" 1000
	is "completed" "$(figure echo completed)" 1000
	is "failed" "$(figure echo failed)" 0
	is "mismatched" "$(figure echo mismatched)" 0
	is "the host saw each packet once" "$(device echo gpa_packets)" 1000
	is "and all of its data" "$(device echo gpa_bytes)" 20000000
	is "none of it was bad" "$(device echo gpa_bad)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
