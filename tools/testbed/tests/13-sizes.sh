# SPDX-License-Identifier: GPL-2.0-only
title="the largest number of CPUs and the smallest memory"
cpu_counts="4"
memory=256

arguments() { printf '%s\n' --device heartbeat,period-ms=100; }

guest() {
	cat <<'END'
stock hv_utils
echo "cpus $(nproc)" | put cpus
END
}

check() { is "all CPUs are up" "$(figure cpus cpus)" "$cpus"; }
