# SPDX-License-Identifier: GPL-2.0-only
title="the samples refuse parameters that make no sense, and nothing stays behind"
kernels=6.12-amd64
cpu_counts=1
# The refusals are logged as errors; that they are logged is checked below
allow=("kmcl_(echo|sink|heartbeat)\.?k?o?: .*(must be|parameter|invalid)" "invalid for parameter")

arguments() { printf '%s\n' --device echo --device source; }

guest() {
	cat <<'END'
refused() {
	module=$1
	shift
	if insmod "$M/$module.ko" "$@" 2>/dev/null; then
		fail "$module accepts $*"
	fi
	loaded "$module" && fail "$module stays loaded after $*"
	echo "refused $module $*"
}
kmcl
{
	refused kmcl_echo min=0
	refused kmcl_echo min=100 max=50
	refused kmcl_echo max=1000000000
	refused kmcl_echo depth=0
	refused kmcl_echo depth=4000000000
	refused kmcl_echo count=-1
	refused kmcl_echo external=4000000000
	refused kmcl_echo type=nonsense
	refused kmcl_echo type=97683cbb-ecf6-4c20-bb86-35f8ba0e67f
	refused kmcl_echo instance=97683cbb-ecf6-4c20-bb86-35f8ba0e67f4x
	refused kmcl_sink complete=never
	refused kmcl_sink count=x
} | tee /tmp/refused | put refused
load kmcl_echo count=100
cat $DEBUG/kmcl_echo/wait | put echo
unload kmcl_echo
END
}

check() {
	is "all are refused" "$(file refused | grep -c '^refused')" 12
	is "and the next good one works" "$(figure echo completed)" 100
}
