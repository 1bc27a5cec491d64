# SPDX-License-Identifier: GPL-2.0-only
# The way UNLOAD is exercised, since hv_vmbus itself must never be removed.
title="kexec: the first kernel lets go of the bus, the second one takes it"
cpu_counts="1 2"
memory=768
timeout=120

kexec_files() {
	local program library
	program=$(command -v kexec || echo /sbin/kexec)
	printf 'sbin/kexec=%s\n' "$program"
	ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p' |
		while read -r library; do
			printf '%s=%s\n' "${library#/}" "$library"
		done
	printf 'boot/vmlinuz=%s/vmlinuz\n' "$("$TESTBED/kernels.sh" "$kernel")"
}

[ -z "${kernel:-}" ] || mapfile -t JOB_FILES < <(kexec_files)

arguments() { printf '%s\n' --device heartbeat,period-ms=100; }

guest() {
	cat <<'END'
stock hv_utils
if [ -e /second ]; then
	say "the second kernel is up"
	exit 0
fi
touch /second
(cd / && find . -xdev ! -path './proc/*' ! -path './sys/*' ! -path './dev/*' ! -path './tmp/*' ! -path './boot/*' |
	cpio -o -H newc) >/tmp/initrd 2>/dev/null
kexec -s -l /boot/vmlinuz --initrd=/tmp/initrd --reuse-cmdline || fail "kexec -l"
kexec -e
END
}

check() {
	at_least "the guest made contact again" "$(stat '.vmbus.contacts')" 2
	at_least "the first kernel unloaded" "$(stat '.vmbus.unloads')" 1
}
