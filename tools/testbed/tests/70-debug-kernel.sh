# SPDX-License-Identifier: GPL-2.0-only
# The kernel of the KUnit suites without KASAN, as a Hyper-V guest: lockdep, kmemleak, debug
# objects, UBSAN and the DMA API's own checks look at the modules over the real
# hv_vmbus. Whatever they report fails the log check.
title="over hv_vmbus on a kernel with lockdep, kmemleak and DMA_API_DEBUG"
kernels=6.12-debug
cpu_counts=2
timeout=240
READ=d3000000-0000-4000-8000-000000000001
GONE=d3000000-0000-4000-8000-000000000002

arguments() {
	printf '%s\n' --device "echo,instance=$READ,gpa-write=on" --device "echo,instance=$GONE" \
		--device source,count=1000,min=16,max=4000 \
		--rescind-after "3,$GONE,reoffer=0.05,count=10"
}

guest() {
	printf 'READ=%s GONE=%s\n' "$READ" "$GONE"
	cat <<'END'
kmcl
echo clear >$DEBUG/kmemleak
run() {
	load "$@"
	cat "$DEBUG/$1/wait"
	unload "$1"
}
run kmcl_echo instance=$READ count=1000 depth=64 | put echo
run kmcl_echo instance=$READ count=200 depth=16 max=512 external=20000 gpa_write=1 | put external
for mode in inline deferred reverse; do
	run kmcl_sink count=1000 complete=$mode | put $mode
done
load kmcl_echo instance=$GONE count=0 depth=64
offers() { dmesg | grep -c "Unknown GUID: 97683cbb"; }
last() { [ "$(offers)" -ge 12 ]; }
await 150 last || fail "only $(offers) offers came"
unload kmcl_echo
dmesg | grep 'kmcl_echo: sent' | tail -n 1 | put gone
unload kmcl_vmbus
unload kmcl
leaks leaks
END
}

check() {
	local name
	for name in echo external; do
		at_least "$name: completed" "$(figure "$name" completed)" 200
		is "$name: mismatched" "$(figure "$name" mismatched)" 0
	done
	for name in inline deferred reverse; do
		is "$name: bad" "$(figure "$name" bad)" 0
	done
	is "sent = completed + failed" "$(($(figure gone completed) + $(figure gone failed)))" "$(figure gone sent)"
	is "nothing is lost" "$(cat "$JOB/files/leaks")" ""
	is "no protocol errors" "$(protocol_errors)" 0
}
