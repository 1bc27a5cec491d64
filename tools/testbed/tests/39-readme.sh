# SPDX-License-Identifier: GPL-2.0-only
title="the driver in README works"
cpu_counts=1

arguments() { printf '%s\n' --device echo; }

guest() {
	cat <<'END'
answered() { dmesg | grep -q 'hello: status 0, 8 bytes back'; }
kmcl kmcl_hello
await 20 answered || fail "no answer"
unload kmcl_hello
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "the host saw one packet" "$(device echo packets)" 1
	is "and it is the same text as samples/kmcl_hello.c" \
		"$(sed -n '/^```c$/,/^```$/p' "$TOP/README.md" | sed '1d;$d' | cksum)" \
		"$(sed 1d "$TOP/samples/kmcl_hello.c" | cksum)"
}
